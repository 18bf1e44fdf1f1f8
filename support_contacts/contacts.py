"""Whom customers are shown for many subscriptions at one instant, and since when (R1, R7)."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject

from customers.models import DelegatedAdmin
from portal.among import Unnested, among, one_of
from portal.models import Partner, PartnerSuspension, ResellerRelationship
from portal.prepared import Prepared
from subscriptions.models import Subscription
from support_contacts.models import ContactKind, Designation, Interval, Standing, intervals

#: So many choices, the last of a subscription, are asked since when its contact is what it is. Where none of these ever
#: held, what held before them is not told.
TOLD = 5

Key = tuple[uuid.UUID, uuid.UUID, uuid.UUID]


@dataclass(frozen=True, slots=True)
class Shown:
    """Whom the customer calls for one subscription.

    `since` is told where somebody was chosen, or where a choice was undone; None where it has always been so.
    `designation` is the choice that stands, whether or not it holds.
    """

    subscription: Subscription
    partner: Partner
    kind: ContactKind
    designation: Designation | None = None
    since: datetime | None = None

    @property
    def is_designated(self) -> bool:
        return self.kind == ContactKind.DESIGNATED


def partner_in_force(at: datetime, of: str = "pk") -> ArraySubquery:
    """Annotates subscriptions, or rows `of` one, with the designated partner in force: one in a list, or none."""
    rows = Designation.objects.in_force(at).filter(subscription=OuterRef(of))
    said = JSONObject(id="partner_id", partner_id="partner__partner_id", name="partner__organisation__name")
    return ArraySubquery(rows.values(said=said))


def shown(subscriptions: Iterable[Subscription], *, at: datetime) -> list[Shown]:
    """The contact of each: the designated partner while that designation holds, otherwise the provider.

    One query, and three more where anything was ever designated, however many subscriptions and partners there are.
    """
    rows = list(subscriptions)
    histories = _histories(rows, at)
    standings = standings_of([designation for found in histories.values() for designation in found])
    return [_shown(row, histories.get(row.pk, []), standings, at) for row in rows]


def standings_of(designations: Sequence[Designation]) -> dict[Key, Standing]:
    """The records that bear on each designation's partner, by provider, partner and customer. Three queries at most."""
    keys = {(row.provider_id, row.partner_id, row.subscription.customer_id) for row in designations}
    if not keys:
        return {}
    providers, partners, customers = (list(set(column)) for column in zip(*keys, strict=True))
    relationships: dict[tuple, list[ResellerRelationship]] = defaultdict(list)
    for related in _RELATED(providers=providers, partners=partners):
        relationships[related.provider_id, related.reseller_id].append(related)
    grants: dict[tuple, list[DelegatedAdmin]] = defaultdict(list)
    for grant in _GRANTED(partners=partners, customers=customers):
        grants[grant.relationship.partner_id, grant.relationship.customer_id].append(grant)
    suspensions: dict[uuid.UUID, list[PartnerSuspension]] = defaultdict(list)
    for suspension in _SUSPENDED(partners=partners):
        suspensions[suspension.partner_id].append(suspension)
    by_partner = {row.partner_id: row.partner for row in designations}
    return {
        (provider, partner, customer): Standing(
            by_partner[partner],
            relationships[provider, partner],
            grants[partner, customer],
            suspensions[partner],
        )
        for provider, partner, customer in keys
    }


def _related(providers: list[uuid.UUID], partners: list[uuid.UUID]) -> Any:
    return ResellerRelationship.objects.filter(
        one_of("provider_id", providers), one_of("reseller_id", partners)
    )


def _granted(partners: list[uuid.UUID], customers: list[uuid.UUID]) -> Any:
    of_partner = one_of("relationship__partner_id", partners)
    rows = DelegatedAdmin.objects.filter(of_partner, one_of("relationship__customer_id", customers))
    return rows.select_related("relationship")


def _suspended(partners: list[uuid.UUID]) -> Any:
    return PartnerSuspension.objects.filter(one_of("partner_id", partners))


_RELATED = Prepared.by_key(_related, providers=list, partners=list)
_GRANTED = Prepared.by_key(_granted, partners=list, customers=list)
_SUSPENDED = Prepared.by_key(_suspended, partners=list)


def _histories(rows: Sequence[Subscription], at: datetime) -> dict[uuid.UUID, list[Designation]]:
    by_pk = {row.pk: row for row in rows}
    histories: dict[uuid.UUID, list[Designation]] = defaultdict(list)
    for designation in _CHOSEN(subscriptions=list(by_pk), at=at) if by_pk else ():
        designation.subscription = by_pk[designation.subscription_id]
        histories[designation.subscription_id].append(designation)
    return histories


def _chosen(subscriptions: list[uuid.UUID], at: datetime) -> Any:
    begun: Any = Designation.objects.filter(started_at__lte=at)
    last = (
        begun.stood().filter(subscription=OuterRef("pk")).order_by("-started_at", "-pk").values("pk")[:TOLD]
    )
    # Asked once of each subscription, not of each of its choices.
    of_each = Subscription.objects.filter(one_of("pk", subscriptions)).values(
        told=Unnested(ArraySubquery(last))
    )
    rows = begun.filter(among("pk", of_each)).with_force(at)
    return rows.select_related("partner__organisation", "partner__support_profile").order_by(
        "started_at", "pk"
    )


_CHOSEN = Prepared.by_key(_chosen, subscriptions=list, at=datetime)


def _shown(
    row: Subscription, history: Sequence[Designation], standings: Mapping[Key, Standing], at: datetime
) -> Shown:
    stands = next((d for d in history if d.ended_at is None or at < d.ended_at), None)
    if stands is not None and stands.holds:  # type: ignore[attr-defined]  # annotated
        kind, partner = ContactKind.DESIGNATED, stands.partner
    elif row.is_new_commerce:
        kind, partner = ContactKind.NEW_COMMERCE, row.provider
    else:
        kind, partner = (ContactKind.DEFAULT if stands is None else ContactKind.FALLBACK), row.provider
    since = _since(row, kind, history, standings, at)
    return Shown(row, partner, kind, stands, since)


def _since(
    row: Subscription,
    kind: ContactKind,
    history: Sequence[Designation],
    standings: Mapping[Key, Standing],
    at: datetime,
) -> datetime | None:
    if not history:
        return None
    of_partner = {d.partner_id: standings[d.provider_id, d.partner_id, row.customer_id] for d in history}
    found: list[Interval] = intervals(row, history, of_partner, at)
    others = any(interval.contact.kind == ContactKind.DESIGNATED for interval in found[:-1])
    if not found or found[-1].contact.kind != kind:
        return None
    return found[-1].start if others or kind == ContactKind.DESIGNATED else None
