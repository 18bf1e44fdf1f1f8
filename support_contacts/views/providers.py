"""Providers of a reseller, for its people: requests to answer, how each provider stands, and the end."""

import uuid
from http import HTTPStatus

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.audience import Audience, page
from portal.errors import Conflict, NotVisible, OperationError
from portal.forms.relationships import ReasonForm
from portal.keyset import CursorField
from portal.models import ResellerRelationship
from portal.operations import resellers as operations
from portal.permissions import Permission, require
from portal.views.errors import wrong_organisation
from support_contacts.provider_list import ProviderList, ProviderRow, designations_of
from support_contacts.views.resellers import see

VIEW, ANSWER, END = Permission.CUSTOMER_VIEW, Permission.REQUEST_ANSWER, Permission.RELATIONSHIP_END


class PageForm(forms.Form):
    """The address of the page: where in the list it stands."""

    after = CursorField()
    before = CursorField()


@page(Audience.RESELLERS, VIEW)
def providers(request: HttpRequest) -> HttpResponse:
    """What waits for an answer first, then every provider we have or had."""
    form = PageForm(request.GET)
    if not form.is_valid():
        raise Http404
    shown = ProviderList(request.actor, timezone.now(), **form.cleaned_data)
    return render(request, "providers/list.html", {"list": shown})


@page(Audience.RESELLERS, ANSWER, methods=("POST",), needs_row=True)
def accept(request: HttpRequest, relationship: uuid.UUID) -> HttpResponse:
    """Yes, to the agreement as it was read."""
    if conflict := wrong_organisation(request, reverse("providers:list")):
        return conflict
    row = _find(request, relationship)
    require(request.actor, ANSWER)
    names = {"provider": row.provider.name}
    try:
        operations.accept_request(row, acting=request.actor, seen=request.POST.get("seen", ""))
    except Conflict:
        messages.error(
            request,
            _("%(provider)s changed the agreement after you opened the page. Read it again, then answer.")
            % names,
        )
        return see(f"{reverse('providers:list')}#request-{row.pk}")
    except OperationError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Accepted. %(provider)s is your provider from now on.") % names)
    return see(reverse("providers:list"))


@page(Audience.RESELLERS, ANSWER, methods=("GET", "POST"), needs_row=True)
def decline(request: HttpRequest, relationship: uuid.UUID) -> HttpResponse:
    """No, with a reason if one likes."""
    if request.method == "POST" and (conflict := wrong_organisation(request, reverse("providers:list"))):
        return conflict
    row = _find(request, relationship)
    require(request.actor, ANSWER)
    shown = ProviderRow(row, timezone.now())
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        if shown.state != "requested":
            return _nothing_to_do(request)
        status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
        return render(request, "providers/decline.html", {"row": shown, "form": form}, status=status)
    try:
        operations.decline_request(row, acting=request.actor, note=form.cleaned_data["note"])
    except OperationError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Declined. %(provider)s is told.") % {"provider": row.provider.name})
    return see(reverse("providers:list"))


@page(Audience.RESELLERS, END, methods=("GET", "POST"), needs_row=True)
def end(request: HttpRequest, relationship: uuid.UUID) -> HttpResponse:
    """Say what ending touches, then end the relationship."""
    if request.method == "POST" and (conflict := wrong_organisation(request, reverse("providers:list"))):
        return conflict
    row = _find(request, relationship)
    require(request.actor, END)
    now = timezone.now()
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        counts = designations_of(request.actor, [row.provider_id], now=now)
        shown = ProviderRow(row, now, counts.get(row.provider_id, 0))
        if not shown.is_established:
            return _nothing_to_do(request)
        status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
        return render(request, "providers/end.html", {"row": shown, "form": form}, status=status)
    try:
        operations.end_reseller_relationship(row, acting=request.actor, note=form.cleaned_data["note"])
    except OperationError as refusal:
        messages.error(request, str(refusal))
    else:
        names = {"provider": row.provider.name}
        messages.success(request, _("The relationship with %(provider)s is ended.") % names)
    return see(reverse("providers:list"))


# -- parts


def _find(request: HttpRequest, pk: uuid.UUID) -> ResellerRelationship:
    """A record of ours as reseller; not visible and not there are one answer."""
    rows = ResellerRelationship.objects.visible_to(request.actor).filter(
        pk=pk, reseller_id=request.actor.organisation.pk
    )
    row = rows.select_related("provider__organisation", "reseller__organisation").first()
    if row is None:
        raise NotVisible
    return row


def _nothing_to_do(request: HttpRequest) -> HttpResponse:
    messages.warning(request, _("This was answered or ended meanwhile. Nothing was changed."))
    return see(reverse("providers:list"))
