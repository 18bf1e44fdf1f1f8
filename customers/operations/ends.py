"""How a customer relationship and delegated admin end by a person's act (R10). The clock needs none of this (R7)."""

from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from customers.models import CustomerRelationship, DelegatedAdmin
from customers.operations.core import (
    Held,
    close_by_clock,
    close_grant,
    close_relationship,
    hold,
    note_change,
)
from portal.actor import Actor
from portal.authority import still
from portal.errors import NotVisible, OperationError
from portal.locks import lock_share, patience
from portal.models import Action, EndedAs, Partner, State
from portal.permissions import Permission, require

END = Permission.RELATIONSHIP_END


@patience()
@transaction.atomic(durable=True)
def end_delegated_admin(grant: DelegatedAdmin, *, acting: Actor, note: str = "") -> DelegatedAdmin:
    """The customer takes one grant back, now; the relationship stays. Ending twice changes nothing."""
    relationship = CustomerRelationship.objects.get(pk=grant.relationship_id)
    found, acting = _hold_as_customer(relationship, acting)
    locked = next((row for row in found.grants if row.pk == grant.pk), None)
    if locked is None or locked.state(found.now) != State.ESTABLISHED:
        return DelegatedAdmin.objects.get(pk=grant.pk)
    _end_grant(locked, found, acting, note=note)
    return locked


@patience()
@transaction.atomic(durable=True)
def end_admin_rights(relationship: CustomerRelationship, *, acting: Actor, note: str = "") -> int:
    """The customer takes back all a partner holds, now, each with its event; the relationship stays.

    Answers how many grants ended. What only waits for an answer keeps waiting.
    """
    found, acting = _hold_as_customer(relationship, acting)
    active = [grant for grant in found.grants if grant.state(found.now) == State.ESTABLISHED]
    for grant in active:
        _end_grant(grant, found, acting, note=note)
    return len(active)


@patience()
@transaction.atomic(durable=True)
def end_customer_relationship(
    relationship: CustomerRelationship,
    *,
    acting: Actor,
    live_subscriptions: Callable[[CustomerRelationship], Sequence[object]],
    along: Callable[[CustomerRelationship, Actor, datetime], None] | None = None,
    note: str = "",
) -> CustomerRelationship:
    """End it from either side, and its grants with it, each with its event.

    A seller's only when no live subscription is left: `live_subscriptions` (an upper app's question, asked under the
    lock) says which are. `along` ends what an upper app hangs on the relationship, in the same transaction. Ending
    twice changes nothing.
    """
    require(acting, END)
    acting = still(acting, END)
    if acting.organisation.pk not in (relationship.customer_id, relationship.partner_id):
        raise NotVisible
    lock_share(Partner, [relationship.partner_id])
    found = hold(relationship)
    row, now = found.row, found.now
    if row.ended_as == EndedAs.ENDED:
        return row
    if found.state != State.ESTABLISHED:
        raise OperationError(_("This relationship is not established."), code="relationship_not_established")
    if left := live_subscriptions(row):
        raise OperationError(
            _("Live subscriptions are left; they have to end first."), code="live_subscriptions", left=left
        )
    for grant in found.grants:
        _end_with_relationship(grant, found, acting)
    close_relationship(row, EndedAs.ENDED, now)
    note_change(Action.CUSTOMER_RELATIONSHIP_ENDED, row, acting, now, END, note=note)
    if along is not None:
        along(row, acting, now)
    return row


def _hold_as_customer(relationship: CustomerRelationship, acting: Actor) -> tuple[Held, Actor]:
    require(acting, END)
    acting = still(acting, END)
    if relationship.customer_id != acting.organisation.pk:
        raise NotVisible
    lock_share(Partner, [relationship.partner_id])
    return hold(relationship), acting


def _end_grant(
    grant: DelegatedAdmin, found: Held, acting: Actor, *, note: str = "", quiet: bool = False
) -> None:
    close_grant(grant, EndedAs.ENDED, found.now)
    action = Action.DELEGATED_ADMIN_ENDED
    note_change(action, found.row, acting, found.now, END, grant=grant, note=note, quiet=quiet)


def _end_with_relationship(grant: DelegatedAdmin, found: Held, acting: Actor) -> None:
    """Admin rights end, a request that waits is off; what the clock did already is only written down."""
    state = grant.state(found.now)
    if state == State.ESTABLISHED:
        _end_grant(grant, found, acting, quiet=True)
    elif state == State.REQUESTED:
        close_grant(grant, EndedAs.WITHDRAWN, found.now)
        action = Action.DELEGATED_ADMIN_WITHDRAWN
        note_change(action, found.row, acting, found.now, END, grant=grant, quiet=True)
    else:
        close_by_clock(grant, found.now)
