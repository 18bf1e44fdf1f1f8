"""What a reseller does with its duties: acknowledge, decline, hand back (R2). It never chooses who comes next.

Rows are locked in the order of `portal.locks`: membership, both partners (share), then the subscription for update,
the same row an agent's choice holds. So an answer and a choice have only two orders.
"""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from portal import audit
from portal.actor import Actor
from portal.authority import still
from portal.errors import NotVisible, OperationError
from portal.jobs import defer
from portal.locks import lock_share, patience
from portal.models import Action, AuditEvent, Notice, Partner
from portal.permissions import Permission, require
from subscriptions.models import Subscription
from support_contacts.models import Designation, EndedAs
from support_contacts.operations.core import apply_end, now_under_lock

MAY = Permission.REQUEST_ANSWER


@patience()
@transaction.atomic(durable=True)
def acknowledge_duty(designation: Designation, *, acting: Actor) -> Designation:
    """The reseller has seen it and takes it on. Nothing else changes; acknowledging twice writes nothing."""
    acting, row, now = _lock(designation, acting)
    _must_stand(row)
    if row.acknowledged_at is None:
        row.acknowledged_at = now
        row.save(update_fields=["acknowledged_at"])
        _record(Action.DESIGNATION_ACKNOWLEDGED, row, acting, now, after={})
    return row


@patience()
@transaction.atomic(durable=True)
def decline_duty(designation: Designation, *, acting: Actor, reason: str) -> Designation:
    """The reseller says no: the designation ends now, and the provider is the contact. Twice changes nothing."""
    acting, row, now = _lock(designation, acting)
    if row.ended_as == EndedAs.DECLINED:
        return row
    _must_stand(row)
    _end(row, EndedAs.DECLINED, acting, now, reason)
    return row


@patience()
@transaction.atomic(durable=True)
def hand_back_duty(designation: Designation, *, at: datetime, acting: Actor, reason: str) -> Designation:
    """The reseller supports it until `at`; from then on the provider is the contact, without any job (R7).

    An instant that has come already ends it now; one to come is announced, and may be announced anew. What was
    handed back and announced for the same instant before changes nothing.
    """
    acting, row, now = _lock(designation, acting)
    if row.ended_as == EndedAs.HANDED_BACK:
        return row
    _must_stand(row)
    if at <= now:
        _end(row, EndedAs.HANDED_BACK, acting, now, reason)
    elif row.hands_back_at != at:
        before = {"hands_back_at": row.hands_back_at.isoformat() if row.hands_back_at else None}
        row.hands_back_at = at
        row.save(update_fields=["hands_back_at"])
        after = {"hands_back_at": at.isoformat()}
        _record(
            Action.DESIGNATION_HAND_BACK_PLANNED, row, acting, now, before=before, after=after, note=reason
        )
        _notify(row, Notice.Kind.DESIGNATION_HANDED_BACK, at=at.isoformat())
    return row


@patience()
@transaction.atomic(durable=True)
def keep_duty(designation: Designation, *, acting: Actor) -> Designation:
    """The reseller takes back a hand-back whose day has not come. Where none is announced nothing changes."""
    acting, row, now = _lock(designation, acting)
    _must_stand(row)
    if row.hands_back_at is None:
        return row
    if row.hands_back_at <= now:
        raise OperationError(_("The day has come: it is handed back."), code="handed_back")
    before = {"hands_back_at": row.hands_back_at.isoformat()}
    row.hands_back_at = None
    row.save(update_fields=["hands_back_at"])
    _record(
        Action.DESIGNATION_HAND_BACK_PLANNED, row, acting, now, before=before, after={"hands_back_at": None}
    )
    Notice.objects.unseen().filter(
        organisation=row.provider_id, kind=Notice.Kind.DESIGNATION_HANDED_BACK, data__designation=str(row.pk)
    ).delete()
    return row


# -- parts


def _lock(designation: Designation, acting: Actor) -> tuple[Actor, Designation, datetime]:
    require(acting, MAY)
    acting = still(acting, MAY)
    if designation.partner_id != acting.organisation.pk:
        raise NotVisible
    lock_share(Partner, [designation.provider_id, designation.partner_id])
    subscription = (
        Subscription.objects.filter(pk=designation.subscription_id)
        .select_related("provider__organisation", "customer__organisation")
        .select_for_update(of=("self",))
        .get()
    )
    row = Designation.objects.select_related("partner__organisation").get(pk=designation.pk)
    row.subscription, row.provider = subscription, subscription.provider
    return acting, row, now_under_lock([subscription])


def _must_stand(row: Designation) -> None:
    """Somebody else was first, or the subscription is over: there is nothing to answer any more."""
    if row.ended_at is not None or not row.subscription.is_live:
        raise OperationError(
            _("You do not support this any more. Nothing was changed."), code="designation_ended"
        )


def _end(row: Designation, how: EndedAs, acting: Actor, now: datetime, reason: str) -> None:
    event = apply_end(row.subscription, row, how, at=now, acting=acting, permission=MAY, note=reason)
    defer("portal.tell", event_id=event.pk)
    kinds = {
        EndedAs.DECLINED: Notice.Kind.DESIGNATION_DECLINED,
        EndedAs.HANDED_BACK: Notice.Kind.DESIGNATION_HANDED_BACK,
    }
    _notify(row, kinds[how])


def _record(
    action: Action,
    row: Designation,
    acting: Actor,
    at: datetime,
    *,
    after: Mapping[str, object],
    before: Mapping[str, object] | None = None,
    note: str = "",
) -> AuditEvent:
    """One event in the provider's record, the reseller its actor; and whoever wants to know is told."""
    named = {"id": str(row.partner_id), "name": row.partner.name, "partner_id": row.partner.partner_id}
    event = audit.record(
        action,
        acting=acting,
        organisation=row.provider.organisation,
        at=at,
        permission=MAY,
        before=before,
        after={"designated": named, **after},
        note=note,
        customer_id=row.subscription.customer_id,
        subscription_id=row.subscription_id,
        partner_ids=[row.partner_id],
    )
    defer("portal.tell", event_id=event.pk)
    return event


def _notify(row: Designation, kind: Notice.Kind, *, at: str = "") -> None:
    """Everybody of the provider sees it in the portal until it is seen; one notice a designation."""
    Notice.objects.unseen().filter(organisation=row.provider_id, data__designation=str(row.pk)).delete()
    Notice.objects.create(
        organisation=row.provider.organisation,
        kind=kind,
        path=f"{reverse('contacts:list')}?attention=1"
        if not at
        else reverse(
            "customers:subscription", args=[row.subscription.customer_id, row.subscription.public_id]
        ),
        data={
            "designation": str(row.pk),
            "subscription": str(row.subscription_id),
            "offer": row.subscription.name,
            "customer_id": str(row.subscription.customer_id),
            "partner": row.partner.name,
            "at": at,
        },
    )
