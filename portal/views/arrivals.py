"""An invited reseller arrives: it confirms its id, and is here. Opening the link changes nothing."""

from typing import Any

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from portal import ratelimit
from portal.adapter import TooManyTries
from portal.audience import Audience, page
from portal.errors import OperationError
from portal.forms.entry import count
from portal.forms.relationships import ArrivalForm
from portal.middleware import ORGANISATION
from portal.models import OrganisationInvitation, User
from portal.operations import arrivals
from portal.operations.accounts import LinkDead, SignInFirst
from portal.operations.reseller_invitations import open_invitation
from portal.views.errors import too_many
from portal.zones import zone_for, zone_of_country

ARRIVALS_BY_NETWORK = ratelimit.Rule("arrival-network", limit=30, seconds=300)
#: Tries at the id of one invitation, from wherever they come: the id is not a secret, and not to be found by trying.
ARRIVALS_BY_INVITATION = ratelimit.Rule("arrival-invitation", limit=10, seconds=3600)


@page(Audience.PUBLIC, methods=("GET", "POST"))
def organisation_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Who asks, what accepting means, and a form. The same page whether or not the address has an account."""
    try:
        invitation = open_invitation(token, timezone.now())
    except LinkDead:
        return render(request, "portal/join_dead.html", status=404)
    user = request.user if request.user.is_authenticated else None
    is_theirs = user is None or user.email.casefold() == invitation.email.casefold()
    context: dict[str, Any] = {
        "invitation": invitation,
        "is_theirs": is_theirs,
        "sign_in_url": f"{reverse('account_login')}?{urlencode({'next': request.path})}",
    }
    if request.method != "POST":
        context["form"] = ArrivalForm(
            initial=_proposed(request, invitation), invitation=invitation, user=user
        )
        return render(request, "portal/arrival.html", context)
    if not is_theirs:
        context["form"] = ArrivalForm(
            initial=_proposed(request, invitation), invitation=invitation, user=user
        )
        return render(request, "portal/arrival.html", context, status=403)
    form = ArrivalForm(request.POST, invitation=invitation, user=user)
    context["form"] = form
    try:
        count(ARRIVALS_BY_NETWORK, ratelimit.network_of(ratelimit.client_address(request)))
        count(ARRIVALS_BY_INVITATION, invitation.pk)
        done = _arrive(request, token, form, user)
    except TooManyTries as refusal:
        return too_many(request, refusal.seconds)
    except LinkDead:
        return render(request, "portal/join_dead.html", status=404)
    except arrivals.WrongId as refusal:
        form.add_error("confirmed", str(refusal))
    except (SignInFirst, OperationError) as refusal:
        form.add_error(None, str(refusal))
    else:
        if done is not None:
            return done
    return render(request, "portal/arrival.html", context, status=422)


def _arrive(request: HttpRequest, token: str, form: ArrivalForm, user: User | None) -> HttpResponse | None:
    """The way on, once the id is confirmed and the organisation here; None where the form has to be corrected."""
    is_valid = form.is_valid()
    confirmed = form.cleaned_data.get("confirmed", "")
    if not confirmed:
        return None
    instead = arrivals.ask_instead(token, confirmed=confirmed, request_id=request.id)
    if instead is not None:
        return _asked(instead)
    if not is_valid:
        return None
    data = form.cleaned_data
    newcomer = arrivals.Newcomer(
        data["organisation"],
        data["country"],
        data["time_zone"],
        name=data.get("name", ""),
        password=data.get("password1", ""),
    )
    outcome = arrivals.accept_invitation(
        token, confirmed=confirmed, newcomer=newcomer, user=user, request_id=request.id
    )
    if isinstance(outcome, arrivals.AskedInstead):
        return _asked(outcome)
    membership = outcome.membership
    if user is None:
        get_adapter().login(request, membership.user)
    request.session[ORGANISATION] = str(membership.organisation_id)
    names = {"provider": outcome.relationship.provider.name}
    messages.success(request, _("Welcome. Your relationship with %(provider)s is established.") % names)
    return _see(reverse("providers:list"))


def _asked(instead: arrivals.AskedInstead) -> HttpResponse:
    """The organisation is here already: to the request, which its own people answer."""
    if instead.token:
        return _see(reverse("follow-link", args=[instead.token]))
    return _see(reverse("providers:list"))


def _proposed(request: HttpRequest, invitation: OrganisationInvitation) -> dict[str, str]:
    """The provider's country and the browser's zone are likely to be the invitee's too."""
    country = invitation.provider.country
    zone = zone_for("", request.COOKIES.get("zone", ""), zone_of_country(country))
    return {"country": country, "time_zone": str(zone)}


def _see(url: str) -> HttpResponse:
    return HttpResponseRedirect(url, status=303)
