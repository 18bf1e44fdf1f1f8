"""One-use links into an organisation: seven days, only their hash is kept (PasswordLink)."""

import hashlib
import secrets
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import cast

from portal.actor import Actor
from portal.audit import record
from portal.models import Action, Organisation, PasswordLink
from portal.permissions import Permission
from portal.tenancy import TenantQuerySet

VALID_FOR = timedelta(days=7)


def make_link(
    organisation: Organisation,
    *,
    email: str,
    name: str,
    roles: Iterable[str],
    acting: Actor,
    at: datetime,
) -> tuple[PasswordLink, str]:
    """The stored invitation and its token, which exists nowhere else. Inside the caller's transaction."""
    token = secrets.token_urlsafe(32)
    link = PasswordLink.objects.create(
        token_hash=hash_of(token),
        organisation=organisation,
        email=email.strip().lower(),
        name=name.strip(),
        roles=list(roles),
        invited_by=acting.user,
        created_at=at,
        expires_at=at + VALID_FOR,
    )
    return link, token


def withdraw(
    link: PasswordLink, *, acting: Actor, at: datetime, permission: Permission | None = None
) -> None:
    """Make a link dead and say so. Inside the caller's transaction, which holds the row."""
    link.withdrawn_at = at
    link.save(update_fields=["withdrawn_at"])
    record(
        Action.MEMBER_INVITATION_WITHDRAWN,
        acting=acting,
        organisation=link.organisation,
        at=at,
        permission=permission,
        before={"invitation": str(link.pk), "roles": sorted(link.roles)},
    )


def links() -> TenantQuerySet[PasswordLink]:
    return cast(TenantQuerySet[PasswordLink], PasswordLink.objects.all())


def unanswered(organisation_id: uuid.UUID) -> TenantQuerySet[PasswordLink]:
    """Links of an organisation that were neither used nor withdrawn; some may have expired."""
    return links().filter(organisation_id=organisation_id, used_at=None, withdrawn_at=None)


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
