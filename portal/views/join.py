"""Joining an organisation by a one-use link. Opening it changes nothing."""

from typing import cast

from allauth.account.adapter import get_adapter
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from portal import ratelimit
from portal.adapter import TooManyTries
from portal.audience import Audience, page
from portal.errors import Busy
from portal.forms.entry import JoinForm, count
from portal.middleware import ORGANISATION
from portal.models import PasswordLink, User
from portal.operations import accounts
from portal.permissions import Role, role_labels
from portal.views.errors import too_many

JOIN_BY_NETWORK = ratelimit.Rule("join-network", limit=30, seconds=300)


@page(Audience.PUBLIC, methods=("GET", "POST"))
def join(request: HttpRequest, token: str) -> HttpResponse:
    """One screen whether or not the address has an account: set a password, or sign in first.

    Signed in as that address it is one button; signed in as somebody else it says so.
    """
    try:
        invitation = accounts.open_invitation(token, timezone.now())
        context = {
            "invitation": invitation,
            "roles": role_labels(role for role in Role if role in invitation.roles),
            "sign_in_url": f"{reverse('account_login')}?{urlencode({'next': request.path})}",
        }
        if request.user.is_authenticated:
            return _as_member(request, token, context)
        form = JoinForm(
            request.POST if request.method == "POST" else None,
            initial={"name": invitation.name},
            invitation=invitation,
        )
        if form.is_bound:
            count(JOIN_BY_NETWORK, ratelimit.network_of(ratelimit.client_address(request)))
            if form.is_valid():
                return _as_new(request, token, form)
        return render(
            request, "portal/join.html", context | {"form": form}, status=422 if form.is_bound else 200
        )
    except accounts.LinkDead:
        return render(request, "portal/join_dead.html", status=404)
    except (accounts.SignInFirst, Busy) as refusal:
        form.add_error(None, str(refusal))
        return render(request, "portal/join.html", context | {"form": form}, status=422)
    except TooManyTries as refusal:
        return too_many(request, refusal.seconds)


def _as_member(request: HttpRequest, token: str, context: dict[str, object]) -> HttpResponse:
    user, invitation = cast(User, request.user), cast(PasswordLink, context["invitation"])
    is_theirs = user.email.casefold() == invitation.email.casefold()
    if request.method != "POST" or not is_theirs:
        context["is_theirs"] = is_theirs
        return render(
            request, "portal/join_signed_in.html", context, status=200 if request.method != "POST" else 403
        )
    joined = accounts.join(token, user=user, request_id=request.id)
    request.session[ORGANISATION] = str(joined.membership.organisation_id)
    return redirect("home")


def _as_new(request: HttpRequest, token: str, form: JoinForm) -> HttpResponse:
    joined = accounts.join_with_new_account(
        token,
        name=form.cleaned_data["name"],
        password=form.cleaned_data["password1"],
        request_id=request.id,
    )
    get_adapter().login(request, joined.user)
    request.session[ORGANISATION] = str(joined.membership.organisation_id)
    return redirect("home")
