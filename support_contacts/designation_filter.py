"""Which designations a list shows: the rows of one provider that answer its address, and what stands above them."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject

from customers.models import CustomerRelationship
from portal.actor import Actor
from portal.among import among, each, one_of
from portal.identifiers import canonical_guid
from portal.keyset import Order, newest
from portal.models import Partner, established
from portal.names import fold, query_words
from subscriptions.models import Subscription
from support_contacts.attention import SOON
from support_contacts.counting import GLANCED, JUDGED, CappedCount, DistinctValues
from support_contacts.filters import LONGEST_MENU
from support_contacts.models import ContactReport, Designation, Lack

_VIEW = "subscription__customer__relationships__"
#: More customers or subscriptions than this that mean a search are not looked up one by one.
FEW = 20_000
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
    #: By id and name; of more than LONGEST_MENU some, and the one that is filtered by.
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
        """The same as a page or an export reads them: with what is told of each, and what the chosen order sorts by."""
        rows: Any = self.rows
        if self.data["sort"] == "customer":
            ours = Q(**{f"{_VIEW}partner": self._me}) & established(self.now, _VIEW)
            rows = rows.filter(ours).annotate(customer_sort=F(f"{_VIEW}sort_name"))
        found: QuerySet[Designation] = rows.select_related("subscription", "partner__organisation")
        return found

    @property
    def order(self) -> Order:
        return ORDERS[self.data["sort"]]

    def heading(self) -> Heading:
        """All counts and the menu in one query."""
        me = self._me
        beside = {name: JUDGED if name == self.state else GLANCED for name in ("attention", "ending")}
        attention = self._attention
        if not self.data["cause"]:
            attention = self._searched.waiting_counted(me, self.now)  # type: ignore[attr-defined]
        counts = {
            "everything": CappedCount(self._searched.stored(), cap=JUDGED),  # type: ignore[attr-defined]
            "attention": CappedCount(attention, cap=beside["attention"]),
            "ending": CappedCount(self._ending, cap=beside["ending"]),
            "reports": CappedCount(ContactReport.objects.open().at_customers_of(me, self.now), cap=JUDGED),
        }
        if self.state in ("holds", "ended"):
            counts["chosen"] = CappedCount(self.rows, cap=JUDGED)
        stored = Designation.objects.stored().filter(provider_id=me)
        designated = DistinctValues(stored, "partner_id", at_most=LONGEST_MENU + 1)
        partners = ArraySubquery(
            Partner.objects.visible_to(self.actor)
            .filter(one_of("pk", designated) | Q(pk=self.data["partner"]))
            .order_by("organisation__sort_name", "pk")
            .values_list(JSONObject(id="pk", name="organisation__name"), flat=True)
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
        return self._meaning(rows, self.data["q"]) if self.data["q"] else rows

    def _meaning(self, rows: Any, text: str) -> QuerySet[Designation]:
        """An id means one thing; words are looked for in customer, offer and partner."""
        guid, me = canonical_guid(text), self._me
        mine: Any = Designation.objects.filter(provider_id=me)
        if guid is not None:
            named = Subscription.objects.sold_by(me).identified(text)
            asked = mine.filter(subscription__customer_id=guid).values("pk")
            asked = asked.union(
                mine.filter(among("subscription_id", named.values("pk"))).values("pk"),
                mine.filter(partner_id=guid).values("pk"),
            )
            return rows.filter(among("pk", asked))
        words, folded = query_words(text), fold(text)
        if not words or not folded:
            return rows.none()
        known, offers = self._named
        partner = Q(partner__organisation__sort_name__contains=folded)
        if self._are_few:  # all that mean it, found from their own indexes
            found = mine.filter(subscription__customer_id__in=known.values("customer_id")).values("pk")
            return rows.filter(
                pk__in=found.union(
                    mine.filter(subscription__in=offers.values("pk")).values("pk"),
                    mine.filter(partner).values("pk"),
                )
            )
        # So many that a page is soon full: each row is asked, in the order of the page's index.
        named = known.filter(customer_id=OuterRef("subscription__customer_id"))
        means = Q(Exists(named)) | Q(subscription__sort_name__contains=folded) | partner
        return rows.filter(each(means))

    @cached_property
    def _named(self) -> tuple[QuerySet, QuerySet]:
        """The customers and the subscriptions that the words mean."""
        text = self.data["q"]
        return (
            CustomerRelationship.objects.matching(self._me, query_words(text)),
            Subscription.objects.sold_by(self._me).filter(sort_name__contains=fold(text)),
        )

    @cached_property
    def _are_few(self) -> bool:
        """Whether the words mean so few that these are better found first. One query, that counts no further."""
        known, offers = (CappedCount(rows, cap=FEW) for rows in self._named)
        counts = Partner.objects.filter(pk=self._me).values_list(known, offers).first()
        return counts is None or sum(counts) <= FEW

    @property
    def _attention(self) -> QuerySet[Designation]:
        """What stands and does not hold, and ends that others brought about and nobody has seen."""
        rows: Any = self._searched
        if not (cause := self.data["cause"]):
            return rows.waiting(self._me, self.now)
        own: Any = Designation.objects.filter(provider_id=self._me)
        stale = own.loose(self._me, self.now).needs_attention(self.now)
        stale = stale.lacking(cause, self.now) if cause in Lack else stale.none()
        return rows.filter(
            among("pk", stale.values("pk").union(own.unseen().filter(ended_as=cause).values("pk")))
        )

    @property
    def _ending(self) -> QuerySet[Designation]:
        rows: Any = self._searched
        return rows.lapsing(self._me, self.now, self.now + SOON).ending(self.now, SOON)
