"""API credentials: make, rename, rotate and revoke an integration, and limit what integrations may act as.

Rules: people only, never an integration; a role is given only by somebody whose own roles hold everything it holds,
and only up to the organisation's limit. A secret is 256 random bits, returned once, stored as its hash.
"""

import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.actor import Actor
from portal.audit import record
from portal.authority import still
from portal.errors import NotVisible, OperationError
from portal.locks import patience
from portal.models import Action, Credential, CredentialSecret, Partner
from portal.models.credentials import PREFIX
from portal.operations.links import hash_of
from portal.permissions import PARTNER_ROLES, Permission, Role, covers, require

MANAGE, LIMIT = Permission.CREDENTIAL_MANAGE, Permission.CREDENTIAL_LIMIT
#: How long a secret may work, and how long the former one beside a new one.
LONGEST = timedelta(days=731)
LONGEST_OVERLAP = timedelta(days=7)
#: Integrations of one organisation that nobody has revoked.
MOST = 100


@dataclass(frozen=True, slots=True)
class Made:
    """An integration and its new secret, which exists nowhere else."""

    credential: Credential
    secret: str


def may_give(acting: Actor, partner: Partner) -> list[Role]:
    """The roles this actor may give to an integration of this partner, most powerful first."""
    limit = Role(partner.integrations_at_most)
    return [role for role in PARTNER_ROLES if covers(acting.roles, role) and covers([limit], role)]


@patience()
@transaction.atomic(durable=True)
def create_credential(*, acting: Actor, name: str, role: str, expires_at: datetime) -> Made:
    """A new integration of the actor's organisation, and its first secret."""
    acting = _manager(acting)
    # Held to the end, so that neither the limit nor the number of integrations changes meanwhile.
    partner = _held_partner(acting)
    name, now = _checked_name(name), timezone.now()
    if role not in may_give(acting, partner):
        raise OperationError(_("You cannot give this role to an integration."), code="role_not_yours")
    _check_expiry(expires_at, now)
    if Credential.objects.visible_to(acting).unrevoked().count() >= MOST:
        raise OperationError(
            _("An organisation has at most %(n)s integrations. Revoke one first.") % {"n": MOST},
            code="too_many",
        )
    credential = _saved(
        Credential(
            organisation=acting.organisation,
            name=name,
            role=role,
            created_by=acting.user,
            carried_by=acting.user,
            created_at=now,
            expires_at=expires_at,
        )
    )
    made = _new_secret(credential, now)
    _tell(
        Action.CREDENTIAL_CREATED,
        credential,
        acting=acting,
        at=now,
        after={"role": credential.role, "expires_at": expires_at.isoformat()},
    )
    return made


@patience()
@transaction.atomic(durable=True)
def rename_credential(credential_id: uuid.UUID, *, acting: Actor, name: str) -> Credential:
    """Call it something else. The same name: nothing is written."""
    acting = _manager(acting)
    credential = _held(credential_id, acting)
    name, former = _checked_name(name), credential.name
    if name == former:
        return credential
    _check_not_revoked(credential)
    credential.name = name
    _saved(credential)
    _tell(
        Action.CREDENTIAL_RENAMED,
        credential,
        acting=acting,
        at=timezone.now(),
        before={"name": former},
        after={},
    )
    return credential


@patience()
@transaction.atomic(durable=True)
def rotate_credential(
    credential_id: uuid.UUID, *, acting: Actor, former_until: datetime, expires_at: datetime
) -> Made:
    """A new secret, and a new expiry; the one in use works until `former_until`, at most seven days.

    Whoever rotates learns a secret of this role and carries the integration from then on, so their own roles must
    hold it. Never more than two secrets: where two work already, the one nobody has used gives way, or the older.
    """
    acting = _manager(acting)
    credential = _held(credential_id, acting)
    _check_not_revoked(credential)
    if not covers(acting.roles, Role(credential.role)):
        raise OperationError(
            _("This integration may do more than you. Somebody with its role has to rotate it."),
            code="role_not_yours",
        )
    now = timezone.now()
    _check_expiry(expires_at, now)
    if former_until > now + LONGEST_OVERLAP:
        raise OperationError(_("The former secret works for seven more days at most."), code="too_long")
    before = {"expires_at": credential.expires_at.isoformat()}
    kept = credential.secret_in_use(now)
    until = max(former_until, now)
    for secret in credential.live_secrets(now):
        secret.ends_at = min(secret.ends_at, until) if secret == kept else now
        secret.save(update_fields=["ends_at"])
    credential.expires_at, credential.carried_by = expires_at, acting.user
    credential.save(update_fields=["expires_at", "carried_by"])
    made = _new_secret(credential, now)
    _tell(
        Action.CREDENTIAL_ROTATED,
        credential,
        acting=acting,
        at=now,
        before=before,
        after={
            "expires_at": expires_at.isoformat(),
            "former_until": kept.ends_at.isoformat() if kept else None,
        },
    )
    return made


@patience()
@transaction.atomic(durable=True)
def end_former_secret(credential_id: uuid.UUID, *, acting: Actor) -> None:
    """Every client has the new secret: the former one stops now. Where none works any more, nothing is written."""
    acting = _manager(acting)
    credential = _held(credential_id, acting)
    now = timezone.now()
    former = credential.live_secrets(now)[1:]
    for secret in former:
        secret.ends_at = now
        secret.save(update_fields=["ends_at"])
    if former:
        _tell(Action.CREDENTIAL_SECRET_ENDED, credential, acting=acting, at=now, after={})


@patience()
@transaction.atomic(durable=True)
def revoke_credential(credential_id: uuid.UUID, *, acting: Actor) -> None:
    """The next request is refused, with a secret or with a token. Twice: nothing is written."""
    acting = _manager(acting)
    credential = _held(credential_id, acting)
    if credential.revoked_at is not None:
        return
    credential.revoked_at, credential.revoked_by = timezone.now(), acting.user
    credential.save(update_fields=["revoked_at", "revoked_by"])
    _tell(
        Action.CREDENTIAL_REVOKED,
        credential,
        acting=acting,
        at=credential.revoked_at,
        before={"role": credential.role, "expires_at": credential.expires_at.isoformat()},
    )


@patience()
@transaction.atomic(durable=True)
def limit_integrations(*, acting: Actor, role: str) -> None:
    """The highest role integrations act as, also those there are: it counts on their next request."""
    acting = _manager(acting, LIMIT)
    if role not in PARTNER_ROLES:
        raise OperationError(_("This role does not exist."), code="unknown_role")
    partner = _held_partner(acting)
    former = partner.integrations_at_most
    if former == role:
        return
    partner.integrations_at_most = role
    partner.save(update_fields=["integrations_at_most"])
    record(
        Action.CREDENTIAL_LIMIT_CHANGED,
        acting=acting,
        organisation=acting.organisation,
        at=timezone.now(),
        permission=LIMIT,
        before={"integrations_at_most": former},
        after={"integrations_at_most": role},
    )


def _manager(acting: Actor, permission: Permission = MANAGE) -> Actor:
    """The person, with the roles of this instant. Integrations are refused by the table of rights itself."""
    require(acting, permission)
    if not acting.organisation.is_partner:
        raise NotVisible
    return still(acting, permission)


def _held(credential_id: uuid.UUID, acting: Actor) -> Credential:
    """The row, and with it its secrets, until the transaction ends. Not theirs: not there."""
    rows = Credential.objects.visible_to(acting).select_for_update().prefetch_related("secrets")
    row = rows.filter(pk=credential_id).first()
    if row is None:
        raise NotVisible
    return row


def _check_not_revoked(credential: Credential) -> None:
    if credential.revoked_at is not None:
        raise OperationError(_("This integration is revoked. Make a new one."), code="revoked")


def _held_partner(acting: Actor) -> Partner:
    return Partner.objects.select_for_update(of=("self",)).get(pk=acting.organisation.pk)


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise OperationError(_("Enter a name."), code="no_name")
    if len(name) > 100:
        raise OperationError(_("At most 100 characters."), code="name_too_long")
    return name


def _check_expiry(expires_at: datetime, now: datetime) -> None:
    if expires_at <= now:
        raise OperationError(_("Choose a day that is still to come."), code="expired")
    if expires_at > now + LONGEST:
        raise OperationError(_("At most two years from now."), code="too_long")


def _saved(credential: Credential) -> Credential:
    """Written, unless another integration has the name: that is the database's word, not a look before."""
    try:
        with transaction.atomic():
            credential.save()
    except IntegrityError as error:
        if "credential_name_once" in str(error):
            raise OperationError(_("Another integration has this name."), code="name_taken") from error
        raise
    return credential


def _new_secret(credential: Credential, now: datetime) -> Made:
    secret = PREFIX + secrets.token_hex(32)
    CredentialSecret.objects.create(
        credential=credential,
        hash=hash_of(secret),
        ending=secret[-4:],
        created_at=now,
        ends_at=credential.expires_at,
    )
    return Made(credential, secret)


def _tell(
    action: Action,
    credential: Credential,
    *,
    acting: Actor,
    at: datetime,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
) -> None:
    """One event. It names the integration as it was called; who made it is an id, as everywhere."""
    about = {"credential": str(credential.pk), "name": credential.name}
    record(
        action,
        acting=acting,
        organisation=acting.organisation,
        at=at,
        permission=MANAGE,
        before={**about, **before} if before is not None else None,
        after={**about, **after} if after is not None else None,
    )
