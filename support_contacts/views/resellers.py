"""Resellers of a provider, for its agents: the list, one reseller, its agreement, and how it ends."""

import uuid
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal import ratelimit
from portal.audience import Audience, page
from portal.errors import Conflict, NotVisible, OperationError
from portal.forms.relationships import AgreementForm, ReasonForm
from portal.htmx import render_page, wants_fragment
from portal.identifiers import canonical_guid
from portal.models import ResellerRelationship
from portal.operations import resellers as operations
from portal.operations.reseller_invitations import open_of
from portal.operations.resellers import Agreement
from portal.permissions import Permission, can, require
from portal.views.errors import wrong_organisation
from support_contacts.origin import origin_of
from support_contacts.reseller_list import ResellerList, ResellerListForm
from support_contacts.reseller_page import ResellerPage, page_of_reseller

VIEW, REQUEST, END = (
    Permission.CUSTOMER_VIEW,
    Permission.RELATIONSHIP_REQUEST,
    Permission.RELATIONSHIP_END,
)
#: The same request is mailed again so often in an hour, by all of us together.
REMINDERS = ratelimit.Rule("remind-of-request", limit=3, seconds=3600)


@page(Audience.AGENTS, VIEW)
def resellers(request: HttpRequest) -> HttpResponse:
    """Every relationship and request; the address is the whole state."""
    form = ResellerListForm(request.GET)
    if not form.is_valid():
        context: dict[str, Any] = {
            "typed": request.GET.get("q", "").replace("\0", ""),
            "problems": [message for errors in form.errors.values() for message in errors],
        }
        return render_page(request, "resellers/list.html", context, fragment="found", status=422)
    now = timezone.now()
    context = {
        "list": ResellerList(request.actor, now, form.cleaned_data),
        "typed": form.cleaned_data["q"],
        "swapped": wants_fragment(request),
        "may_request": can(request.actor, REQUEST),
        "now": now,
        "invitations": open_of(request.actor.organisation.pk)
        .visible_to(request.actor)
        .select_related("invited_by")
        .order_by("-created_at", "-pk")[:50],
    }
    return render_page(request, "resellers/list.html", context, fragment="found")


@page(Audience.AGENTS, VIEW, needs_row=True)
def reseller(request: HttpRequest, tenant: uuid.UUID) -> HttpResponse:
    """One reseller: how it stands with us, its agreement, what it supports, and everything that was."""
    shown = _shown(request, tenant)
    require(request.actor, VIEW)
    return render(request, "resellers/detail.html", {"page": shown})


@page(Audience.AGENTS, REQUEST, methods=("GET", "POST"), needs_row=True)
def agreement(request: HttpRequest, tenant: uuid.UUID) -> HttpResponse:
    """Write the support agreement down."""
    if conflict := _opened_for_another(request, tenant):
        return conflict
    shown = _shown(request, tenant)
    require(request.actor, REQUEST)
    if shown.is_over:
        return _nothing_to_do(request, shown)
    stored = Agreement.of(shown.relationship)
    if request.method != "POST":
        return render(
            request, "resellers/agreement.html", {"page": shown, "form": AgreementForm.showing(stored)}
        )
    form = AgreementForm(request.POST)
    changed_meanwhile = False
    if form.is_valid():
        try:
            operations.change_agreement(
                _posted_row(request, shown),
                agreement=form.agreement,
                acting=request.actor,
                seen=form.cleaned_data["seen"],
            )
        except Conflict:
            changed_meanwhile = True
            shown = _shown(request, tenant)
        except OperationError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The agreement is saved."))
            return _back(request, shown)
    context = {
        "page": shown,
        "form": form,
        "changed_meanwhile": changed_meanwhile,
        "mark": Agreement.of(shown.relationship).mark if changed_meanwhile else form.data.get("seen", ""),
    }
    return render(request, "resellers/agreement.html", context, status=409 if changed_meanwhile else 422)


@page(Audience.AGENTS, REQUEST, methods=("POST",), needs_row=True)
def send(request: HttpRequest, tenant: uuid.UUID) -> HttpResponse:
    """Remind the reseller of a request that waits."""
    if conflict := _opened_for_another(request, tenant):
        return conflict
    shown = _shown(request, tenant)
    require(request.actor, REQUEST)
    row = _posted_row(request, shown)
    key = ratelimit.key_for(REMINDERS.name, row.pk)
    if shown.waits and not ratelimit.hit(key, REMINDERS.limit, REMINDERS.seconds):
        messages.warning(request, _("It was sent several times already. Wait an hour, or copy the link."))
        return _back(request, shown)
    try:
        operations.renew_request(row, acting=request.actor)
    except OperationError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request, _("The request goes to %(reseller)s once more.") % {"reseller": shown.reseller.name}
        )
    return _back(request, shown)


@page(Audience.AGENTS, REQUEST, methods=("POST",), needs_row=True)
def copy_link(request: HttpRequest, tenant: uuid.UUID) -> HttpResponse:
    """Make a new link to the request and show it, this once: only its hash is kept."""
    if conflict := _opened_for_another(request, tenant):
        return conflict
    shown = _shown(request, tenant)
    require(request.actor, REQUEST)
    try:
        renewed = operations.renew_request(_posted_row(request, shown), acting=request.actor, tell=False)
    except OperationError as refusal:
        messages.error(request, str(refusal))
        return _back(request, shown)
    url = request.build_absolute_uri(reverse("follow-link", args=[renewed.token]))
    return render(request, "resellers/link.html", {"page": shown, "url": url})


@page(Audience.AGENTS, REQUEST, methods=("GET", "POST"), needs_row=True)
def withdraw(request: HttpRequest, tenant: uuid.UUID) -> HttpResponse:
    """Ask, then take an unanswered request back."""
    if conflict := _opened_for_another(request, tenant):
        return conflict
    shown = _shown(request, tenant)
    require(request.actor, REQUEST)
    if request.method != "POST":
        if not shown.waits:
            return _nothing_to_do(request, shown)
        return render(request, "resellers/withdraw.html", {"page": shown})
    try:
        operations.withdraw_request(_posted_row(request, shown), acting=request.actor)
    except OperationError as refusal:
        messages.error(request, str(refusal))
    else:
        names = {"reseller": shown.reseller.name}
        messages.success(request, _("The request to %(reseller)s is withdrawn.") % names)
    return _back(request, shown)


@page(Audience.AGENTS, END, methods=("GET", "POST"), needs_row=True)
def end(request: HttpRequest, tenant: uuid.UUID) -> HttpResponse:
    """Say what ending touches, then end the relationship."""
    if conflict := _opened_for_another(request, tenant):
        return conflict
    shown = _shown(request, tenant)
    require(request.actor, END)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        if not shown.is_established:
            return _nothing_to_do(request, shown)
        status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
        return render(request, "resellers/end.html", {"page": shown, "form": form}, status=status)
    try:
        operations.end_reseller_relationship(
            _posted_row(request, shown), acting=request.actor, note=form.cleaned_data["note"]
        )
    except OperationError as refusal:
        messages.error(request, str(refusal))
    else:
        names = {"reseller": shown.reseller.name}
        messages.success(request, _("The relationship with %(reseller)s is ended.") % names)
    return _back(request, shown)


# -- parts


def _shown(request: HttpRequest, tenant: uuid.UUID) -> ResellerPage:
    """A partner we have or had something with; not visible and not there are one answer."""
    shown = page_of_reseller(request.actor, tenant, now=timezone.now())
    if shown is None:
        raise NotVisible
    return shown


def _posted_row(request: HttpRequest, shown: ResellerPage) -> ResellerRelationship:
    """The record the form was made for; a later request is not answered for an earlier one."""
    wanted = canonical_guid(request.POST.get("relationship", ""))
    return next((row for row in shown.records if row.pk == wanted), shown.relationship)


def _opened_for_another(request: HttpRequest, tenant: uuid.UUID) -> HttpResponse | None:
    if request.method != "POST":
        return None
    return wrong_organisation(request, reverse("resellers:detail", args=[tenant]))


def _nothing_to_do(request: HttpRequest, shown: ResellerPage) -> HttpResponse:
    """A page of an act that is no longer there to be done: the reseller's page says why."""
    messages.warning(request, _("This was answered or ended meanwhile. Nothing was changed."))
    return _back(request, shown)


def _back(request: HttpRequest, shown: ResellerPage) -> HttpResponse:
    """Where the step was taken from, or the reseller's page."""
    return see(origin_of(request) or reverse("resellers:detail", args=[shown.reseller.pk]))


def see(url: str) -> HttpResponse:
    """303: what was posted is done, and this is where it shows."""
    return HttpResponseRedirect(url, status=HTTPStatus.SEE_OTHER)
