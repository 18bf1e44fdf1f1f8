"""Subscriptions bought elsewhere, registered for support (R13): added by a partner, removable by the customer."""

import uuid
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from customers.models import CustomerRelationship
from portal import audit
from portal.actor import Actor
from portal.among import there_is
from portal.authority import still
from portal.errors import NewCommerce, NotVisible, OperationError
from portal.identifiers import canonical_guid
from portal.jobs import defer
from portal.locks import lock_share, patience
from portal.models import Action, AuditEvent, Partner, State
from portal.permissions import Permission, require
from subscriptions.commerce import is_new_commerce
from subscriptions.models import LIVE, PurchasedThrough, Status, Subscription
from support_contacts.models import Designation, EndedAs
from support_contacts.operations.core import apply_end, now_under_lock


@patience()
@transaction.atomic(durable=True)
def register_subscription(
    relationship: CustomerRelationship,
    *,
    name: str,
    subscription_id: str,
    seller_name: str,
    purchased_through: str,
    new_commerce: bool = False,
    acting: Actor,
) -> Subscription:
    """Put a subscription that somebody else sold on our record, to say who supports it.

    Only with an established relationship to the customer. New commerce is refused: it has no designated contact.
    """
    require(acting, Permission.CONTACT_ASSIGN)
    acting = still(acting, Permission.CONTACT_ASSIGN)
    provider_id = acting.organisation.pk
    lock_share(Partner, [provider_id])
    lock_share(CustomerRelationship, [relationship.pk])
    row = CustomerRelationship.objects.select_related("partner__organisation", "customer__organisation").get(
        pk=relationship.pk
    )
    now = timezone.now()
    if row.partner_id != provider_id or row.state(now) != State.ESTABLISHED:
        raise NotVisible
    # A name may have colons; an offer of new commerce is one word of three parts.
    if new_commerce or any(
        is_new_commerce({"offerid": text}) for text in (name, subscription_id) if " " not in text
    ):
        raise NewCommerce
    guid = canonical_guid(subscription_id) if subscription_id else None
    if subscription_id and guid is None:
        raise OperationError(
            _("A subscription ID is a GUID. Without one, leave it empty and give the name."),
            code="subscription_id",
        )
    if purchased_through not in PurchasedThrough.values or purchased_through == PurchasedThrough.PARTNER:
        raise OperationError(_("Say where it was bought."), code="purchased_through")
    own = Subscription.objects.sold_by(provider_id)
    if guid is not None and own.filter(microsoft_id=str(guid)).exists():
        raise OperationError(_("This subscription is here already."), code="subscription_known")
    same = own.filter(
        customer_id=row.customer_id, offer_name=name, seller_name=seller_name, microsoft_id=None
    )
    if guid is None and same.live().exists():
        raise OperationError(_("This subscription is registered already."), code="subscription_known")
    try:
        with transaction.atomic():
            subscription = Subscription.objects.create(
                provider=row.partner,
                customer=row.customer,
                microsoft_id=str(guid) if guid else None,
                offer_name=name,
                seller_name=seller_name,
                purchased_through=purchased_through,
                status=Status.ACTIVE,
                recorded_at=now,
            )
    except IntegrityError as error:  # the same id, registered at the same moment
        raise OperationError(_("This subscription is here already."), code="subscription_known") from error
    event = audit.record(
        Action.SUBSCRIPTION_REGISTERED,
        acting=acting,
        organisation=row.partner.organisation,
        at=now,
        permission=Permission.CONTACT_ASSIGN,
        after={
            "subscription": subscription.public_id,
            "offer": name,
            "seller": seller_name,
            "purchased_through": purchased_through,
            "customer": {"id": str(row.customer_id), "name": row.company_name},
        },
        customer_id=row.customer_id,
        subscription_id=subscription.pk,
    )
    defer("portal.tell", event_id=event.pk)
    return subscription


@patience()
@transaction.atomic(durable=True)
def remove_registered(subscription: Subscription, *, acting: Actor) -> Subscription:
    """The customer takes a registered subscription off its page: it ends now, and its designation with it.

    Removing twice changes nothing.
    """
    require(acting, Permission.RELATIONSHIP_END)
    acting = still(acting, Permission.RELATIONSHIP_END)
    if subscription.customer_id != acting.organisation.pk or not subscription.is_bought_elsewhere:
        raise NotVisible
    lock_share(Partner, [subscription.provider_id])
    row = next(iter(_locked([subscription.pk])), None)
    if row is None:
        raise NotVisible
    if row.is_live:
        event = _remove(row, at=now_under_lock([row]), acting=acting, permission=Permission.RELATIONSHIP_END)
        defer("portal.tell", event_id=event.pk)
    return row


def registered_ended_with(
    relationship: CustomerRelationship, *, acting: Actor, at: datetime | None = None
) -> list[AuditEvent]:
    """What a partner registered at a customer ends with its relationship to it, each with its event.

    Inside the caller's transaction, once the relationship is closed. A second call finds nothing left.
    """
    ids = (
        Subscription.objects.filter(
            provider_id=relationship.partner_id, customer_id=relationship.customer_id, status__in=LIVE
        )
        .exclude(purchased_through=PurchasedThrough.PARTNER)
        .values_list("pk", flat=True)
    )
    rows = [row for row in _locked(list(ids)) if row.is_live]
    if not rows:
        return []
    now = max(now_under_lock(rows), at or timezone.now())
    return [_remove(row, at=now, acting=acting) for row in rows]


@patience()
@transaction.atomic(durable=True)
def end_registered(relationship: CustomerRelationship) -> list[AuditEvent]:
    """The same as an act of the portal itself, for a relationship that is over: what a job may do twice."""
    if relationship.ended_at is None:
        return []
    lock_share(Partner, [relationship.partner_id])
    again = CustomerRelationship.objects.filter(
        partner_id=relationship.partner_id, customer_id=relationship.customer_id, ended_at=None
    )
    lock_share(CustomerRelationship, again.values_list("pk", flat=True))
    if again.filter(established_at__isnull=False).exists():
        return []
    acting = Actor.system(relationship.partner.organisation)
    return registered_ended_with(relationship, acting=acting)


def relationships_over() -> list[CustomerRelationship]:
    """Ended relationships whose partner still has something registered at the customer: an import ended them, say."""
    established = CustomerRelationship.objects.filter(
        partner=OuterRef("provider"),
        customer=OuterRef("customer"),
        ended_at=None,
        established_at__isnull=False,
    )
    left = (
        Subscription.objects.live()
        .exclude(purchased_through=PurchasedThrough.PARTNER)
        .exclude(there_is(established))
        .values_list("provider_id", "customer_id")
        .distinct()
    )
    found = []
    for provider_id, customer_id in left:
        rows = CustomerRelationship.objects.filter(partner_id=provider_id, customer_id=customer_id)
        row = (
            rows.exclude(ended_at=None).select_related("partner__organisation").order_by("-ended_at").first()
        )
        found.extend([row] if row else [])
    return found


def _locked(ids: list[uuid.UUID]) -> list[Subscription]:
    return list(
        Subscription.objects.filter(pk__in=ids)
        .select_related("provider__organisation", "customer__organisation")
        .order_by("pk")
        .select_for_update(of=("self",))
    )


def _remove(
    row: Subscription, *, at: datetime, acting: Actor, permission: Permission | None = None
) -> AuditEvent:
    stored = (
        Designation.objects.stored().select_related("partner__organisation").filter(subscription=row).first()
    )
    event = apply_end(
        row,
        stored,
        EndedAs.REMOVED,
        at=at,
        acting=acting,
        permission=permission,
        action=Action.SUBSCRIPTION_REMOVED,
    )
    row.status, row.ended_at = Status.DELETED, at
    row.save(update_fields=["status", "ended_at"])
    return event
