"""What a line of a provider's resellers says, for a whole page of them at once."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from customers.models import CustomerRelationship, DelegatedAdmin
from portal.among import one_of
from portal.models import EndedAs, Partner, ResellerRelationship, State
from portal.prepared import Prepared
from support_contacts.models import Designation

#: An agreement that ends within this many days is worth a word.
SOON = timedelta(days=31)


def speaking(rows: QuerySet[ResellerRelationship]) -> QuerySet[ResellerRelationship]:
    """Of each pair the one record that says how it stands: the open one, otherwise the one that closed last."""
    later = (
        ResellerRelationship.objects.filter(provider=OuterRef("provider"), reseller=OuterRef("reseller"))
        .exclude(pk=OuterRef("pk"))
        .filter(
            Q(ended_at=None)
            | Q(ended_at__gt=OuterRef("ended_at"))
            | Q(ended_at=OuterRef("ended_at"), pk__gt=OuterRef("pk"))
        )
    )
    return rows.filter(Q(ended_at=None) | ~Exists(later))


def is_in(state: str, now: datetime) -> Q:
    """Records that are in this state at `now`, as `Lifecycle.state` says of one in memory."""
    closed, begun = Q(ended_at__lte=now), Q(established_at__lte=now)
    waits = ~closed & ~begun
    if state == State.ESTABLISHED:
        return begun & ~closed
    if state == State.REQUESTED:
        return waits & ~Q(lapses_at__lte=now)
    if state == State.LAPSED:
        return closed & Q(ended_as=EndedAs.LAPSED) | waits & Q(lapses_at__lte=now)
    if state == State.ENDED:
        return closed & Q(ended_as__in=[EndedAs.ENDED, EndedAs.EXPIRED])
    return closed & Q(ended_as=state)


@dataclass(frozen=True, slots=True)
class Load:
    """What a reseller does for a provider: designations in force, those that need attention, licences, customers."""

    designations: int = 0
    attention: int = 0
    licences: int = 0
    customers: int = 0


@dataclass(frozen=True, slots=True)
class ResellerRow:
    """A line of the table."""

    relationship: ResellerRelationship
    now: datetime
    load: Load
    is_suspended: bool

    @property
    def reseller(self) -> Partner:
        return self.relationship.reseller

    @property
    def state(self) -> str:
        """The state's name; a relationship that ran out reads as ended."""
        state = self.relationship.state(self.now)
        return (State.ENDED if state == State.EXPIRED else state).value

    @property
    def is_established(self) -> bool:
        return self.state == State.ESTABLISHED

    @property
    def changed_at(self) -> datetime:
        return self.relationship.changed_at(self.now)

    @property
    def agreement(self) -> "AgreementWarning":
        return AgreementWarning(self.relationship.agreement_valid_until, self.is_established)


@dataclass(frozen=True, slots=True)
class AgreementWarning:
    """How a support agreement's last day stands today. Only one that is lived by is warned of."""

    until: date | None
    counts: bool

    @property
    def days_left(self) -> int | None:
        return (self.until - timezone.localdate()).days if self.until else None

    @property
    def has_ended(self) -> bool:
        return self.counts and self.days_left is not None and self.days_left < 0

    @property
    def ends_soon(self) -> bool:
        return self.counts and self.days_left is not None and 0 <= self.days_left <= SOON.days


def loads_of(
    provider_id: uuid.UUID, resellers: Sequence[uuid.UUID], established: Sequence[uuid.UUID], *, now: datetime
) -> dict[uuid.UUID, Load]:
    """What each does for this provider, on live subscriptions. Two queries.

    At how many of our customers it holds delegated admin is told only of those that are our resellers now.
    """
    numbers: dict[uuid.UUID, dict[str, int]] = {pk: {} for pk in resellers}
    stored = _SUPPORTED(me=provider_id, resellers=list(resellers), at=now) if resellers else ()
    for found in stored:
        of_partner = numbers[found["partner_id"]]
        if found["holds"]:
            of_partner |= {"designations": found["count"], "licences": found["licences"] or 0}
        else:
            of_partner["attention"] = found["count"]
    granted = _GRANTED(me=provider_id, resellers=list(established), at=now) if established else ()
    for found in granted:
        numbers[found["relationship__partner_id"]]["customers"] = found["count"]
    return {pk: Load(**counted) for pk, counted in numbers.items()}


def _supported(me: uuid.UUID, resellers: list[uuid.UUID], at: datetime) -> Any:
    stored = Designation.objects.stored().at_customers_of(me, at).live()
    judged = stored.filter(one_of("partner_id", resellers)).with_force(at).values("partner_id", "holds")
    return judged.annotate(count=Count("pk"), licences=Sum("subscription__quantity")).order_by()


def _granted(me: uuid.UUID, resellers: list[uuid.UUID], at: datetime) -> Any:
    ours = CustomerRelationship.objects.established(at).filter(partner_id=me)
    active = DelegatedAdmin.objects.active(at).filter(one_of("relationship__partner_id", resellers))
    there = active.filter(relationship__customer_id__in=ours.values("customer_id"))
    counted = there.values("relationship__partner_id").order_by()
    return counted.annotate(count=Count("relationship__customer_id", distinct=True))


# Planned for the resellers that are asked about: one may have half of all there is.
_SUPPORTED = Prepared(_supported, me=uuid.UUID, resellers=list, at=datetime)
_GRANTED = Prepared(_granted, me=uuid.UUID, resellers=list, at=datetime)
