"""What every request gets: an id, an actor, a language and a zone."""

import logging
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.cache import add_never_cache_headers

from portal import metrics
from portal.actor import Actor
from portal.identifiers import canonical_guid, uuid7
from portal.models import Membership, User
from portal.zones import COOKIE, zone_for

logger = logging.getLogger("portal.requests")

GetResponse = Callable[[HttpRequest], HttpResponse]

ORGANISATION = "organisation"
STARTED = "signed_in_at"
SEEN = "seen_at"
#: How much of a session's idle time may pass before it is written down again: one write a minute, not one a page.
SEEN_EVERY = 60
IDLE_SECONDS = 60 * 60


class RequestMiddleware:
    """Name every request, say so in the reply and in every line logged for it; count it, and log one line.

    The line has the route's name, not the address: that may hold a token, and a query what somebody searched for.
    """

    def __init__(self, get_response: GetResponse):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.id = str(uuid7())
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request.id)
        began = time.perf_counter()
        response = self.get_response(request)
        seconds = time.perf_counter() - began
        response["X-Request-ID"] = request.id
        metrics.count_request(request, response, seconds)
        _log(request, response, seconds)
        return response


def _log(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    view = metrics.view_name(request)
    level = logging.DEBUG if view in metrics.UNCOUNTED else logging.INFO
    said = {
        "view": view,
        "method": metrics.method_name(request),
        "status": response.status_code,
        "ms": round(seconds * 1000, 1),
    }
    logger.log(level, "request", extra=said)


class ActorMiddleware:
    """Who acts, for which organisation, in which language and zone.

    The membership is read on every request, so a change of role or a removal counts at once, in every session. A
    session ends 12 hours after sign-in, or after 60 minutes without a request. Demo accounts exist only in the demo.
    """

    def __init__(self, get_response: GetResponse):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor = None
        request.memberships = []
        request.ended_session_of = None
        if request.user.is_authenticated and self._session_is_over(request):
            request.ended_session_of = request.user.pk
            logout(request)
        if request.user.is_authenticated:
            request.memberships = memberships_of(request.user)
            chosen = _chosen(request)
            if chosen is not None:
                chosen.user = request.user
                request.actor = Actor.of(chosen, request_id=request.id)
                structlog.contextvars.bind_contextvars(
                    organisation=str(chosen.organisation_id), user=str(request.user.pk)
                )
        self._set_language(request)
        with timezone.override(_zone(request)):
            response = self.get_response(request)
        if request.user.is_authenticated:
            add_never_cache_headers(response)  # refusals too: they name organisations and roles
        return response

    def _session_is_over(self, request: HttpRequest) -> bool:
        if request.user.is_demo and not settings.DEMO:
            return True
        now = datetime.now(UTC).timestamp()
        started = request.session.setdefault(STARTED, now)
        seen = request.session.setdefault(SEEN, now)
        if now - started > settings.SESSION_COOKIE_AGE or now - seen > IDLE_SECONDS:
            return True
        if now - seen > SEEN_EVERY:
            request.session[SEEN] = now
        return False

    def _set_language(self, request: HttpRequest) -> None:
        """The person's own choice goes before this device's and before what the browser asks for."""
        if request.user.is_authenticated and request.user.language in dict(settings.LANGUAGES):
            translation.activate(request.user.language)
            request.LANGUAGE_CODE = request.user.language


def memberships_of(user: User) -> Sequence[Membership]:
    """A person's organisations, with all a page needs to know about them: read with the person, else one query."""
    if user.read_memberships is not None:
        return user.read_memberships
    return list(Membership.objects.of(user.pk))


def _chosen(request: HttpRequest) -> Membership | None:
    wanted = canonical_guid(str(request.session.get(ORGANISATION, "")))
    by_organisation = {membership.organisation_id: membership for membership in request.memberships}
    if wanted in by_organisation:
        return by_organisation[wanted]
    return request.memberships[0] if request.memberships else None


def _zone(request: HttpRequest) -> ZoneInfo:
    user_zone = request.user.time_zone if request.user.is_authenticated else ""
    organisation_zone = request.actor.organisation.time_zone if request.actor else ""
    return zone_for(user_zone, request.COOKIES.get(COOKIE, ""), organisation_zone)
