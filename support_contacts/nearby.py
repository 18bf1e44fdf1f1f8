"""Which of a provider's resellers a page shows at one customer: a distributor has thousands, a page room for some."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from customers.models import CustomerRelationship, DelegatedAdmin
from portal.models import Partner, ResellerRelationship, established
from portal.names import fold
from support_contacts.models import Designation, Standing, standings

#: So many of those that have nothing to do with the customer, the first by name.
LISTED_AT_MOST = 50


@dataclass(frozen=True, slots=True)
class Nearby:
    """The resellers a page knows, by id; how many there are altogether; whether these are all."""

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

    Three queries, and one that counts where not everybody is among them.
    """
    own = ResellerRelationship.objects.filter(provider=provider)
    acting = own.filter(reseller__is_indirect_reseller=True)
    there = DelegatedAdmin.objects.filter(relationship__customer_id=customer_id)
    asked = CustomerRelationship.objects.filter(customer_id=customer_id, requested_for=provider)
    chosen = Designation.objects.filter(provider=provider, subscription__customer_id=customer_id)
    order = ("reseller__organisation__sort_name", "reseller_id")
    first = acting.filter(_answers(find)).order_by(*order).distinct(*order).values("reseller_id")
    wanted = (
        # As eligibility says: a grant tells of a reseller while both last, unless this provider asked for it.
        Q(established(at), reseller_id__in=there.active(at).values("relationship__partner_id"))
        | Q(reseller_id__in=there.filter(requested_for=provider).values("relationship__partner_id"))
        | Q(reseller_id__in=asked.values("partner_id"))
        | Q(reseller_id__in=chosen.values("partner_id"))
        | Q(reseller_id__in=first[: LISTED_AT_MOST + 1])
    )
    if of_record:
        wanted |= Q(reseller__partner_id=of_record)
    if also:
        wanted |= Q(reseller_id=also)
    found = standings(provider, customer_id, resellers=own.filter(wanted).values("reseller_id"))
    listed = sum(standing.reseller.is_indirect_reseller for standing in found.values())
    if find or listed > LISTED_AT_MOST:
        return Nearby(found, acting.values("reseller_id").distinct().count())
    return Nearby(found, listed)


def _answers(find: str) -> Q:
    """As the picker compares, or exactly by domain."""
    wanted = fold(find)
    if not wanted:
        return Q()
    return (
        Q(reseller__organisation__sort_name__contains=wanted)
        | Q(reseller__partner_id__startswith=wanted)
        | Q(reseller__organisation__domain=find.strip().casefold())
    )
