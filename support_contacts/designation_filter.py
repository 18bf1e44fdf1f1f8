"""Which designations a list shows: the rows of one provider that answer its address, and what stands above them."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, Q, QuerySet
from django.db.models.functions import JSONObject

from customers.models import CustomerRelationship
from portal.actor import Actor
from portal.identifiers import canonical_guid
from portal.keyset import Order, newest
from portal.models import Partner, established
from portal.names import fold, query_words
from subscriptions.models import Subscription
from support_contacts.attention import SOON
from support_contacts.filters import LONGEST_MENU, CappedCount
from support_contacts.models import ContactReport, Designation, Lack

_VIEW = "subscription__customer__relationships__"
#: Each has an index: of designations by since, of the provider's customers by name.
ORDERS = {"since": newest("started_at"), "customer": Order("customer_sort")}


@dataclass(frozen=True, slots=True)
class Heading:
    """Counts of the chips, and the partners that may be filtered by."""

    everything: int = 0
    attention: int = 0
    ending: int = 0
    reports: int = 0
    #: Of the state that is set and has no count of its own.
    chosen: int = 0
    partners: Mapping[str, str] | None = None


@dataclass(frozen=True)
class DesignationFilter:
    """The designations of one provider, at customers it has, that answer a validated address at one instant."""

    actor: Actor
    now: datetime
    data: Mapping[str, Any]

    @property
    def state(self) -> str:
        """The one state that is shown; without any, what stands."""
        return next((name for name in ("attention", "ending", "holds", "ended") if self.data[name]), "")

    @property
    def _me(self) -> uuid.UUID:
        return self.actor.organisation.pk

    @property
    def rows(self) -> QuerySet[Designation]:
        rows: Any = self._searched
        match self.state:
            case "attention":
                return self._attention
            case "ending":
                return self._ending
            case "holds":
                return rows.live().holding(self.now)
            case "ended":
                return rows.exclude(ended_at=None)
        return rows.stored()

    @property
    def told(self) -> QuerySet[Designation]:
        """The same as a page or an export reads them: whether each holds, and what the chosen order sorts by."""
        rows: Any = self.rows
        if self.data["sort"] == "customer":
            ours = Q(**{f"{_VIEW}partner": self._me}) & established(self.now, _VIEW)
            rows = rows.filter(ours).annotate(customer_sort=F(f"{_VIEW}sort_name"))
        found: QuerySet[Designation] = rows.with_force(self.now)
        return found.select_related("subscription", "partner__organisation")

    @property
    def order(self) -> Order:
        return ORDERS[self.data["sort"]]

    def heading(self) -> Heading:
        """All counts and the menu in one query."""
        me = self._me
        stored = Designation.objects.at_customers_of(me, self.now).stored()
        counts = {
            "everything": CappedCount(self._searched.stored()),  # type: ignore[attr-defined]
            "attention": CappedCount(self._attention),
            "ending": CappedCount(self._ending),
            "reports": CappedCount(ContactReport.objects.open().at_customers_of(me, self.now)),
        }
        if self.state in ("holds", "ended"):
            counts["chosen"] = CappedCount(self.rows)
        partners = ArraySubquery(
            Partner.objects.filter(
                Q(pk__in=stored.values("partner_id"))
                | Q(pk=self.data["partner"]) & Q(pk__in=Partner.objects.visible_to(self.actor).values("pk"))
            )
            .order_by("organisation__sort_name", "pk")
            .values_list(JSONObject(id="pk", name="organisation__name"), flat=True)[:LONGEST_MENU]
        )
        found = Partner.objects.filter(pk=me).annotate(named=partners, **counts)
        row = found.values("named", *counts).first()
        if row is None:
            return Heading()
        return Heading(
            **{name: row[name] for name in counts}, partners={one["id"]: one["name"] for one in row["named"]}
        )

    # -- questions

    @property
    def _searched(self) -> QuerySet[Designation]:
        rows: Any = Designation.objects.at_customers_of(self._me, self.now)
        if self.data["partner"]:
            rows = rows.filter(partner_id=self.data["partner"])
        return rows.filter(self._means(self.data["q"])) if self.data["q"] else rows

    def _means(self, text: str) -> Q:
        """An id means one thing; words are looked for in customer, offer and partner."""
        guid, me = canonical_guid(text), self._me
        if guid is not None:
            own = Subscription.objects.sold_by(me).identified(text)
            return (
                Q(subscription__customer_id=guid) | Q(subscription__in=own.values("pk")) | Q(partner_id=guid)
            )
        words, folded = query_words(text), fold(text)
        if not words or not folded:
            return Q(pk__in=[])
        known = CustomerRelationship.objects.matching(me, words)
        return (
            Q(subscription__customer_id__in=known.values("customer_id"))
            | Q(subscription__sort_name__contains=folded)
            | Q(partner__organisation__sort_name__contains=folded)
        )

    @property
    def _attention(self) -> QuerySet[Designation]:
        """What stands and does not hold, and ends that others brought about and nobody has seen."""
        rows: Any = self._searched
        own: Any = Designation.objects.filter(provider_id=self._me)
        touched, unseen = own.touched(self._me, None, self.now), own.unseen()
        if cause := self.data["cause"]:
            stale = touched.needs_attention(self.now)
            stale = stale.lacking(cause, self.now) if cause in Lack else stale.none()
            return rows.filter(pk__in=stale.values("pk").union(unseen.filter(ended_as=cause).values("pk")))
        found: QuerySet[Designation] = rows.filter(pk__in=touched.values("pk").union(unseen.values("pk")))
        return found.waiting(self.now)  # type: ignore[attr-defined]

    @property
    def _ending(self) -> QuerySet[Designation]:
        rows: Any = self._searched
        return rows.touched(self._me, self.now, self.now + SOON).ending(self.now, SOON)
