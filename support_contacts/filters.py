"""Which customers a list shows: the rows that answer its address, and what stands above them."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, reduce
from operator import and_
from typing import Any

from django.db.models import Case, OuterRef, Q, QuerySet

from customers.models import CustomerRelationship, CustomerWord
from portal.actor import Actor
from portal.among import among, each, one_of, there_is
from portal.identifiers import canonical_guid
from portal.keyset import Order, newest
from portal.models import Organisation, Partner
from portal.names import query_words
from portal.prepared import Prepared
from subscriptions.models import LIVE, Subscription
from support_contacts.counting import GLANCED, JUDGED, CappedCount, CappedDistinct, DistinctValues
from support_contacts.models import Designation

#: A provider has few of these; a menu longer than this would be a list of its own, and is not offered.
LONGEST_MENU = 200
#: More customers than this that a word may mean are not looked up one by one.
FEW = 50_000
#: Of so many words it is asked how many have them.
COMPARED = 3
ORDERS = {"name": Order("sort_name"), "newest": newest("established_at")}


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands above the list: counts of the chips, and what the menus offer."""

    everything: int = 0
    #: None where a search found more than could be asked.
    attention: int | None = 0
    designated: int | None = 0
    countries: tuple[str, ...] = ()
    partner_ids: tuple[str, ...] = ()
    #: Names of the resellers of record we know, by PartnerID; the others stay digits.
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CustomerFilter:
    """The customers of one partner that answer a validated address, at one instant.

    Own relationships only: every question below starts from `partner_id`, so no other organisation's row can answer.
    """

    actor: Actor
    now: datetime
    q: str = ""
    country: str = ""
    record: str = ""
    designated: bool = False
    attention: bool = False

    @classmethod
    def of(cls, actor: Actor, now: datetime, data: dict[str, Any]) -> "CustomerFilter":
        return cls(
            actor,
            now,
            q=data["q"],
            country=data["country"],
            record=data["record"],
            designated=bool(data["designated"]),
            attention=bool(data["attention"]),
        )

    @property
    def rows(self) -> QuerySet[CustomerRelationship]:
        rows, short = self._searched, self._short is not None
        if self.attention:
            many = (self.heading.attention or 0) > JUDGED
            rows = rows.filter(self._needs_attention(one_by_one=short or many))
        if self.designated:
            rows = rows.filter(self._has_designation(one_by_one=short))
        return rows

    @cached_property
    def exact_subscription(self) -> Subscription | None:
        """The one subscription whose id was searched for, if that is what was typed."""
        if canonical_guid(self.q) is None:
            return None
        found = list(self._subscriptions.identified(self.q)[:2])
        return found[0] if len(found) == 1 else None

    @cached_property
    def heading(self) -> Heading:
        """All counts and menus in one query, of the list as it opens put into SQL once; the partners they name in
        another."""
        plain = not (self.is_narrowed or self.attention or self.designated)
        rows = _HEADING(me=self._me, at=self.now) if plain else list(self.headings)
        if not rows:
            return Heading()
        row = rows[0]
        offered, tenants = set(row["partner_ids"]), set(row["customers_records"])
        if len(offered) > LONGEST_MENU or len(tenants) > LONGEST_MENU:
            offered, tenants = set(), set()  # the search finds them by PartnerID
        known = self._known({*offered, self.record}, tenants)
        offered |= {one.partner_id for one in known if one.pk in tenants}
        return Heading(
            row["everything"],
            *self._chips(row),
            tuple(row["countries"]),
            tuple(offered),
            {one.partner_id: one.name for one in known},
        )

    @property
    def is_narrowed(self) -> bool:
        return bool(self.q or self.country or self.record)

    @property
    def headings(self) -> Any:
        """The question itself, of one row."""
        of_record = self._subscriptions.filter(reseller_of_record__gt="")
        return (
            Partner.objects.filter(pk=self._me)
            .annotate(
                everything=CappedCount(self._searched),
                **self._counted_beside,
                countries=DistinctValues(self._own.filter(country__gt=""), "country", at_most=LONGEST_MENU),
                partner_ids=DistinctValues(of_record, "reseller_of_record", at_most=LONGEST_MENU + 1),
                customers_records=DistinctValues(
                    self._own.filter(reseller_of_record_id__isnull=False),
                    "reseller_of_record_id",
                    at_most=LONGEST_MENU + 1,
                ),
            )
            .values()
        )

    @property
    def _counted_beside(self) -> dict[str, Any]:
        """What the chips count: of a short list each customer is asked; of the whole one it is found from the
        designations."""
        if self._short is not None:
            rules = {
                "needing": self._needs_attention(one_by_one=True),
                "having": self._has_designation(one_by_one=True),
            }
            return {name: CappedCount(self._searched.filter(rule)) for name, rule in rules.items()}
        if self.is_narrowed:
            return {}
        ours = Designation.objects.at_customers_of(self._me, self.now)
        found = {
            "needing": (ours.stale(self._me, self.now), JUDGED if self.attention else GLANCED),
            "having": (ours.stored().live().order_by("holds_until"), JUDGED if self.designated else GLANCED),
        }
        return {
            name: CappedDistinct(rows.values("subscription__customer_id"), cap=most, rows=3 * most)
            for name, (rows, most) in found.items()
        }

    def _chips(self, row: Mapping[str, Any]) -> tuple[int | None, int | None]:
        """How many need attention, and have a designation: as `headings` found, or asked now. None is more than can
        be asked, of what is not shown."""
        found: dict[str, Any] = {name: row.get(name) for name in ("needing", "having")}
        asked = {}
        if found["needing"] is None and (self.attention or not self.is_narrowed):
            asked["needing"] = self._needs_attention(one_by_one=False)
        if found["having"] is None and (self.designated or not self.is_narrowed):
            asked["having"] = self._has_designation(one_by_one=False)
        if asked:
            counts = {
                name: CappedCount(self._searched.filter(rule), cap=JUDGED) for name, rule in asked.items()
            }
            found |= Partner.objects.filter(pk=self._me).annotate(**counts).values(*counts).get()
        return found["needing"], found["having"]

    def _known(self, partner_ids: Collection[str], tenants: Collection[uuid.UUID]) -> list[Partner]:
        """Those of them whom we may know by name."""
        if not (found := list(filter(None, partner_ids))) and not tenants:
            return []
        named = Q(partner_id__in=found) | Q(pk__in=list(tenants))
        rows = self._partners.filter(named).exclude(partner_id="").select_related("organisation")
        return list(rows)

    # -- questions

    @property
    def _me(self):
        return self.actor.organisation.pk

    @property
    def _partners(self) -> QuerySet[Partner]:
        """Whose PartnerID we may know: a customer's reseller of record may be a partner unrelated to us (R4)."""
        visible: QuerySet[Partner] = Partner.objects.visible_to(self.actor)
        return visible

    @property
    def _own(self) -> QuerySet[CustomerRelationship]:
        return CustomerRelationship.objects.established(self.now).filter(partner_id=self._me)

    @property
    def _subscriptions(self):
        return Subscription.objects.sold_by(self._me)

    @property
    def _searched(self) -> QuerySet[CustomerRelationship]:
        return self._own.filter(one_of("pk", self._short)) if self._short is not None else self._answering

    @cached_property
    def _short(self) -> list[uuid.UUID] | None:
        """What a search or filter found, where it is no more than can be asked one by one."""
        if not self.is_narrowed:
            return None
        found = list(self._answering.order_by().values_list("pk", flat=True)[: JUDGED + 1])
        return found if len(found) <= JUDGED else None

    @property
    def _answering(self) -> QuerySet[CustomerRelationship]:
        rows = self._own
        if self.q:
            rows = rows.filter(self._means(self.q))
        if self.country:
            rows = rows.filter(country=self.country)
        if self.record:
            rows = rows.filter(among("customer_id", self._of_record(self.record)))
        return rows

    def _means(self, text: str) -> Q:
        """An id means exactly one thing; anything else is words, and digits may also be a PartnerID."""
        guid = canonical_guid(text)
        if guid is not None:
            sold = self._subscriptions.identified(text).values("customer_id")
            return among("customer_id", self._own.filter(customer_id=guid).values("customer_id").union(sold))
        words = query_words(text)
        if not words:
            return Q(pk__in=[])
        digits = text.strip()
        if not (digits.isascii() and digits.isdigit()):
            return self.named(words)
        stored = self._designations.filter(partner__partner_id=digits)
        known = self._of_record(digits).union(stored.values("subscription__customer_id"))
        return self.named(words) | among("customer_id", known)

    def named(self, words: Sequence[str]) -> Q:
        """Every word begins one of the customer's. The rarest of the long ones is looked up first, unless so many have
        it that a page is soon full: then each customer is asked, in the order of the page's index."""
        rarest = min(sorted(words, key=len)[-COMPARED:], key=self._how_many)
        asked = {word: Q(each(there_is(CustomerWord.objects.of_row(OuterRef("pk"), word)))) for word in words}
        if self._how_many(rarest) <= FEW:
            found = CustomerWord.objects.beginning(self._me, rarest)
            asked[rarest] = among("pk", found.values("relationship_id"))
        return reduce(and_, asked.values())

    def _how_many(self, word: str) -> int:
        """Words of our customers that begin so, counted as far as it matters."""
        if word not in self._counted:
            rows = CustomerWord.objects.beginning(self._me, word).values("pk")[: FEW + 1]
            self._counted[word] = rows.count()
        return self._counted[word]

    @cached_property
    def _counted(self) -> dict[str, int]:
        return {}

    def _of_record(self, partner_id: str) -> QuerySet:
        """Customers with this reseller of record: of any subscription, or as a whole."""
        own = self._subscriptions.filter(reseller_of_record=partner_id)
        known = self._partners.filter(partner_id=partner_id)
        whole = self._own.filter(among("reseller_of_record_id", known.values("pk")))
        return own.values("customer_id").union(whole.values("customer_id"))

    @property
    def _designations(self):
        return Designation.objects.stored().filter(provider_id=self._me, subscription__status__in=LIVE)

    def _has_designation(self, *, one_by_one: bool) -> Q | Case:
        return self._have(self._designations, one_by_one)

    def _needs_attention(self, *, one_by_one: bool) -> Q | Case:
        if one_by_one:
            return self._have(Designation.objects.stale_of(self._me, self.now), one_by_one)
        stale = Designation.objects.stale(self._me, self.now)
        return among("customer_id", stale.values("subscription__customer_id"))

    def _have(self, rows: QuerySet[Designation], one_by_one: bool) -> Q | Case:
        """The customers that have one of these: asked of each, where few are asked or many have one; or all found
        first."""
        if one_by_one:
            return each(there_is(rows.filter(subscription__customer_id=OuterRef("customer_id"))))
        return Q(customer_id__in=rows.values("subscription__customer_id"))


def _heading(me: uuid.UUID, at: datetime) -> Any:
    return CustomerFilter(Actor(Organisation(pk=me)), at).headings


_HEADING = Prepared.for_all(_heading, me=uuid.UUID, at=datetime)

__all__ = ["ORDERS", "CustomerFilter", "Heading"]
