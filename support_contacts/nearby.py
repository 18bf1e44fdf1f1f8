"""Which of a provider's resellers a page shows at one customer: a distributor has thousands, a page room for some."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Q

from customers.models import CustomerRelationship
from portal.models import Partner, ResellerRelationship
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
    of_record: str = "",
    also: uuid.UUID | None = None,
    find: str = "",
) -> Nearby:
    """Whoever has or had a relationship with the customer or was chosen for it, and with that everybody who can be
    eligible; the reseller of record, by PartnerID or (`also`) by tenant; and of the others the first ones whose name
    or PartnerID answers `find`.

    Three queries, and one that counts where not everybody is among them.
    """
    own = ResellerRelationship.objects.filter(provider=provider)
    acting = own.filter(reseller__is_indirect_reseller=True)
    there = CustomerRelationship.objects.filter(customer_id=customer_id)
    chosen = Designation.objects.filter(provider=provider, subscription__customer_id=customer_id)
    order = ("reseller__organisation__sort_name", "reseller_id")
    first = acting.filter(_answers(find)).order_by(*order).distinct(*order).values("reseller_id")
    wanted = (
        Q(reseller_id__in=there.values("partner_id"))
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
