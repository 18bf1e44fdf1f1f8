"""The life of a customer relationship and of delegated admin: request, answer, extend, end (R10).

One request may ask for the relationship, for delegated admin, or for both; the customer answers it as one. Rows are
locked in the order of `portal.locks`: membership, partners (share), relationship rows, then grants, for update.
"""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from customers.models import Customer, CustomerRelationship, DelegatedAdmin
from portal.actor import Actor
from portal.audit import record
from portal.authority import still
from portal.errors import NotVisible, OperationError
from portal.jobs import defer
from portal.locks import lock_share, patience
from portal.models import LAPSES_AFTER, Action, AnswerLink, EndedAs, Partner, ResellerRelationship, State
from portal.operations import answer_links
from portal.permissions import Permission, require

LINK = AnswerLink.Kind.CUSTOMER_RELATIONSHIP
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
    is asked for only where there is none.
    """
    needed = Permission.DELEGATED_ADMIN_REQUEST if days is not None else Permission.RELATIONSHIP_REQUEST
    require(acting, needed)
    acting = still(acting, needed)
    if days is not None and not 1 <= days <= LONGEST:
        raise OperationError(_("Delegated admin lasts between 1 and 730 days."), code="days")
    lock_share(Partner, [acting.organisation.pk, partner.pk])
    _may_ask_for(partner, customer, acting)
    relationship, grants, now = _lock(partner.pk, customer.pk)
    established = relationship is not None and relationship.state(now) == State.ESTABLISHED
    waiting = next((grant for grant in grants if grant.state(now) == State.REQUESTED), None)
    if days is None and relationship is not None and relationship.state(now) in (State.ESTABLISHED, State.REQUESTED):
        return AlreadyThere(relationship, waiting)
    if days is not None and waiting is not None and relationship is not None:
        return AlreadyThere(relationship, waiting)
    if relationship is not None and relationship.state(now) == State.LAPSED:
        _close_relationship(relationship, EndedAs.LAPSED, relationship.lapses_at or now)
        relationship = None
    if relationship is None:
        relationship = CustomerRelationship.objects.create(
            partner=partner,
            customer=customer,
            company_name=company_name or _known_name(acting.organisation.pk, customer),
            domain=customer.organisation.domain,
            country=customer.organisation.country,
            requested_at=now,
            requested_by=acting.user,
            requested_for_id=None if partner.pk == acting.organisation.pk else acting.organisation.pk,
            lapses_at=now + LAPSES_AFTER,
            message=message,
        )
        _record(Action.CUSTOMER_RELATIONSHIP_REQUESTED, relationship, acting, now, Permission.RELATIONSHIP_REQUEST)
    grant = None
    if days is not None:
        grant = DelegatedAdmin.objects.create(
            relationship=relationship,
            requested_for_id=acting.organisation.pk,
            requested_at=now,
            requested_by=acting.user,
            lapses_at=now + LAPSES_AFTER,
            days=days,
            message=message,
        )
        _record(Action.DELEGATED_ADMIN_REQUESTED, relationship, acting, now, needed, grant=grant, quiet=not established)
    token = answer_links.renew(LINK, relationship.pk, organisation=customer.organisation, at=now)
    return Requested(relationship, grant, token)


@patience()
@transaction.atomic(durable=True)
def renew_request(relationship: CustomerRelationship, *, acting: Actor) -> Requested:
    """Resend, or copy the link: a new link to what still waits. It still lapses on the same day."""
    require(acting, Permission.RELATIONSHIP_REQUEST)
    acting = still(acting, Permission.RELATIONSHIP_REQUEST)
    row, grants, now = _lock_own_request(relationship, acting)
    waiting = _waiting(row, grants, now)
    token = answer_links.renew(LINK, row.pk, organisation=row.customer.organisation, at=now)
    defer("customers.tell_of_request", relationship_id=row.pk, again=1)
    return Requested(row, waiting, token)


@patience()
@transaction.atomic(durable=True)
def withdraw_request(relationship: CustomerRelationship, *, acting: Actor) -> None:
    """Take back everything of this request that was not answered yet."""
    require(acting, Permission.RELATIONSHIP_REQUEST)
    acting = still(acting, Permission.RELATIONSHIP_REQUEST)
    row, grants, now = _lock_own_request(relationship, acting)
    _waiting(row, grants, now)
    _answer(row, grants, EndedAs.WITHDRAWN, acting, now, Permission.RELATIONSHIP_REQUEST)


@patience()
@transaction.atomic(durable=True)
def accept_request(relationship: CustomerRelationship, *, acting: Actor) -> CustomerRelationship:
    """The customer says yes to all of it: relationship now, delegated admin from now for the days asked for.

    Accepting twice changes nothing.
    """
    row, grants, now, acting = _lock_for_answer(relationship, acting)
    waiting = [grant for grant in grants if grant.state(now) == State.REQUESTED]
    if row.state(now) == State.ESTABLISHED and not waiting:
        return row
    _waiting(row, grants, now)
    if row.established_at is None:
        row.established_at = now
        row.save(update_fields=["established_at"])
        _record(Action.CUSTOMER_RELATIONSHIP_ESTABLISHED, row, acting, now, Permission.REQUEST_ANSWER)
    for grant in waiting:
        grant.established_at, grant.ends_at = now, now + timedelta(days=grant.days or LONGEST)
        grant.save(update_fields=["established_at", "ends_at"])
        _record(Action.DELEGATED_ADMIN_ESTABLISHED, row, acting, now, Permission.REQUEST_ANSWER, grant=grant)
    answer_links.end(LINK, row.pk, at=now)
    return row


@patience()
@transaction.atomic(durable=True)
def decline_request(relationship: CustomerRelationship, *, acting: Actor, note: str = "") -> None:
    """The customer says no to all of it. Declining twice changes nothing."""
    row, grants, now, acting = _lock_for_answer(relationship, acting)
    if row.state(now) != State.REQUESTED and not any(g.state(now) == State.REQUESTED for g in grants):
        return
    _answer(row, grants, EndedAs.DECLINED, acting, now, Permission.REQUEST_ANSWER, note=note)


@patience()
@transaction.atomic(durable=True)
def end_delegated_admin(grant: DelegatedAdmin, *, acting: Actor, note: str = "") -> DelegatedAdmin:
    """The customer takes admin rights back, now; the relationship stays. Ending twice changes nothing."""
    require(acting, Permission.RELATIONSHIP_END)
    acting = still(acting, Permission.RELATIONSHIP_END)
    relationship = CustomerRelationship.objects.get(pk=grant.relationship_id)
    if relationship.customer_id != acting.organisation.pk:
        raise NotVisible
    lock_share(Partner, [relationship.partner_id])
    _lock_relationship(relationship)
    locked = DelegatedAdmin.objects.select_for_update().get(pk=grant.pk)
    now = _not_before(timezone.now(), [locked])
    if locked.state(now) != State.ESTABLISHED:
        return locked
    _end_grant(locked, relationship, acting, now, note=note)
    return locked


@patience()
@transaction.atomic(durable=True)
def end_customer_relationship(
    relationship: CustomerRelationship,
    *,
    acting: Actor,
    live_subscriptions: Callable[[CustomerRelationship], Sequence[object]],
    note: str = "",
) -> CustomerRelationship:
    """End it from either side, and its grants with it, each with its event (R10).

    A seller's only when no live subscription is left: `live_subscriptions` (an upper app's question, asked under the
    lock) says which are. Ending twice changes nothing.
    """
    require(acting, Permission.RELATIONSHIP_END)
    acting = still(acting, Permission.RELATIONSHIP_END)
    if acting.organisation.pk not in (relationship.customer_id, relationship.partner_id):
        raise NotVisible
    lock_share(Partner, [relationship.partner_id])
    row = _lock_relationship(relationship)
    grants = list(DelegatedAdmin.objects.select_for_update().filter(relationship=row, ended_at=None).order_by("pk"))
    now = _not_before(timezone.now(), [row, *grants])
    if row.ended_as == EndedAs.ENDED:
        return row
    if row.state(now) != State.ESTABLISHED:
        raise OperationError(_("This relationship is not established."), code="relationship_not_established")
    if left := live_subscriptions(row):
        raise OperationError(
            _("Live subscriptions are left; they have to end first."), code="live_subscriptions", left=left
        )
    for grant in grants:
        if grant.state(now) == State.ESTABLISHED:
            _end_grant(grant, row, acting, now)
        else:
            how = EndedAs.EXPIRED if grant.established_at else EndedAs.WITHDRAWN
            _close_grant(grant, how, now if how == EndedAs.WITHDRAWN else grant.ends_at or now)
    _close_relationship(row, EndedAs.ENDED, now)
    _record(Action.CUSTOMER_RELATIONSHIP_ENDED, row, acting, now, Permission.RELATIONSHIP_END, note=note)
    return row


# -- parts


def _may_ask_for(partner: Partner, customer: Customer, acting: Actor) -> None:
    """For ourselves, or as provider for a reseller of ours, at a customer of ours."""
    me = acting.organisation.pk
    if not acting.is_provider:
        raise NotVisible
    if partner.pk == me:
        return
    now = timezone.now()
    ours = ResellerRelationship.objects.established(now).filter(provider_id=me, reseller=partner).exists()
    theirs = CustomerRelationship.objects.established(now).filter(partner_id=me, customer=customer).exists()
    if not (ours and theirs):
        raise OperationError(
            _("Delegated admin is asked for established resellers of yours, at your customers."), code="not_yours"
        )


def _known_name(provider_id: uuid.UUID, customer: Customer) -> str:
    known = CustomerRelationship.objects.filter(partner_id=provider_id, customer=customer).order_by("-pk").first()
    return known.company_name if known else customer.organisation.name


def _lock(
    partner_id: uuid.UUID, customer_id: uuid.UUID
) -> tuple[CustomerRelationship | None, list[DelegatedAdmin], datetime]:
    rows = list(
        CustomerRelationship.objects.filter(partner_id=partner_id, customer_id=customer_id)
        .select_related("partner__organisation", "customer__organisation")
        .order_by("pk")
        .select_for_update(of=("self",))
    )
    row = next((row for row in rows if row.ended_at is None), None)
    grants = (
        list(DelegatedAdmin.objects.select_for_update().filter(relationship=row, ended_at=None).order_by("pk"))
        if row
        else []
    )
    return row, grants, _not_before(timezone.now(), [*rows, *grants])


def _lock_relationship(relationship: CustomerRelationship) -> CustomerRelationship:
    return (
        CustomerRelationship.objects.select_related("partner__organisation", "customer__organisation")
        .select_for_update(of=("self",))
        .get(pk=relationship.pk)
    )


def _lock_own_request(
    relationship: CustomerRelationship, acting: Actor
) -> tuple[CustomerRelationship, list[DelegatedAdmin], datetime]:
    """A request of the actor's organisation, for itself or for one of its resellers."""
    me = acting.organisation.pk
    lock_share(Partner, [me, relationship.partner_id])
    row, grants, now = _lock(relationship.partner_id, relationship.customer_id)
    ours = [grant for grant in grants if grant.requested_for_id == me]
    if row is None or not (row.partner_id == me or row.requested_for_id == me or ours):
        raise NotVisible
    return row, ours, now


def _lock_for_answer(
    relationship: CustomerRelationship, acting: Actor
) -> tuple[CustomerRelationship, list[DelegatedAdmin], datetime, Actor]:
    require(acting, Permission.REQUEST_ANSWER)
    acting = still(acting, Permission.REQUEST_ANSWER)
    if relationship.customer_id != acting.organisation.pk:
        raise NotVisible
    lock_share(Partner, [relationship.partner_id])
    row = _lock_relationship(relationship)
    grants = list(DelegatedAdmin.objects.select_for_update().filter(relationship=row, ended_at=None).order_by("pk"))
    return row, grants, _not_before(timezone.now(), [row, *grants]), acting


def _waiting(row: CustomerRelationship, grants: Sequence[DelegatedAdmin], now: datetime) -> DelegatedAdmin | None:
    """The grant that waits, if one does. Raises where nothing of the request waits any more."""
    waiting = next((grant for grant in grants if grant.state(now) == State.REQUESTED), None)
    if waiting is None and row.state(now) != State.REQUESTED:
        raise OperationError(_("This request does not wait for an answer any more."), code="request_closed")
    return waiting


def _answer(
    row: CustomerRelationship,
    grants: Sequence[DelegatedAdmin],
    how: EndedAs,
    acting: Actor,
    now: datetime,
    permission: Permission,
    *,
    note: str = "",
) -> None:
    """Close whatever of this request waits, each part with its event."""
    declined = how == EndedAs.DECLINED
    for grant in grants:
        if grant.state(now) == State.REQUESTED:
            _close_grant(grant, how, now)
            action = Action.DELEGATED_ADMIN_DECLINED if declined else Action.DELEGATED_ADMIN_WITHDRAWN
            _record(action, row, acting, now, permission, grant=grant, note=note)
    if row.state(now) == State.REQUESTED:
        _close_relationship(row, how, now)
        action = Action.CUSTOMER_RELATIONSHIP_DECLINED if declined else Action.CUSTOMER_RELATIONSHIP_WITHDRAWN
        _record(action, row, acting, now, permission, note=note)
    answer_links.end(LINK, row.pk, at=now)


def _end_grant(
    grant: DelegatedAdmin, row: CustomerRelationship, acting: Actor, now: datetime, *, note: str = ""
) -> None:
    _close_grant(grant, EndedAs.ENDED, now)
    _record(Action.DELEGATED_ADMIN_ENDED, row, acting, now, Permission.RELATIONSHIP_END, grant=grant, note=note)


def _close_grant(grant: DelegatedAdmin, how: EndedAs, at: datetime) -> None:
    grant.ended_at, grant.ended_as = at, how
    grant.save(update_fields=["ended_at", "ended_as"])


def _close_relationship(row: CustomerRelationship, how: EndedAs, at: datetime) -> None:
    row.ended_at, row.ended_as = at, how
    row.save(update_fields=["ended_at", "ended_as"])
    answer_links.end(LINK, row.pk, at=at)


def _not_before(now: datetime, rows: Sequence[CustomerRelationship | DelegatedAdmin]) -> datetime:
    """Hosts' clocks differ: nothing begins before what it follows has ended."""
    boundaries = [b for row in rows for b in (row.requested_at, row.established_at, row.ended_at) if b]
    return max([now, *boundaries])


def _record(
    action: Action,
    row: CustomerRelationship,
    acting: Actor,
    at: datetime,
    permission: Permission,
    *,
    grant: DelegatedAdmin | None = None,
    note: str = "",
    quiet: bool = False,
) -> None:
    """One event, in the record of the partner it concerns, or of the provider that asked for it; and the mail."""
    asked_for = (grant and grant.requested_for) or row.requested_for or row.partner
    after: dict[str, object] = {
        "relationship": str(row.pk),
        "partner": {"id": str(row.partner_id), "name": row.partner.name},
        "customer": {"id": str(row.customer_id), "name": row.company_name},
    }
    if grant is not None:
        after |= {
            "delegated_admin": str(grant.pk),
            "days": grant.days,
            "ends_at": grant.ends_at.isoformat() if grant.ends_at else None,
        }
    event = record(
        action,
        acting=acting,
        organisation=asked_for.organisation,
        at=at,
        permission=permission,
        note=note,
        after=after,
        customer_id=row.customer_id,
        partner_ids=[row.partner_id],
    )
    if not quiet:
        defer("portal.tell", event_id=event.pk)
