"""Whose page it is: every route says which kind of organisation it serves and which permission its list needs.

Wrong kind of organisation: 404, as if there were no such page. Right kind without the role: 403 that names the roles
that may. A page of one row leaves the permission to the view, which finds the row first, so that what is not visible
is 404 before anything is 403 (R11).
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from portal import drafts
from portal.actor import Actor
from portal.addresses import split
from portal.permissions import Permission, require


class Audience(Enum):
    """Who a page is for."""

    PUBLIC = "public"
    MEMBERS = "members"
    PARTNERS = "partners"
    AGENTS = "agents"
    RESELLERS = "resellers"
    CUSTOMERS = "customers"

    def includes(self, actor: Actor) -> bool:
        return {
            Audience.PUBLIC: True,
            Audience.MEMBERS: True,
            Audience.PARTNERS: actor.organisation.is_partner,
            Audience.AGENTS: actor.is_provider,
            Audience.RESELLERS: actor.is_reseller,
            Audience.CUSTOMERS: actor.is_customer,
        }[self]


@dataclass(frozen=True, slots=True)
class Route:
    """What a view declared; `tests/architecture` walks these."""

    audience: Audience
    permission: Permission | None
    methods: tuple[str, ...]
    needs_row: bool


def page(
    audience: Audience,
    permission: Permission | None = None,
    *,
    methods: tuple[str, ...] = ("GET",),
    needs_row: bool = False,
) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Declare a view's audience and the permission it needs.

    With `needs_row` the view itself calls `require(actor, permission)` after finding its row; without it the
    permission is checked here. GET always brings HEAD.
    """
    allowed = (*methods, "HEAD") if "GET" in methods else methods

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        @require_http_methods(allowed)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if audience is not Audience.PUBLIC:
                actor = getattr(request, "actor", None)
                if not request.user.is_authenticated:
                    return _sign_in_first(request)
                if actor is None or not audience.includes(actor):
                    raise Http404
                if permission is not None and not needs_row:
                    require(actor, permission)
            response = view(request, *args, **kwargs)
            add_never_cache_headers(response)
            return response

        guarded.route = Route(audience, permission, methods, needs_row)
        return guarded

    return decorate


def _sign_in_first(request: HttpRequest) -> HttpResponse:
    """To the sign-in page and back. What was posted waits behind it; a post cannot be returned to, its page can."""
    if request.method in ("GET", "HEAD"):
        response = redirect_to_login(request.get_full_path())
    else:
        drafts.keep(request)
        referrer = split(request.headers.get("Referer"))
        response = redirect_to_login(referrer.path if referrer.netloc == request.get_host() else "/")
    if getattr(request, "htmx", None):
        # A fragment cannot show the sign-in page: the whole page goes there.
        return HttpResponseClientRedirect(response["Location"])
    return response
