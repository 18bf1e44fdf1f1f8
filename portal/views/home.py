"""The first page, by what the person's organisation is and what their roles open; and the frame's own forms."""

from dataclasses import dataclass
from typing import cast

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import translation
from django.utils.translation import gettext as _

from portal.actor import Actor
from portal.audience import Audience, page
from portal.forms.organisation import TOLD, PreferencesForm
from portal.identifiers import canonical_guid
from portal.middleware import ORGANISATION
from portal.models import Membership, User
from portal.operations.accounts import change_preferences
from portal.permissions import Permission, Role, can, role_labels
from portal.views.entry import sign_in
from portal.views.redirects import safe_next


@dataclass(frozen=True, slots=True)
class Way:
    """A page this person may open, and what it is for."""

    label: str
    text: str
    url: str
    icon: str


@page(Audience.PUBLIC)
def home(request: HttpRequest) -> HttpResponse:
    """Sign-in for whoever is not; otherwise what the current organisation is here for."""
    if not request.user.is_authenticated:
        response: HttpResponse = sign_in(request)
        return response
    actor: Actor | None = request.actor
    if actor is None:
        return render(request, "portal/no_organisation.html")
    whom_to_call = _url("support_contacts:whom-to-call")
    if (
        actor.is_customer
        and not actor.organisation.is_partner
        and can(actor, Permission.SUPPORT_VIEW)
        and whom_to_call
    ):
        return redirect(whom_to_call)
    context: dict[str, object] = {
        "ways": _ways(actor),
        "own_roles": role_labels(role for role in Role if role in actor.roles),
        "works": bool(can(actor, Permission.CUSTOMER_VIEW) or can(actor, Permission.SUPPORT_VIEW)),
    }
    if not context["works"]:
        context["admins"] = (
            Membership.objects.visible_to(actor)
            .with_role(Role.GLOBAL_ADMIN)
            .select_related("user")
            .order_by("user__name")
        )
    return render(request, "portal/home.html", context)


@page(Audience.MEMBERS, methods=("POST",))
def switch_organisation(request: HttpRequest) -> HttpResponse:
    """Act for another of one's own organisations from now on."""
    wanted = canonical_guid(request.POST.get("organisation", ""))
    if wanted not in {membership.organisation_id for membership in request.memberships}:
        raise Http404
    request.session[ORGANISATION] = str(wanted)
    return redirect(safe_next(request, request.POST.get("next")))


@page(Audience.PUBLIC, methods=("POST",))
def language(request: HttpRequest) -> HttpResponse:
    """Read the portal in this language from now on: on this device, and wherever this person signs in."""
    wanted = request.POST.get("language", "")
    response = redirect(safe_next(request, request.POST.get("next")))
    if wanted not in dict(settings.LANGUAGES):
        return response
    if request.user.is_authenticated:
        user = request.user
        change_preferences(user, name=user.name, language=wanted, time_zone=user.time_zone)
    _remember_language(response, wanted)
    return response


@page(Audience.MEMBERS, methods=("GET", "POST"))
def preferences(request: HttpRequest) -> HttpResponse:
    """A person's own name, language and zone, and the mails they want."""
    user = cast(User, request.user)
    initial = {
        "name": user.name,
        "language": user.language,
        "time_zone": user.time_zone,
        "mails": [kind for kind, _label in TOLD if kind not in user.mail_off],
    }
    form = PreferencesForm(request.POST if request.method == "POST" else None, initial=initial)
    saved = request.GET.get("saved") == "1"
    if form.is_bound and form.is_valid():
        change_preferences(user, **form.values)
        response = redirect(f"{reverse('preferences')}?saved=1")
        if form.cleaned_data["language"]:
            _remember_language(response, form.cleaned_data["language"])
        return response
    status = 422 if form.is_bound else 200
    return render(request, "portal/preferences.html", {"form": form, "saved": saved}, status=status)


def _remember_language(response: HttpResponse, code: str) -> None:
    translation.activate(code)
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        code,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite="Lax",
    )


def _ways(actor: Actor) -> list[Way]:
    """The pages of this actor's work, each only if it exists and the roles open it."""
    views_customers = bool(can(actor, Permission.CUSTOMER_VIEW))
    wanted = [
        (
            actor.is_provider and views_customers,
            "customers:list",
            "building-office-2",
            _("Customers"),
            _("Find a customer, open a subscription, choose who supports it."),
        ),
        (
            actor.is_reseller and views_customers,
            "support_contacts:duties",
            "lifebuoy",
            _("What we support"),
            _("The customers and subscriptions you are the support contact of, and since when."),
        ),
        (
            actor.is_customer and bool(can(actor, Permission.SUPPORT_VIEW)),
            "support_contacts:whom-to-call",
            "phone",
            _("Whom to call"),
            _("For every subscription your organisation has."),
        ),
        (
            bool(can(actor, Permission.MEMBER_MANAGE)),
            "organisation:members",
            "users",
            _("Members"),
            _("Who belongs to your organisation, and what each may do."),
        ),
        (
            True,
            "organisation:profile",
            "cog-6-tooth",
            _("Support profile") if actor.organisation.is_partner else _("Organisation"),
            _("What customers read and dial when they look for support.")
            if actor.organisation.is_partner
            else _("Your organisation as it is recorded here."),
        ),
    ]
    return [
        Way(label, text, url, icon)
        for holds, name, icon, label, text in wanted
        if holds and (url := _url(name))
    ]


def _url(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
