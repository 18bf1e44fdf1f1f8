"""What the operations on reseller relationships share: the rows they hold, how one is asked for and closed, the record.

Rows are locked in the order of `portal.locks`: membership, both partners (share), then the pair's relationship rows
for update.
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
from portal.errors import Conflict, NotVisible, OperationError
from portal.jobs import defer
from portal.locks import lock_share
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
from portal.permissions import Permission

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


def lock_one(
    relationship: ResellerRelationship, *, own_as: str, acting: Actor
) -> tuple[ResellerRelationship, datetime]:
    me = acting.organisation.pk
    sides = {"provider": relationship.provider_id == me, "reseller": relationship.reseller_id == me}
    if not (any(sides.values()) if own_as == "either" else sides[own_as]):
        raise NotVisible
    rows, now = lock_pair(relationship.provider_id, relationship.reseller_id)
    return next(row for row in rows if row.pk == relationship.pk), now


def must_wait(row: ResellerRelationship, now: datetime) -> None:
    if row.state(now) != State.REQUESTED:
        raise OperationError(_("This request does not wait for an answer any more."), code="request_closed")


def same_agreement(row: ResellerRelationship, seen: str) -> None:
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
