"""What partners ask of a customer: a relationship, delegated admin, or both at once; resend, withdraw (R10)."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from customers.models import Ask, Customer, CustomerRelationship, DelegatedAdmin
from customers.operations.core import (
    Held,
    asker_of,
    close_by_clock,
    close_grant,
    close_relationship,
    closed,
    held,
    note_change,
    renew_link,
)
from portal.actor import Actor
from portal.authority import still
from portal.errors import NotVisible, OperationError
from portal.jobs import defer
from portal.locks import lock_share, patience
from portal.models import LAPSES_AFTER, Action, EndedAs, Partner, ResellerRelationship, State
from portal.permissions import Permission, require

LONGEST = 730


@dataclass(frozen=True, slots=True)
class Requested:
    """A request was made, or its link renewed. `token` leads to the answer and is shown once."""

    relationship: CustomerRelationship
    grant: DelegatedAdmin | None
    token: str


@dataclass(frozen=True, slots=True)
class AlreadyThere:
    """What was asked for is there, or waits for its answer, already. Nothing was written."""

    relationship: CustomerRelationship
    grant: DelegatedAdmin | None


@patience()
@transaction.atomic(durable=True)
def request_customer(
    customer: Customer,
    *,
    partner: Partner,
    acting: Actor,
    days: int | None = None,
    message: str = "",
    company_name: str = "",
) -> Requested | AlreadyThere:
    """Ask a customer for a relationship with `partner` and, with `days`, for delegated admin of that many days.

    `partner` is the actor's own organisation or, for a provider, one of its established resellers. The relationship
    is asked for only where there is none; delegated admin also while there is some, which then follows without a gap.
    What another provider asks for the same reseller is neither told nor in the way.
    """
    needed = Permission.DELEGATED_ADMIN_REQUEST if days is not None else Permission.RELATIONSHIP_REQUEST
    require(acting, needed)
    acting = still(acting, needed)
    if days is not None and not 1 <= days <= LONGEST:
        raise OperationError(_("Delegated admin lasts between 1 and 730 days."), code="days")
    me = acting.organisation.pk
    lock_share(Partner, [me, partner.pk])
    # Two first requests have no row to meet at: they meet at the customer.
    Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
    _may_ask_for(partner, customer, acting)
    found, now = _hold_pair(partner.pk, customer.pk)
    if found is not None:
        waiting = next(iter(found.asked_by(me)), None)
        is_there = found.state == State.ESTABLISHED if days is None else waiting is not None
        if is_there or (days is None and found.state == State.REQUESTED):
            return AlreadyThere(found.row, waiting)
        relationship = found.row
    else:
        relationship = CustomerRelationship.objects.create(
            partner=partner,
            customer=customer,
            company_name=company_name or _known_name(me, customer),
            domain=customer.organisation.domain,
            country=customer.organisation.country,
            requested_at=now,
            requested_by=acting.user,
            requested_for_id=None if partner.pk == me else me,
            lapses_at=now + LAPSES_AFTER,
            message=message,
        )
        note_change(
            Action.CUSTOMER_RELATIONSHIP_REQUESTED,
            relationship,
            acting,
            now,
            Permission.RELATIONSHIP_REQUEST,
            quiet=days is not None,
        )
    grant = None
    if days is not None:
        is_established = relationship.established_at is not None
        grant = DelegatedAdmin.objects.create(
            relationship=relationship,
            requested_for_id=me,
            requested_at=now,
            requested_by=acting.user,
            # Asked for together with a relationship, or while that waits, it can be answered as long as that can.
            lapses_at=now + LAPSES_AFTER if is_established else relationship.lapses_at,
            days=days,
            message=message,
        )
        note_change(Action.DELEGATED_ADMIN_REQUESTED, relationship, acting, now, needed, grant=grant)
        Ask.objects.filter(
            provider_id=me, reseller=partner, customer=customer, step=Ask.Step.DELEGATED_ADMIN, done_at=None
        ).update(done_at=now)
    return Requested(relationship, grant, renew_link(relationship, grant, now))


@patience()
@transaction.atomic(durable=True)
def renew_request(relationship: CustomerRelationship, *, acting: Actor, tell: bool = True) -> Requested:
    """Resend or, without `tell`, copy the link: a new link to what still waits, which lapses on the same day."""
    require(acting, Permission.RELATIONSHIP_REQUEST)
    acting = still(acting, Permission.RELATIONSHIP_REQUEST)
    found, grants = _hold_own_request(relationship, acting)
    if not grants and not _is_own(found, acting):
        raise closed()
    if tell:
        ids = {"relationship_id": found.row.pk, "asker_id": acting.organisation.pk}
        defer("customers.tell_of_request", **ids, again=1)
    grant = next(iter(grants), None)
    return Requested(found.row, grant, renew_link(found.row, grant, found.now))


@patience()
@transaction.atomic(durable=True)
def withdraw_request(relationship: CustomerRelationship, *, acting: Actor) -> None:
    """Take back everything of the actor's request that was not answered yet. Withdrawing twice changes nothing."""
    require(acting, Permission.RELATIONSHIP_REQUEST)
    acting = still(acting, Permission.RELATIONSHIP_REQUEST)
    found, grants = _hold_own_request(relationship, acting)
    now, row = found.now, found.row
    if not grants and not _is_own(found, acting):
        if _was_withdrawn(row, acting):
            return
        raise closed()
    for grant in grants:
        close_grant(grant, EndedAs.WITHDRAWN, now)
        action, needed = Action.DELEGATED_ADMIN_WITHDRAWN, Permission.DELEGATED_ADMIN_REQUEST
        note_change(action, row, acting, now, needed, grant=grant)
    others_wait = len(found.waiting) > 0
    if _is_own(found, acting) and not others_wait:
        close_relationship(row, EndedAs.WITHDRAWN, now)
        action = Action.CUSTOMER_RELATIONSHIP_WITHDRAWN
        note_change(action, row, acting, now, Permission.RELATIONSHIP_REQUEST, quiet=bool(grants))


def _may_ask_for(partner: Partner, customer: Customer, acting: Actor) -> None:
    """For ourselves, or as provider for a reseller of ours, at a customer of ours: both held until the end."""
    me = acting.organisation.pk
    if not acting.is_provider or customer.pk == me:
        raise NotVisible
    if partner.pk == me:
        return
    ours = ResellerRelationship.objects.filter(provider_id=me, reseller=partner, ended_at=None)
    lock_share(ResellerRelationship, ours.values_list("pk", flat=True))
    theirs = CustomerRelationship.objects.filter(partner_id=me, customer=customer, ended_at=None)
    lock_share(CustomerRelationship, theirs.values_list("pk", flat=True))
    now = timezone.now()
    if not (ours.established(now).exists() and theirs.established(now).exists()):
        raise OperationError(
            _("You can ask for established resellers of yours, at your customers."), code="not_yours"
        )


def _known_name(provider_id: uuid.UUID, customer: Customer) -> str:
    known = (
        CustomerRelationship.objects.filter(partner_id=provider_id, customer=customer).order_by("-pk").first()
    )
    return known.company_name if known else customer.organisation.name


def _hold_pair(partner_id: uuid.UUID, customer_id: uuid.UUID) -> tuple[Held | None, datetime]:
    """The open relationship of a pair, if it has one, and now. A request that lapsed is closed, with its grants."""
    rows = list(
        CustomerRelationship.objects.filter(partner_id=partner_id, customer_id=customer_id)
        .select_related("partner__organisation", "customer__organisation")
        .order_by("pk")
        .select_for_update(of=("self",))
    )
    row = next((row for row in rows if row.ended_at is None), None)
    now = max([timezone.now(), *(row.ended_at for row in rows if row.ended_at)])
    if row is None:
        return None, now
    found = held(row, before=rows)
    if found.state != State.LAPSED:
        return found, found.now
    for grant in found.grants:
        close_by_clock(grant, found.now)
    close_relationship(row, EndedAs.LAPSED, row.lapses_at or found.now)
    return None, found.now


def _hold_own_request(relationship: CustomerRelationship, acting: Actor) -> tuple[Held, list[DelegatedAdmin]]:
    """A request of the actor's organisation, for itself or for one of its resellers, and its grants that wait."""
    me = acting.organisation.pk
    lock_share(Partner, [me, relationship.partner_id])
    row = CustomerRelationship.objects.select_for_update().filter(pk=relationship.pk).first()
    if row is None or not (asker_of(row) == me or _asked_here(row, me)):
        raise NotVisible
    found = held(row)
    grants = found.asked_by(me)
    if grants:
        require(acting, Permission.DELEGATED_ADMIN_REQUEST)
    return found, grants


def _asked_here(row: CustomerRelationship, organisation_id: uuid.UUID) -> bool:
    return DelegatedAdmin.objects.filter(relationship=row, requested_for_id=organisation_id).exists()


def _is_own(found: Held, acting: Actor) -> bool:
    """The relationship itself waits, and the actor's organisation asked for it."""
    return found.state == State.REQUESTED and asker_of(found.row) == acting.organisation.pk


def _was_withdrawn(row: CustomerRelationship, acting: Actor) -> bool:
    last = row.delegated_admins.filter(requested_for_id=acting.organisation.pk).order_by("-pk").first()
    return EndedAs.WITHDRAWN in (row.ended_as, last.ended_as if last else "")
