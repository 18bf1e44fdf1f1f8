""" "This contact is wrong or does not answer": a customer says so, its provider answers."""

import uuid
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from portal.audience import Audience, page
from portal.errors import Busy, OperationError
from portal.htmx import render_page
from portal.models import Partner
from portal.permissions import Permission, require
from portal.views.errors import wrong_organisation
from portal.zones import is_zone
from subscriptions.models import Subscription
from support_contacts.attention import names_of
from support_contacts.contacts import shown
from support_contacts.forms_reports import AnswerForm, ReportForm
from support_contacts.models import ContactReport
from support_contacts.operations.reports import answer_report, report_contact
from support_contacts.views.attention import see_other


@page(Audience.CUSTOMERS, Permission.SUPPORT_VIEW, methods=("GET", "POST"), needs_row=True)
def report(request: HttpRequest, partner: uuid.UUID) -> HttpResponse:
    """A customer says that the partner on one of its cards is wrong or does not answer, once a card and day."""
    if request.method == "POST" and (
        conflict := wrong_organisation(request, reverse("support_contacts:whom-to-call"))
    ):
        return conflict
    actor, now = request.actor, timezone.now()
    own = Subscription.objects.visible_to(actor).filter(customer_id=actor.organisation.pk).live()
    rows = shown(own.select_related("provider__organisation").order_by("sort_name", "pk"), at=now)
    named = [row for row in rows if row.partner.pk == partner]
    if not named:
        raise Http404
    require(actor, Permission.SUPPORT_VIEW)
    contact: Partner = named[0].partner
    subscriptions = [row.subscription for row in named]
    day = now.astimezone(_zone(actor.organisation.time_zone)).date()
    today = ContactReport.objects.visible_to(actor).filter(
        customer_id=actor.organisation.pk, partner=contact, day=day
    )
    form = ReportForm(request.POST if request.method == "POST" else None)
    busy = None
    if form.is_bound and form.is_valid():
        try:
            made = report_contact(
                contact,
                subscriptions=subscriptions,
                day=day,
                reason=form.cleaned_data["reason"],
                detail=form.cleaned_data["detail"],
                acting=actor,
            )
        except Busy as error:
            busy = error
        else:
            which = "reported" if made.made else "again"
            return see_other(f"{reverse('support_contacts:whom-to-call')}?{which}={contact.pk}")
    context = {
        "form": form,
        "contact": contact,
        "subscriptions": subscriptions,
        "providers": list(dict.fromkeys(row.provider.name for row in subscriptions)),
        "already": today.order_by("reported_at").first(),
        "busy": busy,
    }
    status = 503 if busy else 422 if form.is_bound else 200
    return render_page(request, "support_contacts/report.html", context, status=status)


@page(Audience.AGENTS, Permission.CONTACT_ASSIGN, methods=("GET", "POST"), needs_row=True)
def answer(request: HttpRequest, report: uuid.UUID) -> HttpResponse:
    """What the customer said, and a note for its card; changing the contact answers it as well."""
    if request.method == "POST" and (conflict := wrong_organisation(request, reverse("contacts:list"))):
        return conflict
    actor = request.actor
    row = (
        ContactReport.objects.visible_to(actor)
        .filter(provider_id=actor.organisation.pk, pk=report)
        .select_related("partner__organisation", "partner__support_profile")
        .first()
    )
    if row is None:
        raise Http404
    require(actor, Permission.CONTACT_ASSIGN)
    form = AnswerForm(request.POST if request.method == "POST" else None)
    refusal: OperationError | None = None
    if form.is_bound and form.is_valid():
        try:
            answer_report(row, answer=form.cleaned_data["answer"], acting=actor)
            return see_other(f"{reverse('contacts:list')}?attention=1&answered={row.pk}")
        except OperationError as error:
            refusal = error
            row.refresh_from_db()
    names = names_of(actor.organisation.pk, {row.customer_id})
    context = {
        "form": form,
        "report": row,
        "customer": names.get(row.customer_id, str(row.customer_id)),
        "refusal": refusal,
    }
    status = 200
    if form.is_bound:
        status = 503 if isinstance(refusal, Busy) else 409 if refusal else 422
    return render_page(request, "support_contacts/report_answer.html", context, status=status)


def _zone(name: str) -> ZoneInfo:
    """The customer's own day, whoever of its admins reports."""
    return ZoneInfo(name) if is_zone(name) else ZoneInfo("UTC")
