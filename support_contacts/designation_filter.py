"""Which designations a list shows: the rows of one provider that answer its address, and what stands above them."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial, reduce
from operator import or_
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, Q, QuerySet
from django.db.models.functions import JSONObject

from customers.models import CustomerRelationship
from portal.actor import Actor
from portal.among import among, each, one_of
from portal.identifiers import canonical_guid
from portal.keyset import Order, newest
from portal.models import Organisation, Partner, ResellerRelationship, established
from portal.names import fold, query_words
from portal.prepared import Prepared
from subscriptions.models import Subscription
from support_contacts.attention import SOON
from support_contacts.counting import GLANCED, JUDGED, CappedCount, DistinctValues
from support_contacts.filters import LONGEST_MENU, CustomerFilter
from support_contacts.models import UNSEEN, ContactReport, Designation, Lack

STATES = ("attention", "ending", "holds", "ended")
_VIEW = "subscription__customer__relationships__"
#: The names of what a provider sells are looked through, unless there are more.
NAMES = 2_000
#: Each has an index: of designations by since, of the provider's customers by name.
ORDERS = {"since": newest("started_at"), "customer": Order("customer_sort")}


@dataclass(frozen=True, slots=True)
class Heading:
    """Counts of the chips, and the partners that may be filtered by."""

    everything: int = 0
    #: None where a search found more than could be asked.
    attention: int | None = 0
    ending: int | None = 0
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
    #: Until when an end is soon.
    soon: datetime

    @classmethod
    def of(cls, actor: Actor, now: datetime, data: Mapping[str, Any]) -> "DesignationFilter":
        return cls(actor, now, data, now + SOON)

    @property
    def state(self) -> str:
        """The one state that is shown; without any, what stands."""
        return next((name for name in STATES if self.data[name]), "")

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
        """All counts and the menu in one query; of the lists that open most often put into SQL once."""
        plain = _HEADINGS.get(self.state) if not self._is_narrowed else None
        if plain is not None:
            rows: Any = plain(me=self._me, at=self.now, soon=self.soon)
        else:
            rows = list(self.headings[:1])
        if not rows:
            return Heading()
        told: dict[str, Any] = dict(rows[0])
        if self._found_many:
            told = {"everything": JUDGED + 1, "attention": None, "ending": None, **told}
        return Heading(**{**told, "partners": {one["id"]: one["name"] for one in told["partners"]}})

    @property
    def _is_narrowed(self) -> bool:
        return bool(self.data["q"] or self.data["partner"] or self.data["cause"])

    @property
    def headings(self) -> Any:
        """The question itself, of one row."""
        me, state = self._me, self.state
        attention = self._attention
        if not self.data["cause"]:
            attention = self._searched.waiting_counted(me, self.now)  # type: ignore[attr-defined]
        counts = {
            "everything": self._counted(self._searched.stored(), "started_at", JUDGED),  # type: ignore[attr-defined]
            "attention": CappedCount(attention, cap=JUDGED if state == "attention" else GLANCED),
            "ending": self._counted(self._ending, "holds_until", JUDGED if state == "ending" else GLANCED),
            "reports": CappedCount(ContactReport.objects.open().at_customers_of(me, self.now), cap=JUDGED),
        }
        if self._found_many:  # what is not shown is not counted among so many
            counts = {name: count for name, count in counts.items() if name in ("reports", state)}
        if self.state in ("holds", "ended"):
            counts["chosen"] = CappedCount(self.rows, cap=JUDGED)
        stored = Designation.objects.stored().filter(provider_id=me)
        offered = one_of("pk", DistinctValues(stored, "partner_id", at_most=LONGEST_MENU + 1))
        if self.data["partner"]:
            offered |= Q(pk=self.data["partner"])
        partners = ArraySubquery(
            Partner.objects.visible_to(self.actor)
            .filter(offered)
            .order_by("organisation__sort_name", "pk")
            .values_list(JSONObject(id="pk", name="organisation__name"), flat=True)
        )
        found = Partner.objects.filter(pk=me).annotate(partners=partners, **counts)
        return found.values("partners", *counts)

    def _counted(self, rows: QuerySet[Designation], index: str, cap: int) -> CappedCount:
        """Of all of a provider's in the order of the index that has just these, so that no plan reads others; of what
        was searched for as it was found."""
        if self._is_narrowed:
            return CappedCount(rows, cap=cap)
        return CappedCount(rows.order_by(f"-{index}"), of=index, cap=cap)

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
        if not query_words(text) or not fold(text):
            return rows.none()
        if self._found_many:  # so many that a page is soon full: each row is asked, in the order of its index
            return rows.filter(each(reduce(or_, self._meanings)))
        return rows.filter(one_of("pk", self._found))

    @cached_property
    def _meanings(self) -> list[Q]:
        """What the words may mean: customers by any of their words, offers, partners we have or had."""
        me, folded = self._me, fold(self.data["q"])
        named = CustomerFilter(self.actor, self.now).named(query_words(self.data["q"]))
        customers = CustomerRelationship.objects.filter(named, partner_id=me).values("customer_id")
        sold = Subscription.objects.sold_by(me)
        names = DistinctValues(sold, "sort_name", at_most=NAMES + 1)
        known = Partner.objects.filter(pk=me).values_list(names, flat=True).first() or []
        offer = Q(subscription__in=sold.filter(sort_name__in=[name for name in known if folded in name]))
        if len(known) > NAMES:
            offer = Q(subscription__in=sold.filter(sort_name__contains=folded))
        partners = ResellerRelationship.objects.filter(
            provider_id=me, reseller__organisation__sort_name__contains=folded
        )
        return [
            among("subscription__customer_id", customers),
            offer,
            among("partner", partners.values("reseller_id")),
        ]

    @cached_property
    def _found(self) -> list[uuid.UUID]:
        """Those that the words mean, from what they mean; no more than can be asked one by one, and one."""
        mine: Any = Designation.objects.at_customers_of(self._me, self.now)
        is_ended = self.state == "ended"
        mine = mine.exclude(ended_at=None) if is_ended else mine.filter(Q(ended_at=None) | UNSEEN)
        if self.data["partner"]:
            mine = mine.filter(partner_id=self.data["partner"])
        first, *others = (mine.filter(means).values_list("pk", flat=True) for means in self._meanings)
        return list(first.union(*others)[: JUDGED + 1])

    @property
    def _found_many(self) -> bool:
        text = self.data["q"]
        by_words = canonical_guid(text) is None and query_words(text) and fold(text)
        return bool(by_words) and len(self._found) > JUDGED

    @property
    def _attention(self) -> QuerySet[Designation]:
        """What stands and does not hold, and ends that others brought about and nobody has seen."""
        rows: Any = self._searched
        if not (cause := self.data["cause"]):
            return rows.waiting(self._me, self.now)
        own: Any = Designation.objects.filter(provider_id=self._me)
        stale = own.stale_of(self._me, self.now)
        stale = stale.lacking(cause, self.now) if cause in Lack else stale.none()
        return rows.filter(
            among("pk", stale.values("pk").union(own.unseen().filter(ended_as=cause).values("pk")))
        )

    @property
    def _ending(self) -> QuerySet[Designation]:
        rows: Any = self._searched
        return rows.lapsing(self._me, self.now, self.soon).ending(self.now, self.soon)


def _headings(me: uuid.UUID, at: datetime, soon: datetime, *, state: str) -> Any:
    data = {**dict.fromkeys(("q", "partner", "cause", *STATES), ""), **({state: "1"} if state else {})}
    return DesignationFilter(Actor(Organisation(pk=me)), at, data, soon).headings


_HEADINGS = {
    state: Prepared(partial(_headings, state=state), me=uuid.UUID, at=datetime, soon=datetime)
    for state in ("", "attention", "ending")
}
