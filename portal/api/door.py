"""The door of the API: every call under /v1 and for a token comes in here and is answered here, by nothing else.

No session, no cookie, no CSRF, no redirect. The path is made plain, the call is named, the caller is authenticated and
counted, the view is called; whatever is not JSON then, or fails, becomes a fault. Clients join root, version and link
into `/v1//customers` (partner-center-api.md §8.8, §9.1.1) and turn a redirected PUT into a GET (§9.1.2).
"""

import base64
import hashlib
import logging
import re
import secrets
import socket
from collections.abc import Callable
from functools import cache
from http import HTTPStatus

import structlog
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, QueryDict
from django.urls import get_resolver, resolve
from django.utils import translation
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from portal.api import throttle
from portal.api.faults import ACCESS_DENIED, INVALID_INPUT, NOT_FOUND, UNEXPECTED, Fault, bad_input, fault_of
from portal.api.wire import JSON, answer
from portal.identifiers import canonical_guid, uuid7

GetResponse = Callable[[HttpRequest], HttpResponse]

logger = logging.getLogger(__name__)

#: Names of the query as the handlers know them; clients write them in any case (§8.5).
QUERY = (
    *("size", "filter", "seekOperation", "continuationToken", "offset"),
    *("mpn_id", "mpnId", "order_id", "relationship_type", "at", "search"),
    *("attention", "partner", "changedSince", "customer"),
)
_QUERY = {name.lower(): name for name in QUERY}
_SERVER = hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]
_VECTOR = re.compile(r"[A-Za-z0-9+/=]{16,64}(\.[0-9]{1,9}){0,16}")
_NOTHING = QueryDict()
_LOCALE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8}){0,4}")
_BODIES = ("POST", "PUT", "PATCH")


class ApiMiddleware:
    """Answer the API's calls; hand everything else on."""

    def __init__(self, get_response: GetResponse):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        segments = [segment for segment in request.path_info.split("/") if segment]
        is_api = segments[:1] != [] and segments[0].lower() == "v1"
        is_token = len(segments) > 2 and segments[1].lower() == "oauth2"
        if not (is_api or is_token):
            return self.get_response(request)
        wants_head, request.method = request.method == "HEAD", _method(request)
        language = _language(request)
        with translation.override(language):
            seconds = throttle.seconds_left(request) if is_api else 0
            names = _name(request)
            response = (
                throttle.refusal(seconds) if seconds else _answered(request, segments, authenticated=is_api)
            )
            names["Content-Language"] = language
            return _dressed(response, names, without_body=wants_head)


def _answered(request: HttpRequest, segments: list[str], *, authenticated: bool) -> HttpResponse:
    try:
        response = _called(request, segments, authenticated=authenticated)
        return _judged(request, response)
    except Exception as error:
        return _refused(request, fault_of(error))


def _called(request: HttpRequest, segments: list[str], *, authenticated: bool) -> HttpResponse:
    request.get_host()  # raises for a name that is not ours
    if settings.SECURE_SSL_REDIRECT and not request.is_secure():
        raise bad_input(_("The API is served over https only."), "https_required")
    request.path = request.path_info = "/" + "/".join(map(_segment, segments))
    request.GET = _query(request)  # type: ignore[assignment]
    _read_chunks(request)
    request.actor = None  # type: ignore[attr-defined]
    if authenticated:
        try:
            actor = import_string("portal.credentials.authenticate")(request)
        except Fault as fault:
            seconds = throttle.count_unknown(request) if fault.status == HTTPStatus.UNAUTHORIZED else 0
            if seconds:
                return throttle.refusal(seconds)
            raise
        request.actor = actor  # type: ignore[attr-defined]
        seconds = throttle.count(request, actor)
        if seconds:
            return throttle.refusal(seconds)
    match = resolve(request.path_info)
    request.resolver_match = match
    return match.func(request, *match.args, **match.kwargs)


# -- what comes in


def _method(request: HttpRequest) -> str:
    """HEAD is a GET whose body is kept back."""
    return "GET" if request.method == "HEAD" else str(request.method)


def _segment(segment: str) -> str:
    """The fixed words of our addresses in any case; what names a row as it is."""
    folded = segment.lower()
    return folded if folded in _words() else segment


@cache
def _words() -> frozenset[str]:
    """Every fixed segment of the API's addresses."""
    found = {"v1", "oauth2", "v2.0", "token"}
    for pattern in get_resolver("portal.urls_api").url_patterns:
        for inner in getattr(pattern, "url_patterns", ()):
            found.update(re.sub(r"<[^>]*>", "", str(inner.pattern)).split("/"))
    return frozenset(found - {""})


def _query(request: HttpRequest) -> QueryDict:
    """The query with our spelling of its names. Microsoft's own page has `?size=0?filter=` (§1.7)."""
    raw = request.META.get("QUERY_STRING", "")
    if not raw:
        return _NOTHING
    said = QueryDict(raw.replace("?filter=", "&filter=")) if "?filter=" in raw else request.GET
    folded = QueryDict(mutable=True)
    for name, values in said.lists():
        if any("\0" in value for value in values):
            raise bad_input(_("The address has a character that cannot be stored."), "bad_character")
        folded.setlist(_QUERY.get(name.lower(), name), values)
    return folded


def _read_chunks(request: HttpRequest) -> None:
    """The body of a request that does not say how long it is, which Django takes for an empty one.

    .NET's JsonContent sends its bodies so. Only behind a server that ends the stream itself.
    """
    environ = getattr(request, "environ", {})
    if (
        request.method not in _BODIES
        or environ.get("CONTENT_LENGTH")
        or "chunked" not in environ.get("HTTP_TRANSFER_ENCODING", "").lower()
        or not environ.get("wsgi.input_terminated")
    ):
        return
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    body = environ["wsgi.input"].read(most + 1)
    if len(body) > most:
        raise RequestDataTooBig
    request._body = body


def _language(request: HttpRequest) -> str:
    """`X-Locale: fr-FR` is French; whatever we do not speak is English."""
    wanted = request.META.get("HTTP_X_LOCALE", "").strip().lower().partition("-")[0]
    return wanted if wanted in dict(settings.LANGUAGES) else "en"


def _name(request: HttpRequest) -> dict[str, str]:
    """The names of this call: echoed where the client gave them, made where not (§1.2, §8.18)."""
    said = request.META  # `request.headers` would first write all of them anew
    if given := canonical_guid(said.get("HTTP_MS_REQUESTID")):
        request.id = str(given)  # type: ignore[attr-defined]
    request_id: str = request.id  # type: ignore[attr-defined]  # the middleware's, where the client has none
    correlation_id = _echo(said.get("HTTP_MS_CORRELATIONID")) or str(uuid7())
    structlog.contextvars.bind_contextvars(request_id=request_id, correlation_id=correlation_id)
    vector, locale = said.get("HTTP_MS_CV", ""), said.get("HTTP_X_LOCALE", "").strip()
    return {
        "MS-RequestId": _echo(said.get("HTTP_MS_REQUESTID")) or request_id,
        "MS-CorrelationId": correlation_id,
        "MS-CV": vector if _VECTOR.fullmatch(vector) else _new_vector(),
        "MS-ServerId": _SERVER,
        "X-Locale": locale if _LOCALE.fullmatch(locale) else "en-US",
    }


def _echo(text: str | None) -> str:
    """A GUID as the client wrote it."""
    return text.strip() if text and canonical_guid(text) else ""


def _new_vector() -> str:
    """Sixteen characters of base64, and the count that begins at 0."""
    return base64.b64encode(secrets.token_bytes(12)).decode() + ".0"


# -- what goes out


def _judged(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The view's answer when it is one of ours; otherwise the fault it means."""
    if isinstance(response, HttpResponseNotAllowed):
        return _not_allowed(request, response)
    if response.get("Content-Type", "").startswith("application/json"):
        return response
    status = response.status_code
    if status == HTTPStatus.UNAUTHORIZED:
        fault = Fault(status, ACCESS_DENIED, _("Access denied."))
    elif status in (400, 403, 409):
        fault = Fault(status, INVALID_INPUT, _("The request was refused."), "refused")
    elif 300 <= status < 500:
        fault = Fault(HTTPStatus.NOT_FOUND, NOT_FOUND, _("There is no such resource."), "not_found")
    else:
        logger.error("api_answer_is_not_json", extra={"status": status})
        fault = Fault(500, UNEXPECTED, _("Something went wrong on our side."), "unexpected")
    return _refused(request, fault)


def _not_allowed(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """405 that says what is allowed; to OPTIONS that is the answer it asks for."""
    methods = {method.strip() for method in response["Allow"].split(",")}
    methods |= {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set())
    allow = {"Allow": ", ".join(sorted(methods))}
    if request.method == "OPTIONS":
        found = answer({})
        found["Allow"] = allow["Allow"]
        return found
    text = _("This resource does not know the method %(method)s.") % {"method": str(request.method)[:20]}
    return _refused(
        request,
        Fault(HTTPStatus.METHOD_NOT_ALLOWED, INVALID_INPUT, text, "method_not_allowed", headers=allow),
    )


def _refused(request: HttpRequest, fault: Fault) -> HttpResponse:
    response = HttpResponse(status=fault.status, content_type=JSON)
    response.content = answer(fault.body).content
    for name, value in fault.headers.items():
        response[name] = value
    if fault.status == HTTPStatus.UNAUTHORIZED and "WWW-Authenticate" not in response:
        response["WWW-Authenticate"] = f'Bearer realm="{request.META.get("SERVER_NAME", "portal")}"'
    return response


def _dressed(response: HttpResponse, names: dict[str, str], *, without_body: bool) -> HttpResponse:
    """What every answer carries. The body's length is said, since the middleware that would does not run here."""
    for name, value in names.items():
        response[name] = value
    response["Cache-Control"] = "no-store"
    response["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
    response["Content-Length"] = str(len(response.content))
    if without_body:
        response.content = b""
    if response.status_code == HTTPStatus.TOO_MANY_REQUESTS or response.status_code >= 500:
        response._has_been_logged = True  # type: ignore[attr-defined]  # said already, or all day long
    return response
