"""Error pages: the same frame where somebody is signed in, never a guess, always the request id."""

import logging
import sys
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from portal import outage
from portal.addresses import split
from portal.errors import NotPermitted
from portal.identifiers import canonical_guid
from portal.models import Organisation
from portal.operations.members import roles_of
from portal.permissions import Permission, Role, role_labels, roles_allowing
from portal.views.redirects import safe_next

logger = logging.getLogger(__name__)

#: Answers which of the person's organisations can see an address of the apps above (R11). Named, not imported.
SWITCH_OFFERS = "support_contacts.switching.organisations_that_see"
SWITCHABLE = ("/customers/", "/providers/", "/resellers/")

#: What was tried, as the beginning of "… is done by …".
ACTIONS: dict[str, str | Promise] = {
    Permission.CONTACT_ASSIGN: _("Changing a support contact"),
    Permission.CREDENTIAL_LIMIT: _("Limiting what integrations may act as"),
    Permission.CREDENTIAL_MANAGE: _("Managing API credentials"),
    Permission.CUSTOMER_VIEW: _("Viewing customers"),
    Permission.DELEGATED_ADMIN_REQUEST: _("Requesting delegated admin"),
    Permission.MEMBER_MANAGE: _("Managing members and roles"),
    Permission.ORGANISATION_VIEW: _("Viewing the organisation"),
    Permission.PARTNER_REQUEST_ANSWER: _("Answering a partner’s request"),
    Permission.PROFILE_EDIT: _("Editing the support profile"),
    Permission.RELATIONSHIP_ASK: _("Asking a colleague for a step"),
    Permission.RELATIONSHIP_END: _("Ending a relationship"),
    Permission.RELATIONSHIP_REQUEST: _("Requesting a relationship"),
    Permission.REQUEST_ANSWER: _("Answering a request"),
    Permission.SUPPORT_VIEW: _("Viewing whom to call"),
}
#: Never shown again: secrets, and what no person typed.
HIDDEN = (
    "csrfmiddlewaretoken",
    "password",
    "password1",
    "password2",
    "oldpassword",
    "organisation",
    "version",
    "loaded",
    "addon",
    "from",
    "next",
)
SHOWN_TEXT = 4000


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400. It may come before anything is known of the request, its host included."""
    try:
        return render(request, "400.html", status=HTTPStatus.BAD_REQUEST)
    except Exception:
        logger.info("bad_request_page_without_frame")
        said = f"{_('Something in the address or form is not right')}\n{getattr(request, 'id', '')}\n"
        return HttpResponse(said, content_type="text/plain; charset=utf-8", status=HTTPStatus.BAD_REQUEST)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: names the roles that may, and the person's own."""
    actor = getattr(request, "actor", None)
    context: dict[str, Any] = {"back_url": _back(request)}
    if actor is not None:
        context["own_roles"] = role_labels(role for role in Role if role in actor.roles)
    if isinstance(exception, NotPermitted):
        context |= {"action": ACTIONS.get(exception.permission), "roles": exception.roles}
        if actor is not None:
            fitting = roles_of(actor.organisation)
            allowing = roles_allowing(Permission(exception.permission))
            context["roles"] = role_labels(role for role in allowing if role in fitting) or exception.roles
    return render(request, "403.html", context, status=HTTPStatus.FORBIDDEN)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: the same for what is not there and what is not visible; perhaps with the offer to switch."""
    context = {"other_organisation": _other_organisation(request)}
    return render(request, "404.html", context, status=HTTPStatus.NOT_FOUND)


def server_error(request: HttpRequest) -> HttpResponse:
    """500, or 503 when what broke is the way to the database. Neither page asks the database for anything."""
    error = sys.exc_info()[1]
    if error is not None and outage.is_away(error):
        return outage.page(request)
    return HttpResponse(
        render_to_string(
            "500.html",
            {"request_id": getattr(request, "id", ""), "emergency": request.path.startswith("/support/")},
        ),
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form without its proof: opened too long ago, or cookies are off. What was typed is given back.

    Only to a form of our own pages: another site must not be able to put its words on ours.
    """
    logger.info("csrf_refused", extra={"reason": reason})
    typed = _typed(request) if _is_own_form(request) else []
    return render(
        request, "portal/form_expired.html", {"typed": typed, "back_url": _back(request)}, status=403
    )


def too_many(request: HttpRequest, seconds: int) -> HttpResponse:
    response = render(request, "429.html", {"retry_after": seconds}, status=HTTPStatus.TOO_MANY_REQUESTS)
    response["Retry-After"] = str(seconds)
    return response


def wrong_organisation(request: HttpRequest, back_url: str = "/", *, typed: str = "") -> HttpResponse | None:
    """409 when a form was opened for another organisation than the person now acts for (R11); None when it is right.

    `typed` is given back to be copied; where the person still belongs to the other organisation, one click returns.
    """
    named = request.POST.get("organisation", "")
    actor = getattr(request, "actor", None)
    if not named or actor is None or canonical_guid(named) == actor.organisation.pk:
        return None
    own = {
        membership.organisation_id: membership.organisation
        for membership in getattr(request, "memberships", [])
    }
    context = {"form_organisation": own.get(canonical_guid(named)), "back_url": back_url, "typed": typed}
    return render(request, "409.html", context, status=HTTPStatus.CONFLICT)


def _other_organisation(request: HttpRequest) -> Organisation | None:
    actor, memberships = getattr(request, "actor", None), getattr(request, "memberships", [])
    if actor is None or len(memberships) < 2 or not request.path.startswith(SWITCHABLE):
        return None
    try:
        organisations_that_see = import_string(SWITCH_OFFERS)
    except ImportError:
        return None
    others: list[Organisation] = list(organisations_that_see(request))
    return next((other for other in others if other.pk != actor.organisation.pk), None)


def _back(request: HttpRequest) -> str:
    """The page of ours somebody came from, without a way to another site."""
    came_from = split(request.headers.get("Referer"))
    if came_from.netloc and came_from.netloc != request.get_host():
        return ""
    path = came_from.path + (f"?{came_from.query}" if came_from.query else "")
    return "" if path == request.get_full_path() else safe_next(request, path, default="")


def _is_own_form(request: HttpRequest) -> bool:
    came_from = request.headers.get("Origin") or request.headers.get("Referer", "")
    return split(came_from).netloc == request.get_host()


def _typed(request: HttpRequest) -> list[str]:
    """What a person typed into the refused form, to copy: texts, not choices, never a password."""
    texts = (
        value
        for name, values in request.POST.lists()
        if not name.startswith(HIDDEN)
        for value in values
        if len(value.strip()) > 2 and canonical_guid(value) is None
    )
    return [text[:SHOWN_TEXT] for text in texts]
