"""What becomes of an established relationship: another agreement, its end (R8, R10)."""

from dataclasses import asdict

from django.db import transaction
from django.utils.translation import gettext as _

from portal.actor import Actor
from portal.authority import still
from portal.errors import OperationError
from portal.locks import patience
from portal.models import Action, EndedAs, ResellerRelationship, State
from portal.operations.resellers.core import Agreement, close, lock_one, same_agreement, tell_of
from portal.permissions import Permission, require


@patience()
@transaction.atomic(durable=True)
def end_reseller_relationship(
    relationship: ResellerRelationship, *, acting: Actor, note: str = ""
) -> ResellerRelationship:
    """End it from either side, now. Grants stay; designations that rested on it need attention at once (R8, R10)."""
    require(acting, Permission.RELATIONSHIP_END)
    acting = still(acting, Permission.RELATIONSHIP_END)
    row, now = lock_one(relationship, own_as="either", acting=acting)
    if row.ended_as == EndedAs.ENDED:
        return row
    if row.state(now) != State.ESTABLISHED:
        raise OperationError(_("This relationship is not established."), code="relationship_not_established")
    close(row, EndedAs.ENDED, at=now)
    tell_of(Action.RESELLER_RELATIONSHIP_ENDED, row, acting, now, Permission.RELATIONSHIP_END, note=note)
    return row


@patience()
@transaction.atomic(durable=True)
def change_agreement(
    relationship: ResellerRelationship, *, agreement: Agreement, acting: Actor, seen: str = ""
) -> ResellerRelationship:
    """Write the support agreement down. Nothing different: nothing is written.

    `seen` is the mark of the agreement the form was loaded with: Conflict when somebody has changed it since.
    """
    require(acting, Permission.RELATIONSHIP_REQUEST)
    acting = still(acting, Permission.RELATIONSHIP_REQUEST)
    row, now = lock_one(relationship, own_as="provider", acting=acting)
    before = Agreement.of(row)
    if before == agreement:
        return row
    if row.state(now) not in (State.REQUESTED, State.ESTABLISHED):
        raise OperationError(_("This relationship has ended."), code="relationship_ended")
    same_agreement(row, seen)
    for name, value in asdict(agreement).items():
        setattr(row, name, value)
    row.save(update_fields=list(asdict(agreement)))
    tell_of(
        Action.RESELLER_AGREEMENT_CHANGED,
        row,
        acting,
        now,
        Permission.RELATIONSHIP_REQUEST,
        before={key: str(value or "") for key, value in asdict(before).items()},
    )
    return row
