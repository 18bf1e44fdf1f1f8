"""What everybody of an organisation is told, until one of them has seen to it."""

from django.db import transaction
from django.utils import timezone

from portal.actor import Actor
from portal.authority import still
from portal.errors import NotVisible
from portal.locks import lock_share, patience
from portal.models import AuditEvent, Notice, Partner
from portal.permissions import Permission, require
from subscriptions.models import Subscription
from support_contacts.models import Designation
from support_contacts.operations.core import now_under_lock, take_note


@patience()
@transaction.atomic(durable=True)
def see_end(designation: Designation, *, acting: Actor) -> list[AuditEvent]:
    """An agent has seen how a designation ended: it no longer stands under needs attention, for any of them.

    What agents work from changes, so it is recorded. Seeing twice changes nothing.
    """
    require(acting, Permission.CONTACT_ASSIGN)
    acting = still(acting, Permission.CONTACT_ASSIGN)
    provider_id = acting.organisation.pk
    lock_share(Partner, [provider_id])
    row = (
        Subscription.objects.visible_to(acting)
        .filter(pk=designation.subscription_id, provider_id=provider_id)
        .select_related("provider__organisation")
        .select_for_update(of=("self",))
        .first()
    )
    if row is None or designation.provider_id != provider_id:
        raise NotVisible
    return take_note(provider_id, [row], at=now_under_lock([row]), acting=acting)


@transaction.atomic(durable=True)
def see_notice(notice: Notice, *, acting: Actor) -> None:
    """Somebody opened it: it is not said again. Twice changes nothing.

    No event: what it tells of stays where it can be acted on, and to have been read changes nothing of that.
    """
    Notice.objects.visible_to(acting).filter(pk=notice.pk, seen_at=None).update(seen_at=timezone.now())
