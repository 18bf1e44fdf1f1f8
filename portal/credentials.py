"""Who calls the API: a secret of an integration, or a token of ours that one was exchanged for.

One query decides, and what is unknown, revoked and expired is refused in the same words after the same query. A token
opens nothing by itself: the integration it names, and the secret it came from, are read again at each use.
"""

import hmac
import uuid
from datetime import datetime, timedelta
from typing import Any

import jwt
import structlog
from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.translation import gettext as _

from portal.actor import Actor
from portal.api.faults import ACCESS_DENIED, NO_TOKEN, Fault
from portal.identifiers import canonical_guid
from portal.models import CredentialSecret
from portal.operations.links import hash_of
from portal.prepared import Prepared

#: Longer than any token of ours.
LONGEST = 4096

ALGORITHM = "HS256"
AUDIENCE = "partner-portal-api"
CLAIMS = ("iss", "aud", "sub", "tid", "appid", "roles", "iat", "nbf", "exp", "jti", "secret_id")
VALID_FOR = timedelta(hours=1)
LEEWAY = timedelta(seconds=30)

USED_EVERY = timedelta(minutes=1)
# Who else is writing it down at this moment writes the same: nobody waits.
_USED = """
UPDATE portal_credentialsecret SET last_used_at = %(now)s WHERE id = (
    SELECT id FROM portal_credentialsecret
    WHERE id = %(id)s AND (last_used_at IS NULL OR last_used_at < %(before)s)
    FOR UPDATE SKIP LOCKED
)
"""


def authenticate(request: HttpRequest) -> Actor:
    """The integration that calls, as an actor; its credential as `request.credential`. Raises Fault 401."""
    given = _bearer(request)
    now = timezone.now()
    secret = _of_token(given) if given.count(".") == 2 else find(given)
    if secret is None or not may_enter(secret, now):
        raise _refused()
    note_use(secret, now)
    credential = secret.credential
    request.credential = credential  # type: ignore[attr-defined]
    structlog.contextvars.bind_contextvars(
        organisation=str(credential.organisation_id), credential=str(credential.pk)
    )
    return Actor.integration(credential, secret_id=secret.pk, request_id=str(getattr(request, "id", "")))


def find(text: str) -> CredentialSecret | None:
    """The stored secret this text is, live or not. What is looked up is its hash, so timing tells nothing of it."""
    wanted = hash_of(text[:LONGEST])
    row = next(iter(_BY_HASH(hash=wanted)), None)
    return row if row is not None and hmac.compare_digest(row.hash, wanted) else None


def may_enter(secret: CredentialSecret, at: datetime) -> bool:
    """Neither ended, revoked nor expired; and not the demo's, where there is no demo."""
    return secret.works(at) and (settings.DEMO or not secret.credential.organisation.is_demo)


def note_use(secret: CredentialSecret, at: datetime) -> None:
    """Remember when this secret was last used, at most once a minute. Outside transactions."""
    before = at - USED_EVERY
    if secret.last_used_at is None or secret.last_used_at < before:
        with connection.cursor() as cursor:
            cursor.execute(_USED, {"id": secret.pk, "now": at, "before": before})


def token_for(secret: CredentialSecret, at: datetime) -> tuple[str, datetime]:
    """A token this secret stands for, and when it ends: after an hour, or with the secret."""
    credential = secret.credential
    ends_at = min(at + VALID_FOR, secret.ends_at, credential.expires_at)
    claims = {
        "iss": _issuer(),
        "aud": AUDIENCE,
        "sub": str(credential.pk),
        "tid": str(credential.organisation_id),
        "appid": str(credential.pk),
        "roles": sorted(role.value for role in credential.roles),
        "iat": int(at.timestamp()),
        "nbf": int(at.timestamp()),
        "exp": int(ends_at.timestamp()),
        "jti": str(uuid.uuid4()),
        "secret_id": str(secret.pk),
    }
    return jwt.encode(claims, _keys()[0], algorithm=ALGORITHM), ends_at


def _of_token(text: str) -> CredentialSecret | None:
    """The secret a token of ours came from, as it is now; None for what is not ours, has ended, or was altered."""
    claims = _claims(text)
    if claims is None:
        return None
    wanted, owner, tenant = (canonical_guid(claims[name]) for name in ("secret_id", "sub", "tid"))
    if not (wanted and owner and tenant):
        return None
    row = next(iter(_BY_ID(id=wanted)), None)
    if row is None or (row.credential_id, row.credential.organisation_id) != (owner, tenant):
        return None
    return row


def _claims(text: str) -> dict[str, Any] | None:
    if len(text) > LONGEST:
        return None
    for key in _keys():
        try:
            claims: dict[str, Any] = jwt.decode(
                text,
                key,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=_issuer(),
                leeway=LEEWAY,
                options={"require": list(CLAIMS), "strict_aud": True},
            )
        except jwt.InvalidSignatureError:
            continue  # signed with the key before this one, perhaps
        except jwt.PyJWTError:
            return None
        return claims
    return None


def _keys() -> list[bytes]:
    """Keys made from ours for this one purpose; the first signs, all verify."""
    return [
        hmac.digest(force_bytes(key), b"portal.credentials.token", "sha256")
        for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    ]


def _issuer() -> str:
    return settings.PUBLIC_URL or "partner-portal"


def _rows() -> QuerySet[CredentialSecret]:
    """Everything that deciding and acting takes, in one query."""
    return CredentialSecret.objects.select_related(
        "credential__organisation__partner", "credential__organisation__customer"
    )


_BY_HASH = Prepared.by_key(lambda hash: _rows().filter(hash=hash), hash=str)
_BY_ID = Prepared.by_key(lambda id: _rows().filter(pk=id), id=uuid.UUID)


def _bearer(request: HttpRequest) -> str:
    scheme, _space, given = request.META.get("HTTP_AUTHORIZATION", "").strip().partition(" ")
    given = given.strip()
    if not given or scheme.lower() != "bearer":
        raise Fault(
            401,
            NO_TOKEN,
            _("Send an access token: Authorization: Bearer …"),
            "token_missing",
            headers={"WWW-Authenticate": 'Bearer realm="partner-portal"'},
        )
    return given


def _refused() -> Fault:
    """The one answer for unknown, ended, revoked and expired."""
    return Fault(
        401,
        ACCESS_DENIED,
        _("This access token is not valid, or not any more."),
        "token_invalid",
        headers={"WWW-Authenticate": 'Bearer realm="partner-portal", error="invalid_token"'},
    )
