"""What a provider asks of a reseller: a relationship; resend, withdraw (R10)."""

from django.db import transaction

from portal.actor import Actor
from portal.authority import still
from portal.jobs import defer
from portal.locks import patience
from portal.models import Action, EndedAs, Partner, ResellerRelationship
from portal.operations import answer_links
from portal.operations.resellers.core import (
    LINK,
    Agreement,
    AlreadyThere,
    Requested,
    ask,
    close,
    lock_one,
    must_wait,
    own_partner,
    tell_of,
)
from portal.permissions import Permission, require


@patience()
@transaction.atomic(durable=True)
def request_reseller_relationship(
    reseller: Partner, *, acting: Actor, message: str = "", agreement: Agreement | None = None
) -> Requested | AlreadyThere:
    """Ask a reseller for a relationship with the actor's organisation. It may answer for 90 days."""
    require(acting, Permission.RELATIONSHIP_REQUEST)
    acting = still(acting, Permission.RELATIONSHIP_REQUEST)
    return ask(
        own_partner(acting),
        reseller,
        acting=acting,
        requested_by=acting.user,
        message=message,
        agreement=agreement or Agreement(),
    )


@patience()
@transaction.atomic(durable=True)
def renew_request(relationship: ResellerRelationship, *, acting: Actor, tell: bool = True) -> Requested:
    """Resend or, without `tell`, copy the link: a new link to the same request, which lapses on the same day."""
    require(acting, Permission.RELATIONSHIP_REQUEST)
    acting = still(acting, Permission.RELATIONSHIP_REQUEST)
    row, now = lock_one(relationship, own_as="provider", acting=acting)
    must_wait(row, now)
    token = answer_links.renew(LINK, row.pk, organisation=row.reseller.organisation, at=now)
    if tell:
        defer("portal.tell_of_request", relationship_id=row.pk, again=1)
    return Requested(row, token)


@patience()
@transaction.atomic(durable=True)
def withdraw_request(relationship: ResellerRelationship, *, acting: Actor) -> ResellerRelationship:
    """Take an unanswered request back. Withdrawing twice changes nothing."""
    require(acting, Permission.RELATIONSHIP_REQUEST)
    acting = still(acting, Permission.RELATIONSHIP_REQUEST)
    row, now = lock_one(relationship, own_as="provider", acting=acting)
    if row.ended_as == EndedAs.WITHDRAWN:
        return row
    must_wait(row, now)
    close(row, EndedAs.WITHDRAWN, at=now)
    tell_of(Action.RESELLER_RELATIONSHIP_WITHDRAWN, row, acting, now, Permission.RELATIONSHIP_REQUEST)
    return row
