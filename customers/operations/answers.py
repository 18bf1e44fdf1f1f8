"""What a customer's global admin answers: yes or no to a request, as one (R10).

A person answers what the page showed: `grants` are the ids of the delegated admin it named. What was asked for
meanwhile keeps waiting, and a request that was taken back meanwhile is not answered at all.
"""

import uuid
from collections.abc import Collection
from datetime import timedelta

from django.db import transaction

from customers.models import CustomerRelationship, DelegatedAdmin
from customers.operations.core import (
    LINK,
    Held,
    close_grant,
    close_relationship,
    closed,
    hold,
    note_change,
)
from customers.operations.requests import LONGEST
from portal.actor import Actor
from portal.authority import still
from portal.errors import NotVisible
from portal.locks import lock_share, patience
from portal.models import Action, EndedAs, Partner, State
from portal.operations import answer_links
from portal.permissions import Permission, require

ANSWER = Permission.PARTNER_REQUEST_ANSWER


@patience()
@transaction.atomic(durable=True)
def accept_request(
    relationship: CustomerRelationship, *, acting: Actor, grants: Collection[uuid.UUID] | None = None
) -> CustomerRelationship:
    """Yes: the relationship from now on, and delegated admin from now for the days asked for.

    Without `grants` everything that waits is meant. Accepting twice changes nothing.
    """
    found, acting = _hold_for_answer(relationship, acting)
    named = _named(found, grants)
    waiting = [grant for grant in named if grant.state(found.now) == State.REQUESTED]
    row, now = found.row, found.now
    if found.state not in (State.REQUESTED, State.ESTABLISHED):
        raise closed()
    if any(grant.state(now) not in (State.REQUESTED, State.ESTABLISHED) for grant in named):
        raise closed()
    if found.state == State.REQUESTED:
        row.established_at = now
        row.save(update_fields=["established_at"])
        answer_links.end(LINK, row.pk, at=now)
        action = Action.CUSTOMER_RELATIONSHIP_ESTABLISHED
        note_change(action, row, acting, now, ANSWER, quiet=bool(waiting))
    for grant in waiting:
        grant.established_at, grant.ends_at = now, now + timedelta(days=grant.days or LONGEST)
        grant.save(update_fields=["established_at", "ends_at"])
        answer_links.end(LINK, grant.pk, at=now)
        note_change(Action.DELEGATED_ADMIN_ESTABLISHED, row, acting, now, ANSWER, grant=grant)
    return row


@patience()
@transaction.atomic(durable=True)
def decline_request(
    relationship: CustomerRelationship,
    *,
    acting: Actor,
    grants: Collection[uuid.UUID] | None = None,
    note: str = "",
) -> None:
    """No. The relationship stays asked for while somebody else's request needs it. Twice changes nothing."""
    found, acting = _hold_for_answer(relationship, acting)
    row, now = found.row, found.now
    if _declined_already(row, grants):
        return
    named = _named(found, grants)
    waiting = [grant for grant in named if grant.state(now) == State.REQUESTED]
    if len(waiting) < len(named) or not (waiting or found.state == State.REQUESTED):
        raise closed()
    for grant in waiting:
        close_grant(grant, EndedAs.DECLINED, now)
        note_change(Action.DELEGATED_ADMIN_DECLINED, row, acting, now, ANSWER, grant=grant, note=note)
    if found.state == State.REQUESTED and not found.waiting:
        close_relationship(row, EndedAs.DECLINED, now)
        action = Action.CUSTOMER_RELATIONSHIP_DECLINED
        note_change(action, row, acting, now, ANSWER, note=note, quiet=bool(waiting))


def _hold_for_answer(relationship: CustomerRelationship, acting: Actor) -> tuple[Held, Actor]:
    require(acting, ANSWER)
    acting = still(acting, ANSWER)
    if relationship.customer_id != acting.organisation.pk:
        raise NotVisible
    lock_share(Partner, [relationship.partner_id])
    return hold(relationship), acting


def _named(found: Held, ids: Collection[uuid.UUID] | None) -> list[DelegatedAdmin]:
    """The grants that are meant, all still open. Raises where one was closed after the page was loaded."""
    if ids is None:
        return found.waiting
    named = [grant for grant in found.grants if grant.pk in ids]
    if len(named) < len(set(ids)):
        raise closed()
    return named


def _declined_already(row: CustomerRelationship, ids: Collection[uuid.UUID] | None) -> bool:
    if not ids:
        return row.ended_as == EndedAs.DECLINED
    return row.delegated_admins.filter(pk__in=ids, ended_as=EndedAs.DECLINED).count() == len(set(ids))
