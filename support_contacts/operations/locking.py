"""Many subscriptions of one provider held at once, with everything their designations rest on. Called by operations,
inside their transaction."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from customers.models import CustomerRelationship, DelegatedAdmin
from portal.actor import Actor, ActorKind
from portal.locks import lock_share
from portal.models import Partner, PartnerSuspension, ResellerRelationship
from subscriptions.models import Subscription
from support_contacts.models import Designation, Standing
from support_contacts.operations.core import now_under_lock

Key = tuple[uuid.UUID, uuid.UUID]


@dataclass(frozen=True, slots=True)
class Standings:
    """The records of some partners at some customers, put together for a pair when it is asked for: of a thousand
    customers and a hundred partners most pairs never are."""

    partners: dict[uuid.UUID, Partner]
    customers: set[uuid.UUID]
    relationships: dict[uuid.UUID, list[ResellerRelationship]]
    grants: dict[Key, list[DelegatedAdmin]]
    suspensions: dict[uuid.UUID, list[PartnerSuspension]]

    def get(self, key: Key) -> Standing | None:
        """Of this partner at this customer; None for a pair nobody asked the database about."""
        partner_id, customer_id = key
        partner = self.partners.get(partner_id)
        if partner is None or customer_id not in self.customers:
            return None
        return Standing(
            partner,
            self.relationships.get(partner_id, ()),
            self.grants.get(key, ()),
            self.suspensions.get(partner_id, ()),
        )


@dataclass(frozen=True, slots=True)
class Held:
    """Subscriptions locked for update in id order, what is stored for each, and the records that bear on it.

    `standings` goes by partner and customer.
    """

    now: datetime
    rows: dict[uuid.UUID, Subscription]
    stored: dict[uuid.UUID, Designation]
    standings: Standings


def hold(
    provider_id: uuid.UUID, ids: Sequence[uuid.UUID], *, acting: Actor, chosen: Collection[Partner] = ()
) -> Held:
    """Take every lock in the order of `portal.locks` for these subscriptions of one provider.

    `chosen` are those who may be chosen for them. Partners already stored are locked too: their records say how things
    stood. Subscriptions that are not the provider's, or not visible to the actor, are left out.
    """
    known = list(
        Subscription.objects.filter(pk__in=ids, provider_id=provider_id).values_list("pk", "customer_id")
    )
    customers = {customer for _pk, customer in known}
    stored = Designation.objects.stored().filter(
        provider_id=provider_id, subscription__in=[pk for pk, _ in known]
    )
    partners = {*stored.values_list("partner_id", flat=True), *(partner.pk for partner in chosen)}
    partners -= {provider_id}
    lock_share(Partner, [provider_id, *partners])
    related = ResellerRelationship.objects.filter(
        provider_id=provider_id, reseller_id__in=partners, ended_at=None
    )
    lock_share(ResellerRelationship, related.values_list("pk", flat=True))
    at_customers = CustomerRelationship.objects.filter(
        customer_id__in=customers, partner_id__in=[provider_id, *partners], ended_at=None
    )
    lock_share(CustomerRelationship, at_customers.values_list("pk", flat=True))
    grants = DelegatedAdmin.objects.filter(
        relationship__customer_id__in=customers, relationship__partner_id__in=partners, ended_at=None
    )
    lock_share(DelegatedAdmin, grants.values_list("pk", flat=True))
    visible = Subscription.objects.filter(provider_id=provider_id)
    if acting.kind not in (ActorKind.SYSTEM, ActorKind.OPERATOR):
        visible = visible & Subscription.objects.visible_to(acting)
    rows = {
        row.pk: row
        for row in visible.filter(pk__in=[pk for pk, _ in known])
        .select_related("provider__organisation", "customer__organisation")
        .order_by("pk")
        .select_for_update(of=("self",))
    }
    designations = {
        row.subscription_id: row
        for row in Designation.objects.stored()
        .filter(subscription__in=list(rows))
        .select_related("partner__organisation", "provider")
    }
    for pk, designation in designations.items():
        designation.subscription = rows[pk]
    return Held(
        now_under_lock(list(rows.values())),
        rows,
        designations,
        standings_at(
            provider_id,
            {row.customer_id for row in rows.values()},
            [*(d.partner for d in designations.values()), *chosen],
        ),
    )


def standing_of(designation: Designation, held: Held) -> Standing:
    found = held.standings.get((designation.partner_id, designation.subscription.customer_id))
    return found or Standing(designation.partner)


def standings_at(
    provider_id: uuid.UUID, customers: Iterable[uuid.UUID], partners: Iterable[Partner]
) -> Standings:
    """The records of each of these partners at each of these customers. Three queries, whatever their number."""
    by_pk = {partner.pk: partner for partner in partners}
    at = set(customers)
    relationships: dict[uuid.UUID, list[ResellerRelationship]] = defaultdict(list)
    for related in ResellerRelationship.objects.filter(provider_id=provider_id, reseller_id__in=list(by_pk)):
        relationships[related.reseller_id].append(related)
    grants: dict[Key, list[DelegatedAdmin]] = defaultdict(list)
    found = DelegatedAdmin.objects.filter(
        Q(relationship__partner_id__in=list(by_pk)) & Q(relationship__customer_id__in=at)
    ).select_related("relationship")
    for grant in found:
        grants[grant.relationship.partner_id, grant.relationship.customer_id].append(grant)
    suspensions: dict[uuid.UUID, list[PartnerSuspension]] = defaultdict(list)
    for suspension in PartnerSuspension.objects.filter(partner_id__in=list(by_pk)):
        suspensions[suspension.partner_id].append(suspension)
    return Standings(by_pk, at, relationships, grants, suspensions)
