"""What a reseller answers: yes, with the agreement it has read, or no (R10)."""

from django.db import transaction

from portal.actor import Actor
from portal.authority import still
from portal.locks import patience
from portal.models import Action, EndedAs, ResellerRelationship, State
from portal.operations import answer_links
from portal.operations.resellers.core import LINK, close, lock_one, must_wait, same_agreement, tell_of
from portal.permissions import Permission, require


@patience()
@transaction.atomic(durable=True)
def accept_request(
    relationship: ResellerRelationship, *, acting: Actor, seen: str = ""
) -> ResellerRelationship:
    """The reseller says yes, with the agreement as proposed. Accepting twice changes nothing.

    `seen` is the mark of the agreement the person read: Conflict when the provider has changed it since.
    """
    require(acting, Permission.REQUEST_ANSWER)
    acting = still(acting, Permission.REQUEST_ANSWER)
    row, now = lock_one(relationship, own_as="reseller", acting=acting)
    if row.state(now) == State.ESTABLISHED:
        return row
    must_wait(row, now)
    same_agreement(row, seen)
    row.established_at = now
    row.save(update_fields=["established_at"])
    answer_links.end(LINK, row.pk, at=now)
    tell_of(Action.RESELLER_RELATIONSHIP_ESTABLISHED, row, acting, now, Permission.REQUEST_ANSWER)
    return row


@patience()
@transaction.atomic(durable=True)
def decline_request(
    relationship: ResellerRelationship, *, acting: Actor, note: str = ""
) -> ResellerRelationship:
    """The reseller says no. Declining twice changes nothing."""
    require(acting, Permission.REQUEST_ANSWER)
    acting = still(acting, Permission.REQUEST_ANSWER)
    row, now = lock_one(relationship, own_as="reseller", acting=acting)
    if row.ended_as == EndedAs.DECLINED:
        return row
    must_wait(row, now)
    close(row, EndedAs.DECLINED, at=now)
    tell_of(Action.RESELLER_RELATIONSHIP_DECLINED, row, acting, now, Permission.REQUEST_ANSWER, note=note)
    return row
