"""A reseller that is not here yet is asked to come (R10): invite, renew the link, withdraw.

The inviter names it by PartnerID or Microsoft ID; `portal.operations.arrivals` is what the invitee does with the link.
"""

import secrets
import uuid
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from portal.actor import Actor
from portal.audit import record
from portal.authority import still
from portal.errors import NotVisible, OperationError
from portal.identifiers import canonical_guid
from portal.jobs import defer
from portal.locks import patience
from portal.models import Action, Membership, OrganisationInvitation, Partner
from portal.operations.accounts import LinkDead
from portal.operations.links import VALID_FOR, hash_of
from portal.operations.resellers.core import Agreement, own_partner
from portal.permissions import Permission, require
from portal.tenancy import TenantQuerySet


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation was made, or its link renewed. `token` is shown once; only its hash is stored."""

    invitation: OrganisationInvitation
    token: str


@dataclass(frozen=True, slots=True)
class InvitedAlready:
    """This reseller has an open invitation of ours. Nothing was written."""

    invitation: OrganisationInvitation


@patience()
@transaction.atomic(durable=True)
def invite_reseller(
    *,
    acting: Actor,
    email: str,
    partner_id: str = "",
    tenant_id: uuid.UUID | None = None,
    message: str = "",
    agreement: Agreement | None = None,
) -> Invited | InvitedAlready:
    """Invite an organisation by e-mail. One open invitation a reseller; one that has expired gives way.

    A PartnerID that is here already is refused, since it can be asked. Of a Microsoft ID nothing is told that the
    provider does not see anyway: such an invitation becomes a request when it is opened.
    """
    require(acting, Permission.RELATIONSHIP_REQUEST)
    acting = still(acting, Permission.RELATIONSHIP_REQUEST)
    provider = own_partner(acting)
    if not provider.is_provider:
        raise OperationError(_("Only a provider invites resellers."), code="not_a_provider")
    Partner.objects.select_for_update(of=("self",)).get(pk=provider.pk)
    if tenant_id == provider.pk or (partner_id and partner_id == provider.partner_id):
        raise OperationError(_("This is your own organisation."), code="own_id")
    here = _reseller_to_ask(acting, partner_id, tenant_id)
    if here is not None:
        raise OperationError(
            _("This reseller is here already. Request the relationship."), code="here_already"
        )
    now = timezone.now()
    for old in open_of(provider.pk).filter(partner_id=partner_id, tenant_id=tenant_id).select_for_update():
        if old.expires_at > now:
            return InvitedAlready(old)
        close(old, acting=acting, at=now)
    token = secrets.token_urlsafe(32)
    invitation = OrganisationInvitation.objects.create(
        token_hash=hash_of(token),
        provider=provider,
        email=email.strip().lower(),
        tenant_id=tenant_id,
        partner_id=partner_id,
        message=message,
        invited_by=acting.user,
        created_at=now,
        expires_at=now + VALID_FOR,
        **asdict(agreement or Agreement()),
    )
    record(
        Action.ORGANISATION_INVITED,
        acting=acting,
        organisation=provider.organisation,
        at=now,
        permission=Permission.RELATIONSHIP_REQUEST,
        after={
            **_named(invitation),
            **{key: str(value or "") for key, value in asdict(Agreement.of(invitation)).items()},
        },
        partner_ids=[provider.pk],
    )
    defer("portal.tell_of_invitation", invitation_id=invitation.pk)
    return Invited(invitation, token)


@patience()
@transaction.atomic(durable=True)
def renew_invitation(invitation: OrganisationInvitation, *, acting: Actor, tell: bool = True) -> Invited:
    """A new link, for another seven days; the one before is dead. With `tell` it is mailed again as well."""
    require(acting, Permission.RELATIONSHIP_REQUEST)
    acting = still(acting, Permission.RELATIONSHIP_REQUEST)
    row = _lock_own(invitation, acting)
    _must_be_open(row)
    token, now = secrets.token_urlsafe(32), timezone.now()
    row.token_hash, row.expires_at = hash_of(token), now + VALID_FOR
    row.save(update_fields=["token_hash", "expires_at"])
    if tell:
        defer("portal.tell_of_invitation", invitation_id=row.pk)
    return Invited(row, token)


@patience()
@transaction.atomic(durable=True)
def withdraw_invitation(invitation: OrganisationInvitation, *, acting: Actor) -> OrganisationInvitation:
    """Its link is dead from now on. Withdrawing twice changes nothing."""
    require(acting, Permission.RELATIONSHIP_REQUEST)
    acting = still(acting, Permission.RELATIONSHIP_REQUEST)
    row = _lock_own(invitation, acting)
    if row.withdrawn_at is None:
        _must_be_open(row)
        close(row, acting=acting, at=timezone.now())
    return row


def mail_token(invitation: OrganisationInvitation) -> str:
    """The token a mail of this invitation carries: derived, so that no job is given a secret and no link dies of it."""
    return f"{invitation.pk.hex}.{_seal(invitation)}"


# -- what a link leads to


def open_invitation(token: str, at: datetime) -> OrganisationInvitation:
    """The invitation behind a token. Reading changes nothing."""
    row = find(token)
    if row is None or not is_open(row, at):
        raise LinkDead
    return row


def names(invitation: OrganisationInvitation, text: str) -> bool:
    """Is this the PartnerID or the Microsoft ID the inviter typed?"""
    typed = text.strip()
    return (bool(invitation.partner_id) and typed == invitation.partner_id) or (
        invitation.tenant_id is not None and canonical_guid(typed) == invitation.tenant_id
    )


# -- parts


def _reseller_to_ask(acting: Actor, partner_id: str, tenant_id: uuid.UUID | None) -> Partner | None:
    """The reseller of this id, where the provider may know of it; not a stub that only its own import named."""
    rows = Partner.objects.filter(is_indirect_reseller=True).select_related("organisation")
    seen = rows.visible_to(acting).filter(pk=tenant_id) if tenant_id else rows.filter(partner_id=partner_id)
    found = seen.first()
    if found is None:
        return None
    is_own_stub = (
        found.organisation.stubbed_by_id == acting.organisation.pk
        and not Membership.objects.filter(organisation_id=found.pk).exists()
    )
    return None if is_own_stub else found


def open_of(provider_id: uuid.UUID) -> TenantQuerySet[OrganisationInvitation]:
    """Invitations of a provider that were neither used nor withdrawn; some may have expired."""
    rows: TenantQuerySet[OrganisationInvitation] = OrganisationInvitation.objects.filter(
        provider_id=provider_id, used_at=None, withdrawn_at=None
    )
    return rows


def _lock_own(invitation: OrganisationInvitation, acting: Actor) -> OrganisationInvitation:
    rows = OrganisationInvitation.objects.visible_to(acting).select_related("provider__organisation")
    row = rows.select_for_update(of=("self",)).filter(pk=invitation.pk).first()
    if row is None:
        raise NotVisible
    return row


def _must_be_open(row: OrganisationInvitation) -> None:
    """Neither used nor withdrawn; an expired one can be renewed."""
    if row.used_at is not None or row.withdrawn_at is not None:
        raise OperationError(
            _("This invitation was answered or withdrawn already."), code="invitation_closed"
        )


def close(row: OrganisationInvitation, *, acting: Actor, at: datetime) -> None:
    """Make its link dead and say so. Inside the caller's transaction, which holds the row."""
    row.withdrawn_at = at
    row.save(update_fields=["withdrawn_at"])
    record(
        Action.ORGANISATION_INVITATION_WITHDRAWN,
        acting=acting,
        organisation=row.provider.organisation,
        at=at,
        permission=Permission.RELATIONSHIP_REQUEST,
        before=_named(row),
        partner_ids=[row.provider_id],
    )


def _named(row: OrganisationInvitation) -> dict[str, object]:
    return {
        "invitation": str(row.pk),
        "partner_id": row.partner_id,
        "tenant": str(row.tenant_id or ""),
        "provider": {"id": str(row.provider_id), "name": row.provider.name},
    }


def find(token: str) -> OrganisationInvitation | None:
    name, _dot, seal = token.partition(".")
    pk = canonical_guid(name) if seal else None
    rows = OrganisationInvitation.objects.select_related("provider__organisation", "invited_by")
    if pk is None:
        return rows.filter(token_hash=hash_of(token)).first()
    row = rows.filter(pk=pk).first()
    return row if row and constant_time_compare(seal, _seal(row)) else None


def is_open(row: OrganisationInvitation, at: datetime) -> bool:
    return row.used_at is None and row.withdrawn_at is None and row.expires_at > at


def _seal(row: OrganisationInvitation) -> str:
    text = f"{row.pk}:{row.token_hash}"
    return salted_hmac("organisation-invitation", text, algorithm="sha256").hexdigest()
