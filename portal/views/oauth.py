"""A token for a secret: OAuth 2.0 client credentials in the shapes of Microsoft's identity platform.

A client that fetches its own token works by changing two addresses. v2 answers numbers, v1 the same as strings; errors
carry Microsoft's numbers (learn.microsoft.com, "Microsoft Entra authentication and authorization error codes"). Who is
unknown, revoked, expired, or asks at another's tenant gets one answer, after the same queries.
"""

import base64
import binascii
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import unquote_plus

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone

from portal import credentials, ratelimit
from portal.api.wire import answer
from portal.audience import Audience, page
from portal.identifiers import canonical_guid, uuid7
from portal.models import CredentialSecret

#: A client asks once an hour; one that keeps nothing between runs asks more often.
BY_CLIENT = ratelimit.Rule("token-client", limit=100, seconds=60)
BY_NETWORK = ratelimit.Rule("token-network", limit=300, seconds=60)
FORM = "application/x-www-form-urlencoded"
#: What is read; anything else is ignored (RFC 6749 §3.2).
PARAMETERS = ("grant_type", "client_id", "client_secret", "scope", "resource")

PARAMETER_MISSING = 900144
PARAMETER_WRONG = 90100
GRANT_TYPE_UNKNOWN = 70003
SCOPE_WRONG = 70011
SECRET_MISSING = 7000218
SECRET_WRONG = 7000215
TOO_OFTEN = 50196


class Refusal(Exception):
    """An answer in the words of RFC 6749 §5.2, with Microsoft's number.

    Its text is ASCII by that standard, and therefore English whatever X-Locale asks for.
    """

    def __init__(
        self, error: str, code: int, text: str, status: int = 400, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(error, code)
        self.error = error
        self.code = code
        self.text = text
        self.status = status
        self.headers = dict(headers or {})


@page(Audience.PUBLIC, methods=("POST",))
def token_v2(request: HttpRequest, tenant: str) -> HttpResponse:
    """`/<tenant>/oauth2/v2.0/token`, with `scope=…/.default`."""
    try:
        token, ends_at, now, _said = _exchange(request, tenant)
    except Refusal as refusal:
        return _refused(request, refusal)
    left = int(ends_at.timestamp()) - int(now.timestamp())
    return _never_kept(
        {"token_type": "Bearer", "expires_in": left, "ext_expires_in": left, "access_token": token}
    )


@page(Audience.PUBLIC, methods=("POST",))
def token_v1(request: HttpRequest, tenant: str) -> HttpResponse:
    """`/<tenant>/oauth2/token`, with `resource=`: every number is a string."""
    try:
        token, ends_at, now, said = _exchange(request, tenant)
    except Refusal as refusal:
        return _refused(request, refusal)
    began, ended = int(now.timestamp()), int(ends_at.timestamp())
    return _never_kept(
        {
            "token_type": "Bearer",
            "expires_in": str(ended - began),
            "ext_expires_in": str(ended - began),
            "expires_on": str(ended),
            "not_before": str(began),
            "resource": said.get("resource"),
            "access_token": token,
        }
    )


def _exchange(request: HttpRequest, tenant: str) -> tuple[str, datetime, datetime, QueryDict]:
    """The token, when it ends, now, and what was said. Raises Refusal."""
    said = _form(request)
    client, given = _client(request, said)
    counted = ratelimit.attempt(BY_CLIENT, BY_NETWORK, client, ratelimit.client_address(request))
    if not counted:
        raise Refusal(
            "temporarily_unavailable",
            TOO_OFTEN,
            "Too many tokens in a short time. A token is good for an hour: keep it.",
            HTTPStatus.TOO_MANY_REQUESTS,
            {"Retry-After": str(counted.retry_after_seconds)},
        )
    _check(said, client, given)
    now = timezone.now()
    secret = credentials.find(given)
    if secret is None or not _is_theirs(secret, client, tenant) or not credentials.may_enter(secret, now):
        raise Refusal(
            "invalid_client",
            SECRET_WRONG,
            "Tenant, client and secret do not belong together, or the secret is not valid any more.",
            HTTPStatus.UNAUTHORIZED,
            {"WWW-Authenticate": 'Basic realm="partner-portal"'},
        )
    credentials.note_use(secret, now)
    token, ends_at = credentials.token_for(secret, now)
    return token, ends_at, now, said


def _form(request: HttpRequest) -> QueryDict:
    """What was posted, as a form alone. What we read is said once; what we do not know is ignored (RFC 6749 §3.2)."""
    if request.content_type != FORM:
        raise Refusal("invalid_request", PARAMETER_WRONG, f"Send the parameters as {FORM}.")
    try:
        said = request.POST
    except (BadRequest, SuspiciousOperation):  # not UTF-8; too large, or too many
        raise Refusal(
            "invalid_request", PARAMETER_WRONG, "The form cannot be read. Send it in UTF-8."
        ) from None
    twice = [name for name in PARAMETERS if len(said.getlist(name)) > 1]
    if twice:
        raise Refusal("invalid_request", PARAMETER_WRONG, f"Sent more than once: {', '.join(twice)}.")
    return said


def _client(request: HttpRequest, said: QueryDict) -> tuple[str, str]:
    """Client id and secret, from the body or from HTTP Basic, where both are form-encoded (RFC 6749 §2.3.1)."""
    named = said.get("client_id", ""), said.get("client_secret", "")
    scheme, _space, packed = request.META.get("HTTP_AUTHORIZATION", "").strip().partition(" ")
    if scheme.lower() != "basic":
        return named
    try:
        plain = base64.b64decode(packed.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        raise Refusal("invalid_request", PARAMETER_WRONG, "HTTP Basic cannot be read.") from None
    client, _colon, secret = plain.partition(":")
    basic = unquote_plus(client), unquote_plus(secret)
    if any(one and one != other for one, other in zip(named, basic, strict=True)):
        raise Refusal("invalid_request", PARAMETER_WRONG, "HTTP Basic and the body name different clients.")
    return basic


def _check(said: QueryDict, client: str, given: str) -> None:
    grant_type = said.get("grant_type", "")
    if not grant_type:
        raise _missing("grant_type")
    if grant_type != "client_credentials":
        raise Refusal(
            "unsupported_grant_type", GRANT_TYPE_UNKNOWN, "Only the grant type client_credentials is known."
        )
    if not client:
        raise _missing("client_id")
    if not given:
        raise Refusal(
            "invalid_client",
            SECRET_MISSING,
            "The request must contain the following parameter: 'client_secret'.",
            HTTPStatus.UNAUTHORIZED,
            {"WWW-Authenticate": 'Basic realm="partner-portal"'},
        )
    # One scope, of any host: clients keep the one they have for Partner Center.
    scopes = said.get("scope", "").split()
    if scopes and not (len(scopes) == 1 and scopes[0].lower().endswith(".default")):
        raise Refusal(
            "invalid_scope",
            SCOPE_WRONG,
            "The scope of client credentials is a resource followed by /.default.",
        )


def _missing(name: str) -> Refusal:
    text = f"The request body must contain the following parameter: '{name}'."
    return Refusal("invalid_request", PARAMETER_MISSING, text)


def _is_theirs(secret: CredentialSecret, client: str, tenant: str) -> bool:
    """The client it belongs to asks at its own tenant: a GUID in any notation, or the organisation's domain."""
    organisation = secret.credential.organisation
    named = canonical_guid(tenant)
    is_tenant = (
        named == organisation.pk
        if named
        else bool(organisation.domain) and tenant.casefold() == organisation.domain.casefold()
    )
    return is_tenant and canonical_guid(client) == secret.credential_id


def _refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    trace = canonical_guid(getattr(request, "id", "")) or uuid7()
    correlation = _correlation(request)
    at = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}Z"
    text = f"AADSTS{refusal.code}: {refusal.text}"
    response = _never_kept(
        {
            "error": refusal.error,
            "error_description": "\r\n".join(
                (text, f"Trace ID: {trace}", f"Correlation ID: {correlation}", f"Timestamp: {at}")
            ),
            "error_codes": [refusal.code],
            "timestamp": at,
            "trace_id": str(trace),
            "correlation_id": str(correlation),
        },
        status=refusal.status,
    )
    for name, value in refusal.headers.items():
        response[name] = value
    return response


def _correlation(request: HttpRequest) -> uuid.UUID:
    """Microsoft's libraries name a call in `client-request-id`."""
    said = request.headers
    return (
        canonical_guid(said.get("client-request-id"))
        or canonical_guid(said.get("MS-CorrelationId"))
        or uuid7()
    )


def _never_kept(body: dict[str, object], *, status: int = HTTPStatus.OK) -> HttpResponse:
    """RFC 6749 §5.1: neither a token nor the reason there is none is kept by anybody on the way."""
    response = answer(body, status=status)
    response["Cache-Control"] = "no-store"
    response["Pragma"] = "no-cache"
    return response
