"""Asking a reseller for a relationship, and inviting one that is not here yet."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal import ratelimit
from portal.audience import Audience, page
from portal.errors import NotVisible, OperationError
from portal.forms.relationships import InviteResellerForm, LookUpForm, RequestForm, fields_of
from portal.identifiers import canonical_guid
from portal.models import OrganisationInvitation, Partner, ResellerRelationship, State
from portal.operations import reseller_invitations as invitations
from portal.operations import resellers as operations
from portal.operations.resellers import Agreement, AlreadyThere
from portal.permissions import Permission, require
from portal.templatetags.ui import plain_date
from portal.views.errors import too_many, wrong_organisation
from support_contacts.lookup import Found, look_up
from support_contacts.operations.wishes import wait_for
from support_contacts.origin import origin_of, subscription_of, with_anchor
from support_contacts.reseller_page import page_of_reseller
from support_contacts.said import say
from support_contacts.views.resellers import see

REQUEST = Permission.RELATIONSHIP_REQUEST
#: Invitations and reminders go to addresses somebody typed: so many an hour from one organisation.
INVITATIONS = ratelimit.Rule("invite-organisation", limit=30, seconds=3600)


@page(Audience.AGENTS, REQUEST, methods=("GET", "POST"))
def request_relationship(request: HttpRequest) -> HttpResponse:
    """Find a reseller by exact PartnerID or domain, or come with one of ours; then ask it."""
    if request.method == "POST" and (conflict := wrong_organisation(request, reverse("resellers:request"))):
        return conflict
    given = request.POST if request.method == "POST" else request.GET
    origin = origin_of(request)
    context: dict[str, Any] = {"origin": origin, "look_up": LookUpForm(), "find": ""}
    found = _asked_for(request, given, context)
    if found.retry_after:
        return too_many(request, found.retry_after)
    if found.partner is None:
        return _nobody(request, context)
    context["reseller"] = found.partner
    records = page_of_reseller(request.actor, found.partner.pk, now=timezone.now())
    context["page"] = records
    if request.method != "POST":
        last = Agreement.of(records.relationship) if records and records.is_over else Agreement()
        context["form"] = RequestForm(initial=fields_of(last))
        return render(request, "resellers/request.html", context)
    form = RequestForm(request.POST)
    if form.is_valid():
        try:
            outcome = operations.request_reseller_relationship(
                found.partner,
                acting=request.actor,
                message=form.cleaned_data["message"],
                agreement=form.agreement,
            )
        except OperationError as refusal:
            form.add_error(None, str(refusal))
        else:
            return _requested(request, outcome, origin)
    return render(request, "resellers/request.html", context | {"form": form}, status=422)


@page(Audience.AGENTS, REQUEST, methods=("POST",))
def invite(request: HttpRequest) -> HttpResponse:
    """Invite an organisation and show its link, this once: only its hash is kept."""
    if conflict := wrong_organisation(request, reverse("resellers:request")):
        return conflict
    form = InviteResellerForm(request.POST)
    if form.is_valid():
        key = ratelimit.key_for(INVITATIONS.name, request.actor.organisation.pk)
        verdict = ratelimit.hit(key, INVITATIONS.limit, INVITATIONS.seconds)
        if not verdict:
            return too_many(request, verdict.retry_after_seconds)
        try:
            outcome = invitations.invite_reseller(
                acting=request.actor,
                email=form.cleaned_data["email"],
                message=form.cleaned_data["message"],
                agreement=form.agreement,
                **form.ids,
            )
        except OperationError as refusal:
            here = form.cleaned_data["identity"] if refusal.code == "here_already" else ""
            form.add_error("identity", str(refusal))
            return _nobody(request, {"look_up": LookUpForm(), "known": here}, form=form)
        if isinstance(outcome, invitations.Invited):
            return _link(request, outcome)
        messages.warning(
            request,
            _("%(email)s has an open invitation for this reseller already.")
            % {"email": outcome.invitation.email},
        )
        return see(f"{reverse('resellers:list')}#invitations")
    return _nobody(request, {"look_up": LookUpForm()}, form=form)


@page(Audience.AGENTS, REQUEST, methods=("POST",), needs_row=True)
def copy_invitation(request: HttpRequest, invitation: uuid.UUID) -> HttpResponse:
    """A new link to an invitation, shown this once; the one before is dead."""
    return _renew(request, invitation, tell=False)


@page(Audience.AGENTS, REQUEST, methods=("POST",), needs_row=True)
def send_invitation(request: HttpRequest, invitation: uuid.UUID) -> HttpResponse:
    """Mail the invitation once more, with a new link."""
    return _renew(request, invitation, tell=True)


@page(Audience.AGENTS, REQUEST, methods=("POST",), needs_row=True)
def withdraw_invitation(request: HttpRequest, invitation: uuid.UUID) -> HttpResponse:
    if conflict := wrong_organisation(request, reverse("resellers:list")):
        return conflict
    row = _invitation(request, invitation)
    require(request.actor, REQUEST)
    try:
        invitations.withdraw_invitation(row, acting=request.actor)
    except OperationError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The invitation is withdrawn. Its link no longer works."))
    return see(reverse("resellers:list"))


# -- parts


def _asked_for(request: HttpRequest, given, context: dict[str, Any]) -> Found:
    """Whom the address or the form names: a partner of ours by its id, anyone else as they are looked for."""
    tenant = canonical_guid(given.get("reseller", ""))
    if tenant is not None:
        known = Partner.objects.visible_to(request.actor).filter(pk=tenant, is_indirect_reseller=True)
        partner = known.exclude(pk=request.actor.organisation.pk).select_related("organisation").first()
        if partner is None:
            raise NotVisible
        return Found(partner)
    if "find" not in given:
        return Found()
    form = LookUpForm(given)
    context["look_up"] = form
    if not form.is_valid():
        return Found()
    context["find"] = find = form.cleaned_data["find"]
    ours = Partner.objects.visible_to(request.actor).filter(
        pk=canonical_guid(find), is_indirect_reseller=True
    )
    known = ours.select_related("organisation").first() if canonical_guid(find) else None
    return Found(known) if known else look_up(request.actor, find)


def _nobody(
    request: HttpRequest, context: dict[str, Any], form: InviteResellerForm | None = None
) -> HttpResponse:
    """Nobody found yet: look somebody up or, once somebody was looked for in vain, invite them."""
    find = context.get("find", "")
    if form is None and find:
        digits = find if find.isascii() and find.isdigit() else ""
        form = InviteResellerForm(initial={"identity": digits or canonical_guid(find) or ""})
    refused = (form is not None and form.is_bound) or context["look_up"].errors
    return render(request, "resellers/find.html", context | {"invite": form}, status=422 if refused else 200)


def _requested(
    request: HttpRequest, outcome: operations.Requested | AlreadyThere, origin: str
) -> HttpResponse:
    """To where the step began, whose row says so; or to the reseller's page.

    Whoever asks from a subscription's page wants the reseller there, and is told when it can be chosen.
    """
    row: ResellerRelationship = outcome.relationship
    if (subscription := subscription_of(request.actor, origin)) is not None:
        wait_for(subscription, row.reseller_id, acting=request.actor)
    is_new = isinstance(outcome, operations.Requested)
    if origin.startswith(reverse("customers:list")):
        say(request, row.reseller_id, "requested" if is_new else "requested_already")
        return see(with_anchor(origin, f"reseller-{row.reseller_id}"))
    names = {"reseller": row.reseller.name, "date": plain_date(row.lapses_at)}
    if is_new:
        messages.success(request, _("Requested. %(reseller)s has until %(date)s to answer.") % names)
    elif row.state(timezone.now()) == State.ESTABLISHED:
        messages.warning(request, _("The relationship with %(reseller)s is established already.") % names)
    else:
        messages.warning(
            request, _("%(reseller)s was asked already, and has until %(date)s to answer.") % names
        )
    return see(origin or reverse("resellers:detail", args=[row.reseller_id]))


def _renew(request: HttpRequest, invitation: uuid.UUID, *, tell: bool) -> HttpResponse:
    if conflict := wrong_organisation(request, reverse("resellers:list")):
        return conflict
    row = _invitation(request, invitation)
    require(request.actor, REQUEST)
    key = ratelimit.key_for(INVITATIONS.name, request.actor.organisation.pk)
    verdict = ratelimit.hit(key, INVITATIONS.limit, INVITATIONS.seconds)
    if not verdict:
        return too_many(request, verdict.retry_after_seconds)
    try:
        renewed = invitations.renew_invitation(row, acting=request.actor, tell=tell)
    except OperationError as refusal:
        messages.error(request, str(refusal))
        return see(reverse("resellers:list"))
    if not tell:
        return _link(request, renewed, is_new=False)
    messages.success(
        request, _("The invitation goes to %(email)s once more.") % {"email": renewed.invitation.email}
    )
    return see(f"{reverse('resellers:list')}#invitations")


def _link(request: HttpRequest, invited: invitations.Invited, *, is_new: bool = True) -> HttpResponse:
    url = request.build_absolute_uri(reverse("organisation-invitation", args=[invited.token]))
    context = {"invitation": invited.invitation, "url": url, "is_new": is_new}
    return render(request, "resellers/invited.html", context)


def _invitation(request: HttpRequest, pk: uuid.UUID) -> OrganisationInvitation:
    row = OrganisationInvitation.objects.visible_to(request.actor).filter(pk=pk).first()
    if row is None:
        raise NotVisible
    return row
