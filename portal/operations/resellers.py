"""The life of a reseller relationship: request, answer, agreement, end (R10).

Rows are locked in the order of `portal.locks`: membership, both partners (share), then the pair's relationship rows
for update. `requested → established | declined | withdrawn | lapsed`, `established → ended`.
"""

import hashlib
import json
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.actor import Actor
from portal.audit import record
from portal.authority import still
from portal.errors import Conflict, NotVisible, OperationError
from portal.jobs import defer
from portal.locks import lock_share, patience
from portal.models import (
    LAPSES_AFTER,
    Action,
    AnswerLink,
    EndedAs,
    OrganisationInvitation,
    Partner,
    ResellerRelationship,
    State,
    User,
)
from portal.operations import answer_links
from portal.permissions import Permission, require

LINK = AnswerLink.Kind.RESELLER_RELATIONSHIP


@dataclass(frozen=True, slots=True)
class Agreement:
    """The support agreement of a relationship: text and dates, no workflow."""

    agreement_reference: str = ""
    agreement_scope: str = ""
    agreement_valid_until: date | None = None
    escalation_contact: str = ""

    @classmethod
    def of(cls, row: ResellerRelationship | OrganisationInvitation) -> "Agreement":
        return cls(*(getattr(row, name) for name in cls.__slots__))

    @property
    def mark(self) -> str:
        """What a form carries of the agreement its reader saw: another one has another mark."""
        return hashlib.sha256(json.dumps(asdict(self), default=str).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Requested:
    """A request was made, or its link renewed. `token` leads to the answer and is shown once."""

    relationship: ResellerRelationship
    token: str


@dataclass(frozen=True, slots=True)
class AlreadyThere:
    """There is a relationship, or a request that waits, already. Nothing was written."""

    relationship: ResellerRelationship


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
    row, now = _lock_one(relationship, own_as="provider", acting=acting)
    _must_wait(row, now)
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
    row, now = _lock_one(relationship, own_as="provider", acting=acting)
    if row.ended_as == EndedAs.WITHDRAWN:
        return row
    _must_wait(row, now)
    close(row, EndedAs.WITHDRAWN, at=now)
    tell_of(Action.RESELLER_RELATIONSHIP_WITHDRAWN, row, acting, now, Permission.RELATIONSHIP_REQUEST)
    return row


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
    row, now = _lock_one(relationship, own_as="reseller", acting=acting)
    if row.state(now) == State.ESTABLISHED:
        return row
    _must_wait(row, now)
    _same_agreement(row, seen)
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
    row, now = _lock_one(relationship, own_as="reseller", acting=acting)
    if row.ended_as == EndedAs.DECLINED:
        return row
    _must_wait(row, now)
    close(row, EndedAs.DECLINED, at=now)
    tell_of(Action.RESELLER_RELATIONSHIP_DECLINED, row, acting, now, Permission.REQUEST_ANSWER, note=note)
    return row


@patience()
@transaction.atomic(durable=True)
def end_reseller_relationship(
    relationship: ResellerRelationship, *, acting: Actor, note: str = ""
) -> ResellerRelationship:
    """End it from either side, now. Grants stay; designations that rested on it need attention at once (R8, R10)."""
    require(acting, Permission.RELATIONSHIP_END)
    acting = still(acting, Permission.RELATIONSHIP_END)
    row, now = _lock_one(relationship, own_as="either", acting=acting)
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
    row, now = _lock_one(relationship, own_as="provider", acting=acting)
    before = Agreement.of(row)
    if before == agreement:
        return row
    if row.state(now) not in (State.REQUESTED, State.ESTABLISHED):
        raise OperationError(_("This relationship has ended."), code="relationship_ended")
    _same_agreement(row, seen)
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


# -- parts, inside the caller's transaction


def ask(
    provider: Partner,
    reseller: Partner,
    *,
    acting: Actor,
    requested_by: User | None,
    message: str,
    agreement: Agreement,
) -> Requested | AlreadyThere:
    """A request that waits for its answer; or what is there of it already. May `acting` is asked before."""
    if not provider.is_provider or not reseller.is_indirect_reseller or provider.pk == reseller.pk:
        raise OperationError(_("Only a reseller can be asked for this."), code="not_a_reseller")
    rows, now = lock_pair(provider.pk, reseller.pk)
    open_row = next((row for row in rows if row.ended_at is None), None)
    if open_row is not None:
        if open_row.state(now) != State.LAPSED:
            return AlreadyThere(open_row)
        close(open_row, EndedAs.LAPSED, at=open_row.lapses_at or now)
    try:
        with transaction.atomic():
            relationship = ResellerRelationship.objects.create(
                provider=provider,
                reseller=reseller,
                requested_at=now,
                requested_by=requested_by,
                lapses_at=now + LAPSES_AFTER,
                message=message,
                **asdict(agreement),
            )
    except IntegrityError:
        # A first request has no row to wait for: somebody else's was written between our look and ours.
        rows, now = lock_pair(provider.pk, reseller.pk)
        return AlreadyThere(next(row for row in rows if row.ended_at is None))
    tell_of(
        Action.RESELLER_RELATIONSHIP_REQUESTED, relationship, acting, now, Permission.RELATIONSHIP_REQUEST
    )
    token = answer_links.renew(LINK, relationship.pk, organisation=reseller.organisation, at=now)
    return Requested(relationship, token)


def close(row: ResellerRelationship, how: EndedAs, *, at: datetime) -> None:
    """Write the end of a row the caller holds, and of the link that led to it."""
    row.ended_at, row.ended_as = at, how
    row.save(update_fields=["ended_at", "ended_as"])
    answer_links.end(LINK, row.pk, at=at)


def own_partner(acting: Actor) -> Partner:
    if not acting.organisation.is_partner:
        raise NotVisible
    return acting.organisation.partner


def lock_pair(
    provider_id: uuid.UUID, reseller_id: uuid.UUID
) -> tuple[Sequence[ResellerRelationship], datetime]:
    lock_share(Partner, [provider_id, reseller_id])
    rows = list(
        ResellerRelationship.objects.filter(provider_id=provider_id, reseller_id=reseller_id)
        .select_related("provider__organisation", "reseller__organisation")
        .order_by("pk")
        .select_for_update(of=("self",))
    )
    # Hosts' clocks differ: nothing begins before what it follows has ended.
    boundaries = [b for row in rows for b in (row.requested_at, row.established_at, row.ended_at) if b]
    return rows, max([timezone.now(), *boundaries])


def _lock_one(
    relationship: ResellerRelationship, *, own_as: str, acting: Actor
) -> tuple[ResellerRelationship, datetime]:
    me = acting.organisation.pk
    sides = {"provider": relationship.provider_id == me, "reseller": relationship.reseller_id == me}
    if not (any(sides.values()) if own_as == "either" else sides[own_as]):
        raise NotVisible
    rows, now = lock_pair(relationship.provider_id, relationship.reseller_id)
    return next(row for row in rows if row.pk == relationship.pk), now


def _must_wait(row: ResellerRelationship, now: datetime) -> None:
    if row.state(now) != State.REQUESTED:
        raise OperationError(_("This request does not wait for an answer any more."), code="request_closed")


def _same_agreement(row: ResellerRelationship, seen: str) -> None:
    if seen and seen != Agreement.of(row).mark:
        raise Conflict(_("The agreement was changed after you opened the page."), code="agreement_changed")


def tell_of(
    action: Action,
    row: ResellerRelationship,
    acting: Actor,
    at: datetime,
    permission: Permission,
    *,
    note: str = "",
    before: dict[str, object] | None = None,
) -> None:
    """One event, in the provider's record, and the mail that tells of it."""
    event = record(
        action,
        acting=acting,
        organisation=row.provider.organisation,
        at=at,
        permission=permission,
        note=note,
        before=before,
        after={
            "relationship": str(row.pk),
            "provider": {"id": str(row.provider_id), "name": row.provider.name},
            "reseller": {"id": str(row.reseller_id), "name": row.reseller.name},
            **{key: str(value or "") for key, value in asdict(Agreement.of(row)).items()},
        },
        partner_ids=[row.provider_id, row.reseller_id],
    )
    defer("portal.tell", event_id=event.pk)
