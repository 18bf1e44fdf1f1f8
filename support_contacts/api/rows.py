"""The rows calls are about. Not visible, not there and not even an id are one answer (R11)."""

import uuid
from collections.abc import Collection, Iterable
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from portal.actor import Actor
from portal.api.faults import NOT_FOUND, SUBSCRIPTION_NOT_FOUND, Fault
from portal.errors import NewCommerce
from portal.identifiers import canonical_guid
from portal.models import Organisation, Partner
from portal.permissions import Permission, require
from portal.prepared import Prepared
from subscriptions.models import Subscription
from support_contacts.contacts import partner_in_force, standings_of
from support_contacts.models import Designation, Interval, intervals


def actor_of(request: HttpRequest) -> Actor:
    """The integration that calls; the door has authenticated it."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def not_found() -> Fault:
    """404 for a subscription, with Microsoft's number."""
    return Fault(
        HTTPStatus.NOT_FOUND, SUBSCRIPTION_NOT_FOUND, _("There is no such subscription."), "not_found"
    )


def no_contact() -> Fault:
    """404 for the contact of a subscription in new commerce: there is no such thing (R5, trap 1)."""
    refusal = NewCommerce()
    return Fault(HTTPStatus.NOT_FOUND, NOT_FOUND, refusal.message, refusal.code)


def own(actor: Actor) -> Any:
    """Subscriptions the caller sold or registered, while its relationship with their customers lasts."""
    return Subscription.objects.visible_to(actor).sold_by(actor.organisation.pk)


def subscription_of(
    request: HttpRequest, tenant: str, subscription: str, permission: Permission
) -> Subscription:
    """The caller's own subscription with this id, Microsoft's or ours; then its right to it.

    Raises Fault 404, NotPermitted.
    """
    rows: QuerySet[Subscription] = _identified(actor_of(request), tenant, subscription)
    found = rows.select_related("provider__organisation").first()
    if found is None:
        raise not_found()
    require(actor_of(request), permission)
    return found


def shown_now(request: HttpRequest, tenant: str, subscription: str, now: datetime) -> Any:
    """What the current contact is written from: one query, no rows of models. Raises Fault 404, NotPermitted.

    pk, customer, Microsoft's id, new commerce, version, and the designated partner in force, if any.
    """
    customer_id, guid = _ids(tenant, subscription)
    me = actor_of(request).organisation.pk
    found = next(iter(_SHOWN(at=now, me=me, customer=customer_id, subscription=guid)), None)
    if found is None:
        raise not_found()
    require(actor_of(request), Permission.CUSTOMER_VIEW)
    return found


def _shown(at: datetime, me: uuid.UUID, customer: uuid.UUID, subscription: uuid.UUID) -> Any:
    rows = Subscription.objects.visible_to(Actor(Organisation(pk=me)), at).sold_by(me)
    found = rows.named(str(subscription)).filter(customer_id=customer)
    columns = ("pk", "customer_id", "microsoft_id", "is_new_commerce", "contact_version", "in_force")
    return found.annotate(in_force=partner_in_force(at)).values_list(*columns, named=True)[:1]


_SHOWN = Prepared.by_key(_shown, at=datetime, me=uuid.UUID, customer=uuid.UUID, subscription=uuid.UUID)


def _identified(actor: Actor, tenant: str, subscription: str) -> Any:
    customer_id, guid = _ids(tenant, subscription)
    return own(actor).named(str(guid)).filter(customer_id=customer_id)


def _ids(tenant: str, subscription: str) -> tuple[uuid.UUID, uuid.UUID]:
    customer_id, guid = canonical_guid(tenant), canonical_guid(subscription)
    if customer_id is None or guid is None:
        raise not_found()
    return customer_id, guid


def stood(request: HttpRequest, row: Subscription) -> QuerySet[Designation]:
    """The designations of a subscription that stood at any instant recorded here, latest first."""
    rows: Any = Designation.objects.visible_to(actor_of(request))
    rows = rows.filter(provider_id=row.provider_id, subscription_id=row.pk).stood()
    found: QuerySet[Designation] = rows.select_related("partner__organisation")
    return found.order_by("-started_at", "-pk")


def life_of(row: Subscription, designations: Iterable[Designation], now: datetime) -> list[Interval]:
    """Who was the contact until `now`, as far as these designations tell. Four queries, whatever happened."""
    found = list(designations)
    for designation in found:
        designation.subscription = row
    standings = {partner: standing for (_p, partner, _c), standing in standings_of(found).items()}
    return intervals(row, found, standings, now)


class Partners:
    """The partners a call names, by tenant id or PartnerID, among those the caller has anything to do with.

    Somebody unknown and somebody unrelated are both None, and refused alike (R4). One query for all of them.
    """

    def __init__(self, actor: Actor, tenants: Collection[uuid.UUID], numbers: Collection[str]) -> None:
        rows = (
            Partner.objects.visible_to(actor)
            .filter(Q(pk__in=list(tenants)) | Q(partner_id__in=list(numbers)))
            .select_related("organisation")
        )
        self.by_tenant = {row.pk: row for row in rows}
        self.by_number = {row.partner_id: row for row in self.by_tenant.values() if row.partner_id}
