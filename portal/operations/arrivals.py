"""What an invited reseller does with its link (R10): confirm the id, and be here.

Organisation, first global admin and relationship come into being in one transaction. Where an organisation of that id
is here already by then, nothing is created: the invitation becomes an ordinary request, which that organisation's own
people answer.
"""

import uuid
from dataclasses import asdict, dataclass
from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.actor import Actor, ActorKind
from portal.audit import record
from portal.errors import OperationError
from portal.locks import lock_share, patience
from portal.models import (
    Action,
    EndedAs,
    Membership,
    Organisation,
    OrganisationInvitation,
    Partner,
    ResellerRelationship,
    State,
    User,
)
from portal.operations import answer_links
from portal.operations.accounts import LinkDead, SignInFirst
from portal.operations.reseller_invitations import find, is_open, names
from portal.operations.resellers.core import LINK, Agreement, Requested, ask, close, lock_pair, tell_of
from portal.permissions import Permission, Role


class WrongId(OperationError):
    """What was typed is not the id the invitation was made for."""

    default_code = "wrong_id"

    def __init__(self) -> None:
        super().__init__(
            _("This is not the ID the invitation was made for. Check it, or ask whoever invited you.")
        )


@dataclass(frozen=True, slots=True)
class Newcomer:
    """What the invitee says of their organisation and themselves. The password must have passed the validators."""

    organisation: str
    country: str
    time_zone: str
    name: str = ""
    password: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The organisation is here, with its first global admin and an established relationship."""

    membership: Membership
    relationship: ResellerRelationship


@dataclass(frozen=True, slots=True)
class AskedInstead:
    """An organisation of this id is here: its own people answer. `token` leads there, "" when nothing waits."""

    token: str


def accept_invitation(
    token: str, *, confirmed: str, newcomer: Newcomer, user: User | None = None, request_id: str = ""
) -> Accepted | AskedInstead:
    """The invitee confirms the id: organisation, first global admin and relationship, or a request to who is here.

    `user` is the signed-in person, whose address must be the invitation's; without one, an account is made. The
    password is hashed before anything is locked: that takes long.
    """
    hashed = "" if user else make_password(newcomer.password)
    try:
        return _accept(token, confirmed, newcomer, hashed, user, request_id)
    except IntegrityError as error:
        if "user_email" in str(error):
            raise SignInFirst from error
        # Two invitations of one organisation at once: the other one has made it by now.
        return _accept(token, confirmed, newcomer, hashed, user, request_id)


@patience()
@transaction.atomic(durable=True)
def ask_instead(token: str, *, confirmed: str, request_id: str = "") -> AskedInstead | None:
    """Where the organisation is here already: make it an ordinary request. None where it is still to be made."""
    invitation, now = _take(token, confirmed)
    found = _existing(invitation)
    if found is None or _may_take_over(found, invitation):
        return None
    return _ask_existing(invitation, found, now, request_id)


@patience()
@transaction.atomic(durable=True)
def _accept(
    token: str, confirmed: str, newcomer: Newcomer, hashed: str, user: User | None, request_id: str
) -> Accepted | AskedInstead:
    invitation, now = _take(token, confirmed)
    found = _existing(invitation)
    if found is not None and not _may_take_over(found, invitation):
        return _ask_existing(invitation, found, now, request_id)
    if user is None:
        if User.objects.filter(email__iexact=invitation.email).exists():
            raise SignInFirst
        user = User(email=invitation.email, name=newcomer.name.strip(), password=hashed)
        user.save(force_insert=True)
    elif user.email.casefold() != invitation.email.casefold():
        raise SignInFirst
    partner = _make(invitation, found, newcomer)
    membership = Membership(organisation=partner.organisation, user=user, roles=[Role.GLOBAL_ADMIN.value])
    membership.save(force_insert=True)
    acting = Actor(
        partner.organisation,
        roles=frozenset({Role.GLOBAL_ADMIN}),
        user=user,
        membership_id=membership.pk,
        request_id=request_id,
    )
    record(
        Action.ORGANISATION_CREATED,
        acting=acting,
        organisation=partner.organisation,
        at=now,
        after={
            "organisation": str(partner.pk),
            "name": partner.name,
            "kinds": ["indirect-reseller"],
            "partner_id": partner.partner_id,
            "adopted": found is not None,
            "invitation": str(invitation.pk),
        },
        partner_ids=[partner.pk],
    )
    record(
        Action.MEMBER_JOINED,
        acting=acting,
        organisation=partner.organisation,
        at=now,
        after={"user": str(user.pk), "roles": list(membership.roles), "invitation": str(invitation.pk)},
    )
    relationship = _establish(invitation, partner, acting)
    _use(invitation, now)
    return Accepted(membership, relationship)


def _make(invitation: OrganisationInvitation, found: Organisation | None, newcomer: Newcomer) -> Partner:
    """The organisation as its first person describes it; a stub of the inviter's is taken over."""
    organisation = found or Organisation(pk=invitation.tenant_id or uuid.uuid4())
    organisation.name, organisation.country = newcomer.organisation.strip(), newcomer.country
    organisation.time_zone, organisation.stubbed_by = newcomer.time_zone, None
    partner = found.partner if found else Partner(organisation=organisation)
    partner.partner_id = partner.partner_id or invitation.partner_id
    partner.is_indirect_reseller = True
    try:
        organisation.full_clean(validate_unique=False)
        partner.full_clean(exclude=["organisation"], validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        raise OperationError(" ".join(error.messages), code="invalid") from error
    organisation.save(force_insert=found is None)
    partner.organisation = organisation
    partner.save(force_insert=found is None)
    return partner


def _establish(invitation: OrganisationInvitation, partner: Partner, acting: Actor) -> ResellerRelationship:
    """The relationship the invitation asked for. A stub may hold one already: that one stays, or is answered."""
    rows, now = lock_pair(invitation.provider_id, partner.pk)
    row = next((row for row in rows if row.ended_at is None), None)
    if row is not None and row.state(now) == State.ESTABLISHED:
        return row
    if row is not None and row.state(now) == State.LAPSED:
        close(row, EndedAs.LAPSED, at=row.lapses_at or now)
        row = None
    if row is None:
        row = ResellerRelationship(
            provider=invitation.provider,
            reseller=partner,
            requested_at=min(invitation.created_at, now),
            requested_by_id=invitation.invited_by_id,
            message=invitation.message,
        )
    for name, value in asdict(Agreement.of(invitation)).items():
        setattr(row, name, value)
    row.established_at = now
    row.save()
    answer_links.end(LINK, row.pk, at=now)
    tell_of(Action.RESELLER_RELATIONSHIP_ESTABLISHED, row, acting, now, Permission.REQUEST_ANSWER)
    return row


def _ask_existing(
    invitation: OrganisationInvitation, found: Organisation, now: datetime, request_id: str
) -> AskedInstead:
    """Whoever holds the link confirmed the id, no more: the organisation's own people decide."""
    if not found.is_partner or not found.partner.is_indirect_reseller:
        raise OperationError(
            _(
                "An organisation with this ID is here already, but not as a reseller. The operator can change that."
            ),
            code="taken",
        )
    _use(invitation, now)
    asked = ask(
        invitation.provider,
        found.partner,
        acting=Actor(invitation.provider.organisation, kind=ActorKind.SYSTEM, request_id=request_id),
        requested_by=invitation.invited_by,
        message=invitation.message,
        agreement=Agreement.of(invitation),
    )
    if isinstance(asked, Requested):
        return AskedInstead(asked.token)
    return AskedInstead(answer_links.another_token(LINK, asked.relationship.pk))


# -- parts


def _take(token: str, confirmed: str) -> tuple[OrganisationInvitation, datetime]:
    """The invitation, held after its provider as `invite_reseller` does; its id confirmed."""
    seen = find(token)
    if seen is None:
        raise LinkDead
    lock_share(Partner, [seen.provider_id])
    row = (
        OrganisationInvitation.objects.select_related("provider__organisation", "invited_by")
        .select_for_update(of=("self",))
        .get(pk=seen.pk)
    )
    now = max(timezone.now(), row.created_at)
    if row.token_hash != seen.token_hash or not is_open(row, now):
        raise LinkDead
    if not names(row, confirmed):
        raise WrongId
    return row, now


def _existing(invitation: OrganisationInvitation) -> Organisation | None:
    """The organisation of this id, held, if there is one."""
    rows = Organisation.objects.select_for_update(of=("self",), no_key=True)
    rows = rows.select_related("partner", "customer")
    if invitation.tenant_id is not None:
        return rows.filter(pk=invitation.tenant_id).first()
    return rows.filter(partner__partner_id=invitation.partner_id).first()


def _may_take_over(found: Organisation, invitation: OrganisationInvitation) -> bool:
    """A stub that only the inviter's import ever named: nobody is in it, and nobody else's data hangs on it."""
    return (
        found.stubbed_by_id == invitation.provider_id
        and found.is_partner
        and not found.is_customer
        and not found.partner.is_provider
        and not Membership.objects.filter(organisation=found).exists()
        and not ResellerRelationship.objects.filter(reseller_id=found.pk)
        .exclude(provider_id=invitation.provider_id)
        .exists()
    )


def _use(row: OrganisationInvitation, at: datetime) -> None:
    row.used_at = at
    row.save(update_fields=["used_at"])
