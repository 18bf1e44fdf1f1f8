"""What partners ask of a customer, and who may act for it: the customer's own page, where it answers and ends."""

import uuid
from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from customers.forms import NoteForm
from customers.models import CustomerRelationship
from customers.operations import (
    accept_request,
    decline_request,
    end_admin_rights,
    end_customer_relationship,
)
from portal.audience import Audience, page
from portal.errors import NotVisible, OperationError
from portal.identifiers import canonical_guid
from portal.models import EndedAs
from portal.permissions import Permission, require
from portal.templatetags.ui import plain_date
from portal.views.errors import wrong_organisation
from support_contacts.ending import end_registered_along, live_sold
from support_contacts.partner_relationships import PartnerPage, PartnerRelationships, page_of
from support_contacts.views.resellers import see

ANSWER, END = Permission.PARTNER_REQUEST_ANSWER, Permission.RELATIONSHIP_END
LIST = "partner_relationships:list"


@page(Audience.CUSTOMERS, Permission.SUPPORT_VIEW)
def partner_relationships(request: HttpRequest) -> HttpResponse:
    """Requests that wait for an answer first; then every partner that sells, supports, or may act as admin."""
    shown = PartnerRelationships(request.actor)
    return render(request, "partner_relationships/list.html", {"page": shown})


@page(Audience.CUSTOMERS, Permission.SUPPORT_VIEW, needs_row=True)
def partner(request: HttpRequest, partner: uuid.UUID) -> HttpResponse:
    """One partner: since when, until when, what it supports, and what can be ended."""
    shown = _shown(request, partner)
    require(request.actor, Permission.SUPPORT_VIEW)
    return render(request, "partner_relationships/detail.html", {"page": shown})


@page(Audience.CUSTOMERS, ANSWER, methods=("POST",), needs_row=True)
def accept(request: HttpRequest, relationship: uuid.UUID) -> HttpResponse:
    """Yes, to what the page named."""
    if conflict := wrong_organisation(request, reverse(LIST)):
        return conflict
    row = _asked_of_us(request, relationship)
    require(request.actor, ANSWER)
    try:
        accept_request(row, acting=request.actor, grants=_named(request))
    except OperationError as refusal:
        messages.error(request, _("Nothing was accepted. %(reason)s") % {"reason": refusal})
    else:
        messages.success(request, _accepted(request, row.partner_id))
    return see(reverse(LIST))


@page(Audience.CUSTOMERS, ANSWER, methods=("POST",), needs_row=True)
def decline(request: HttpRequest, relationship: uuid.UUID) -> HttpResponse:
    """No. Nothing changes for whom to call."""
    if conflict := wrong_organisation(request, reverse(LIST)):
        return conflict
    row = _asked_of_us(request, relationship)
    require(request.actor, ANSWER)
    names = {"partner": row.partner.name}
    try:
        decline_request(row, acting=request.actor, grants=_named(request))
    except OperationError as refusal:
        messages.error(request, _("Nothing was declined. %(reason)s") % {"reason": refusal})
    else:
        messages.success(request, _("Declined. The request of %(partner)s is closed.") % names)
    return see(reverse(LIST))


@page(Audience.CUSTOMERS, END, methods=("GET", "POST"), needs_row=True)
def end_rights(request: HttpRequest, partner: uuid.UUID) -> HttpResponse:
    """Say what it touches, then take a partner's admin rights back. The relationship stays."""
    if request.method == "POST" and (conflict := wrong_organisation(request, reverse(LIST))):
        return conflict
    shown = _shown(request, partner)
    require(request.actor, END)
    form = NoteForm(request.POST if request.method == "POST" else None)
    context = {"page": shown, "form": form}
    if not form.is_bound:
        if not shown.row.active:
            return _nothing_left(request, shown, _("%(partner)s has no admin rights here."))
        return render(request, "partner_relationships/end_rights.html", context)
    if not form.is_valid():
        return render(request, "partner_relationships/end_rights.html", context, status=422)
    if shown.relationship is None:
        return _nothing_left(request, shown, _("%(partner)s has no admin rights here."))
    try:
        ended = end_admin_rights(shown.relationship, acting=request.actor, note=form.cleaned_data["note"])
    except OperationError as refusal:
        messages.error(request, str(refusal))
        return see(_address(shown))
    if not ended:
        return _nothing_left(request, shown, _("%(partner)s has no admin rights here."))
    messages.success(request, " ".join([_("Admin rights ended."), *_back_words(shown)]))
    return see(_address(shown))


@page(Audience.CUSTOMERS, END, methods=("GET", "POST"), needs_row=True)
def end_relationship(request: HttpRequest, partner: uuid.UUID) -> HttpResponse:
    """Say what it touches, then end the relationship and everything that hangs on it."""
    if request.method == "POST" and (conflict := wrong_organisation(request, reverse(LIST))):
        return conflict
    shown = page_of(request.actor, partner)
    if shown is None:
        return _ended_before(request, partner)
    require(request.actor, END)
    form = NoteForm(request.POST if request.method == "POST" else None)
    context = {"page": shown, "form": form}
    if shown.relationship is None:
        return _nothing_left(request, shown, _("There is no relationship with %(partner)s to end."))
    if not form.is_bound:
        return render(request, "partner_relationships/end.html", context)
    if not form.is_valid():
        return render(request, "partner_relationships/end.html", context, status=422)
    try:
        end_customer_relationship(
            shown.relationship,
            acting=request.actor,
            live_subscriptions=live_sold,
            along=end_registered_along,
            note=form.cleaned_data["note"],
        )
    except OperationError as refusal:
        context = {"page": _shown(request, partner), "form": form, "refused": str(refusal)}
        return render(request, "partner_relationships/end.html", context, status=HTTPStatus.CONFLICT)
    names = {"partner": shown.partner.name}
    ended = _("The relationship with %(partner)s is ended.") % names
    messages.success(request, " ".join([ended, *_back_words(shown)]))
    return see(reverse(LIST))


# -- parts


def _shown(request: HttpRequest, partner: uuid.UUID) -> PartnerPage:
    shown = page_of(request.actor, partner)
    if shown is None:
        raise NotVisible
    return shown


def _ended_before(request: HttpRequest, partner: uuid.UUID) -> HttpResponse:
    """A second press, or a colleague was first: what is over is said, once. Anybody else is not there."""
    rows = CustomerRelationship.objects.visible_to(request.actor).filter(
        customer_id=request.actor.organisation.pk, partner_id=partner, ended_as=EndedAs.ENDED
    )
    row = rows.select_related("partner__organisation").first()
    if row is None:
        raise NotVisible
    require(request.actor, END)
    text = _("The relationship with %(partner)s ended before. Nothing was changed.")
    messages.warning(request, text % {"partner": row.partner.name})
    return see(reverse(LIST))


def _asked_of_us(request: HttpRequest, relationship: uuid.UUID) -> CustomerRelationship:
    row = (
        CustomerRelationship.objects.visible_to(request.actor)
        .filter(pk=relationship, customer_id=request.actor.organisation.pk)
        .select_related("partner__organisation")
        .first()
    )
    if row is None:
        raise NotVisible
    return row


def _named(request: HttpRequest) -> list[uuid.UUID]:
    """The delegated admin the page named: nothing else is answered."""
    return [pk for text in request.POST.getlist("grant") if (pk := canonical_guid(text))]


def _accepted(request: HttpRequest, partner_id: uuid.UUID) -> str:
    shown = _shown(request, partner_id)
    names = {"partner": shown.partner.name, "date": plain_date(shown.row.ends)}
    if shown.row.ends and _named(request):
        return _("Accepted. %(partner)s has admin rights until %(date)s.") % names
    return _("Accepted. The relationship with %(partner)s is established.") % names


def _back_words(shown: PartnerPage) -> list[str]:
    """Whom the customer calls now, counted as it was before the end."""
    return [
        ngettext(
            "For %(n)s subscription you now call %(provider)s.",
            "For %(n)s subscriptions you now call %(provider)s.",
            one.count,
        )
        % {"n": one.count, "provider": one.provider}
        for one in shown.goes_back
    ]


def _nothing_left(request: HttpRequest, shown: PartnerPage, text: str) -> HttpResponse:
    messages.warning(request, " ".join([text % {"partner": shown.partner.name}, _("Nothing was changed.")]))
    return see(_address(shown))


def _address(shown: PartnerPage) -> str:
    return reverse("partner_relationships:detail", args=[shown.partner.pk])
