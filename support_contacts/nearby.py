"""Which of a provider's resellers a page shows at one customer: a distributor has thousands, a page room for some."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.lookups import LessThanOrEqual

from customers.models import CustomerRelationship, DelegatedAdmin
from portal.among import among
from portal.models import Partner, ResellerRelationship
from portal.names import fold
from portal.prepared import Prepared
from support_contacts.counting import CappedCount
from support_contacts.models import Designation, Standing, records, standings_from

#: So many of those that have nothing to do with the customer, the first by name.
LISTED_AT_MOST = 50
#: Of more resellers than this the first by name help nobody: the others are searched for.
NAMED_AT_MOST = 1_000


@dataclass(frozen=True, slots=True)
class Nearby:
    """The resellers a page knows, by id; how many there are altogether, counted to one more than NAMED_AT_MOST; whether
    these are all."""

    standings: Mapping[uuid.UUID, Standing]
    total: int

    @property
    def is_part(self) -> bool:
        return self.total > sum(s.reseller.is_indirect_reseller for s in self.standings.values())


def nearby(
    provider: Partner,
    customer_id: uuid.UUID,
    *,
    at: datetime,
    of_record: str = "",
    also: uuid.UUID | None = None,
    find: str = "",
) -> Nearby:
    """Whoever this provider may know to have to do with the customer: the eligible, those it asked for there and
    those it chose, now or before; the reseller of record, by PartnerID or (`also`) by tenant; and of the others the
    first ones whose name or PartnerID answers `find`.

    Who is listed is itself an answer. What a reseller once was at the customer, or is there for another provider
    alone, puts nobody on the page (R4).

    One query; where it finds nobody of those there are, one more that counts them.
    """
    me = provider.pk
    rows: list[Any]
    if find:
        rows = list(_nearby(me, customer_id, at, of_record=of_record, also=also, find=find))
    elif of_record:
        rows = _OF_RECORD(provider=me, customer=customer_id, at=at, of_record=of_record)
    elif also:
        rows = _ALSO(provider=me, customer=customer_id, at=at, also=also)
    else:
        rows = _NEARBY(provider=me, customer=customer_id, at=at)
    if rows:
        return Nearby(standings_from(rows), rows[0].total or 0)
    return Nearby({}, _acting(me).values("reseller_id").distinct().count() if find else 0)


def _acting(provider: uuid.UUID) -> QuerySet[ResellerRelationship]:
    return ResellerRelationship.objects.filter(provider_id=provider, reseller__is_indirect_reseller=True)


def _nearby(
    provider: uuid.UUID,
    customer: uuid.UUID,
    at: datetime,
    *,
    of_record: str = "",
    also: uuid.UUID | None = None,
    find: str = "",
) -> QuerySet[ResellerRelationship]:
    own, acting = ResellerRelationship.objects.filter(provider_id=provider), _acting(provider)
    there = DelegatedAdmin.objects.filter(relationship__customer_id=customer)
    asked = CustomerRelationship.objects.filter(customer_id=customer, requested_for=provider)
    chosen = Designation.objects.filter(provider_id=provider, subscription__customer_id=customer)
    order = ("reseller__organisation__sort_name", "reseller_id")
    total = CappedCount(
        acting.order_by("reseller_id").distinct("reseller_id"), cap=NAMED_AT_MOST, of="reseller_id"
    )
    first = acting.filter(answers(find)).order_by(*order).distinct(*order)
    if not find:
        first = first.filter(LessThanOrEqual(total, NAMED_AT_MOST))
    # As eligibility says: a grant tells of a reseller while both last, unless this provider asked for it.
    active = among("reseller_id", there.active(at).values("relationship__partner_id"))
    wanted = own.established(at).filter(active).values("reseller_id")
    others = [
        there.filter(requested_for=provider).values("relationship__partner_id"),
        asked.values("partner_id"),
        chosen.values("partner_id"),
        first.values("reseller_id")[: LISTED_AT_MOST + 1],
    ]
    if of_record:
        others.append(own.filter(reseller__partner_id=of_record).values("reseller_id"))
    if also:
        others.append(own.filter(reseller_id=also).values("reseller_id"))
    rows = records(provider, customer).filter(among("reseller_id", wanted.union(*others)))
    return rows.annotate(total=total)


def answers(find: str) -> Q:
    """Relationships whose reseller answers a search: as the picker compares, or exactly by domain."""
    wanted = fold(find)
    if not wanted:
        return Q()
    return (
        Q(reseller__organisation__sort_name__contains=wanted)
        | Q(reseller__partner_id__startswith=wanted)
        | Q(reseller__organisation__domain=find.strip().casefold())
    )


# What pages ask that nobody searches on.
_NEARBY = Prepared(_nearby, provider=uuid.UUID, customer=uuid.UUID, at=datetime)
_OF_RECORD = Prepared(_nearby, provider=uuid.UUID, customer=uuid.UUID, at=datetime, of_record=str)
_ALSO = Prepared(_nearby, provider=uuid.UUID, customer=uuid.UUID, at=datetime, also=uuid.UUID)
