"""Erasing a person: the record keeps what was done, nobody can tell any more by whom.

Events hold a person's id and no name, so none of them changes and their seals still verify. The account is deleted,
not emptied: whatever hangs on it goes with it, also what is added to it one day. What people typed as free text (notes,
messages, an organisation's own support profile) stays, and mails to others that name the person go when all mails of
their age do.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from portal.actor import Actor, ActorKind
from portal.audit import draft, keep
from portal.errors import Busy, OperationError
from portal.identifiers import uuid7
from portal.locks import patience
from portal.models import (
    Action,
    AuditEvent,
    Mail,
    Membership,
    Organisation,
    OrganisationInvitation,
    PasswordLink,
    User,
)
from portal.operations.links import links, withdraw
from portal.operations.members import take_out
from portal.operations.reseller_invitations import close
from portal.permissions import Role


@dataclass(frozen=True, slots=True)
class Erased:
    """What there was of a person. `user_id` is what the record goes on calling them; None without an account."""

    user_id: uuid.UUID | None
    organisations: list[str]
    memberships: int
    invitations: int
    mails: int
    sessions: int


@patience()
@transaction.atomic(durable=True)
def erase_person(email: str) -> Erased:
    """Delete the account of this address and whatever else holds it; say so where the person ever belonged or acted.

    An operator's act. Refused while an organisation has no other global admin, and where nothing holds the address.
    """
    address, now, run = email.strip(), timezone.now(), str(uuid7())
    user = User.objects.filter(email__iexact=address).first()
    acted_for = _acted_for(user) if user else set()
    memberships = _hold(user) if user else []
    invited = list(
        links()
        .filter(email__iexact=address)
        .select_related("organisation")
        .order_by("pk")
        .select_for_update(of=("self",))
    )
    asked = list(
        OrganisationInvitation.objects.filter(email__iexact=address)
        .select_related("provider__organisation")
        .order_by("pk")
        .select_for_update(of=("self",))
    )
    if user:
        _hold_account(user, memberships)
    mails = Mail.objects.filter(Q(user=user) if user else Q(pk=None)) | Mail.objects.filter(
        address__iexact=address
    )
    if user is None and not invited and not asked and not mails.exists():
        raise OperationError("Nobody has this address here, and nothing was sent to it.", code="nobody")
    for member in memberships:
        _take_out(member, now, run)
    _close(invited, asked, now, run)
    _tell(user, acted_for | {member.organisation_id for member in memberships}, now, run)
    gone, _by_model = mails.delete()
    sessions = _end_sessions(user.pk) if user else 0
    names = [member.organisation.name for member in memberships]
    user_id = user.pk if user else None
    if user:
        user.delete()
    return Erased(user_id, names, len(memberships), len(invited) + len(asked), gone, sessions)


def _acted_for(user: User) -> set[uuid.UUID]:
    """The organisations in whose name they ever did something; who joined did. Reads all of the record."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '10min'")
    events = AuditEvent.objects.filter(actor_id=user.pk, actor_kind=ActorKind.PERSON)
    found = events.order_by().values_list("actor_organisation_id", flat=True).distinct()
    return {pk for pk in found if pk is not None}


def _hold(user: User) -> list[Membership]:
    """Their memberships, held with all global admins of those organisations.

    The second reading sees, and holds, whoever became a global admin while the first one waited.
    """
    own: list[Membership] = []
    for _reading in range(2):
        organisations = Membership.objects.filter(user=user).values("organisation")
        rows = (
            Membership.objects.filter(
                Q(user=user) | Q(organisation__in=organisations, roles__contains=[Role.GLOBAL_ADMIN])
            )
            .select_related("organisation")
            .order_by("pk")
            .select_for_update(of=("self",))
        )
        own = [row for row in rows if row.user_id == user.pk]
    return own


def _hold_account(user: User, memberships: list[Membership]) -> None:
    """After the invitations, as whoever joins takes them: from here on nobody comes in with this account."""
    User.objects.select_for_update().get(pk=user.pk)
    if Membership.objects.filter(user=user).count() != len(memberships):
        raise Busy("This person has just joined an organisation. Run it again.")


def _take_out(member: Membership, at: datetime, run: str) -> None:
    try:
        take_out(member, acting=Actor.operator(member.organisation, request_id=run), at=at)
    except OperationError as error:
        raise OperationError(f"{member.organisation.name}: {error}", code=error.code) from error


def _close(
    invited: Iterable[PasswordLink], asked: Iterable[OrganisationInvitation], at: datetime, run: str
) -> None:
    """Whoever is erased is not waited for. An organisation's invitation is the inviter's, and loses its address."""
    for link in invited:
        if link.used_at is None and link.withdrawn_at is None:
            withdraw(link, acting=Actor.operator(link.organisation, request_id=run), at=at)
        link.delete()
    for row in asked:
        if row.used_at is None and row.withdrawn_at is None:
            close(row, acting=Actor.operator(row.provider.organisation, request_id=run), at=at)
        row.email = row.message = ""
        row.save(update_fields=["email", "message"])


def _tell(user: User | None, organisation_ids: set[uuid.UUID], at: datetime, run: str) -> None:
    """One event in the record of each organisation: that it was done, and to whom as an id."""
    organisations = Organisation.objects.in_bulk(organisation_ids)
    keep(
        (
            draft(
                Action.PERSON_ERASED,
                acting=Actor.operator(organisation, request_id=run),
                organisation=organisation,
                at=at,
                before={"user": str(user.pk)} if user else {},
            ),
            "",
        )
        for _pk, organisation in sorted(organisations.items())
    )


def _end_sessions(user_id: uuid.UUID) -> int:
    """Delete their sessions; a session says whose it is inside alone."""
    theirs = [
        row.pk for row in Session.objects.iterator() if row.get_decoded().get("_auth_user_id") == str(user_id)
    ]
    return Session.objects.filter(pk__in=theirs).delete()[0]
