"""Waiting for a reseller to become eligible for a subscription: said by the step somebody took, or asked for."""

import uuid

from django.db import transaction
from django.utils import timezone

from portal.actor import Actor
from portal.authority import still
from portal.errors import NotVisible
from portal.locks import patience
from portal.permissions import Permission, can, require
from subscriptions.models import Subscription
from support_contacts.models import Wish


@patience()
@transaction.atomic(durable=True)
def wait_for(subscription: Subscription, reseller_id: uuid.UUID, *, acting: Actor) -> None:
    """Remember that this person wants this reseller for this subscription. Twice changes nothing.

    Whoever could not choose it then does not wait for it.
    """
    if acting.user is None or not can(acting, Permission.CONTACT_ASSIGN):
        return
    if subscription.provider_id != acting.organisation.pk:
        raise NotVisible
    Wish.objects.get_or_create(
        provider_id=subscription.provider_id,
        subscription=subscription,
        reseller_id=reseller_id,
        user=acting.user,
        told_at=None,
    )


@patience()
@transaction.atomic(durable=True)
def was_told(wish: Wish, *, acting: Actor) -> Wish:
    """The person has seen it: it is not said again. Twice changes nothing."""
    require(acting, Permission.CONTACT_ASSIGN)
    acting = still(acting, Permission.CONTACT_ASSIGN)
    row = (
        Wish.objects.visible_to(acting).filter(pk=wish.pk, user=acting.user).select_for_update().first()
        if acting.user
        else None
    )
    if row is None:
        raise NotVisible
    if row.told_at is None:
        row.told_at = timezone.now()
        row.save(update_fields=["told_at"])
    return row
