"""Members: who belongs to the organisation, in which roles; invite, change, remove."""

import logging
import uuid
from math import ceil

from django.conf import settings
from django.contrib import messages
from django.core.mail import EmailMultiAlternatives
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal import ratelimit
from portal.actor import Actor
from portal.audience import Audience, page
from portal.errors import NotVisible, OperationError
from portal.forms.organisation import InviteForm, RolesForm
from portal.models import Membership, PasswordLink
from portal.operations import members as operations
from portal.operations.links import unanswered
from portal.permissions import Permission, Role, require, role_labels
from portal.views.errors import wrong_organisation

logger = logging.getLogger(__name__)

MANAGE = Permission.MEMBER_MANAGE
#: Every invitation may be a mail to somebody who never asked for one, and what is withdrawn can be made again.
INVITES_BY_PERSON = ratelimit.Rule("invite-person", limit=30, seconds=3600)
INVITES_BY_NETWORK = ratelimit.Rule("invite-network", limit=100, seconds=3600)
#: Where no mail server is set, mails only lie in a folder of this machine: nobody gets them.
KEPT_HERE = "django.core.mail.backends.filebased.EmailBackend"


@page(Audience.MEMBERS, MANAGE)
def members(request: HttpRequest) -> HttpResponse:
    return _list(request, InviteForm(acting=request.actor))


@page(Audience.MEMBERS, MANAGE, methods=("POST",))
def invite(request: HttpRequest) -> HttpResponse:
    """Make an invitation and show its link, this once: only its hash is kept."""
    actor: Actor = request.actor
    if conflict := wrong_organisation(request, reverse("organisation:members")):
        return conflict
    form = InviteForm(request.POST, acting=actor)
    if form.is_valid():
        address = ratelimit.client_address(request)
        counted = ratelimit.attempt(INVITES_BY_PERSON, INVITES_BY_NETWORK, request.user.pk, address)
        if not counted:
            return _too_often(request, form, counted.retry_after_seconds)
        try:
            invited = operations.invite(acting=actor, **form.cleaned_data)
        except OperationError as refusal:
            form.add_error(
                "roles" if "role" in refusal.code or "admin" in refusal.code else "email", str(refusal)
            )
        else:
            url = request.build_absolute_uri(reverse("join", args=[invited.token]))
            context = {
                "invitation": invited.invitation,
                "url": url,
                "mailed": mail_invitation(request, invited.invitation, url),
            }
            return render(request, "portal/invited.html", context)
    return _list(request, form, status=422)


@page(Audience.MEMBERS, MANAGE, methods=("POST",), needs_row=True)
def withdraw_invitation(request: HttpRequest, invitation: uuid.UUID) -> HttpResponse:
    actor: Actor = request.actor
    if not unanswered(actor.organisation.pk).visible_to(actor).filter(pk=invitation).exists():
        raise NotVisible
    require(actor, MANAGE)
    if conflict := wrong_organisation(request, reverse("organisation:members")):
        return conflict
    try:
        operations.withdraw_invitation(invitation, acting=actor)
    except OperationError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The invitation is withdrawn. Its link no longer works."))
    return redirect("organisation:members")


@page(Audience.MEMBERS, MANAGE, methods=("GET", "POST"), needs_row=True)
def member(request: HttpRequest, membership: uuid.UUID) -> HttpResponse:
    """One member's roles."""
    actor: Actor = request.actor
    row = _member(actor, membership)
    require(actor, MANAGE)
    form = RolesForm(request.POST if request.method == "POST" else None, acting=actor, member=row)
    if form.is_bound:
        if conflict := wrong_organisation(request, request.path):
            return conflict
        if form.is_valid():
            try:
                operations.change_roles(row.pk, acting=actor, roles=form.cleaned_data["roles"])
            except OperationError as refusal:
                form.add_error("roles", str(refusal))
            else:
                messages.success(request, _("The roles of %(name)s are saved.") % {"name": row.user})
                return redirect("organisation:members")
    return render(
        request,
        "portal/member.html",
        _about(actor, row) | {"form": form},
        status=422 if form.is_bound else 200,
    )


@page(Audience.MEMBERS, MANAGE, methods=("GET", "POST"), needs_row=True)
def remove_member(request: HttpRequest, membership: uuid.UUID) -> HttpResponse:
    """Ask, then take a person out of the organisation."""
    actor: Actor = request.actor
    row = _member(actor, membership)
    require(actor, MANAGE)
    refused = ""
    if request.method == "POST":
        if conflict := wrong_organisation(request, reverse("organisation:members")):
            return conflict
        try:
            operations.remove_member(row.pk, acting=actor)
        except OperationError as refusal:
            refused = str(refusal)
        else:
            messages.success(request, _("%(name)s is no longer a member.") % {"name": row.user})
            return redirect("home" if row.pk == actor.membership_id else "organisation:members")
    context = _about(actor, row) | {"refused": refused}
    return render(request, "portal/member_remove.html", context, status=409 if refused else 200)


def _list(request: HttpRequest, form: InviteForm, status: int = 200) -> HttpResponse:
    actor: Actor = request.actor
    rows = Membership.objects.visible_to(actor).select_related("user").order_by("user__name", "pk")
    now = timezone.now()
    links = (
        unanswered(actor.organisation.pk)
        .visible_to(actor)
        .select_related("invited_by")
        .order_by("-created_at")
    )
    context = {
        "form": form,
        "members": [
            {"row": row, "roles": _labels(row), "is_self": row.pk == actor.membership_id} for row in rows
        ],
        "invitations": [
            {"row": row, "roles": _labels(row), "has_expired": row.expires_at <= now} for row in links
        ],
    }
    return render(request, "portal/members.html", context, status=status)


def _too_often(request: HttpRequest, form: InviteForm, seconds: int) -> HttpResponse:
    """429 with everything the person typed, and when to send it again."""
    minutes = max(1, ceil(seconds / 60))
    text = ngettext(
        "Too many invitations in a short time. Try again in %(n)s minute.",
        "Too many invitations in a short time. Try again in %(n)s minutes.",
        minutes,
    )
    form.add_error(None, text % {"n": minutes})
    response = _list(request, form, status=429)
    response["Retry-After"] = str(seconds)
    return response


def _member(actor: Actor, membership: uuid.UUID) -> Membership:
    row = Membership.objects.visible_to(actor).select_related("user").filter(pk=membership).first()
    if row is None:
        raise NotVisible
    return row


def _about(actor: Actor, row: Membership) -> dict[str, object]:
    """Who it is, and why this actor may not change them, if so."""
    is_top = Role.GLOBAL_ADMIN in actor.roles
    return {
        "member": row,
        "roles": _labels(row),
        "is_self": row.pk == actor.membership_id,
        "is_out_of_reach": Role.GLOBAL_ADMIN in row.roles and not is_top,
    }


def _labels(row: Membership | PasswordLink) -> list[str]:
    return role_labels(role for role in Role if role in row.roles)


def mail_invitation(request: HttpRequest, invitation: PasswordLink, url: str) -> bool:
    """Send the link as well; whether it left. A mail server that fails costs nothing: the link is on the page."""
    context = {"invitation": invitation, "url": url, "inviter": request.user}
    subject = " ".join(render_to_string("emails/invitation_subject.txt", context).split())
    mail = EmailMultiAlternatives(
        subject, render_to_string("emails/invitation.txt", context), to=[invitation.email]
    )
    try:
        return bool(mail.send()) and settings.EMAIL_BACKEND != KEPT_HERE
    except OSError:
        logger.exception("invitation_mail_failed")
        return False
