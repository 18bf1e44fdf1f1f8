"""What a partner's agents do with a customer as a whole: end the relationship, invite its first admin."""

import uuid
from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from customers.forms import FirstAdminForm, NoteForm
from customers.models import CustomerRelationship
from customers.operations import end_customer_relationship, invite_first_admin
from portal.audience import Audience, page
from portal.errors import NotVisible, OperationError
from portal.models import EndedAs, Membership
from portal.permissions import Permission, require
from portal.views.errors import wrong_organisation
from portal.views.members import mail_invitation
from subscriptions.models import PurchasedThrough, Subscription
from support_contacts.ending import end_registered_along, live_sold
from support_contacts.views.resellers import see

END, REQUEST = Permission.RELATIONSHIP_END, Permission.RELATIONSHIP_REQUEST


@page(Audience.AGENTS, END, methods=("GET", "POST"), needs_row=True)
def end(request: HttpRequest, tenant: uuid.UUID) -> HttpResponse:
    """Say what it touches, then end our relationship with a customer; live subscriptions keep it."""
    if request.method == "POST" and (conflict := wrong_organisation(request, reverse("customers:list"))):
        return conflict
    row = _ours(request, tenant)
    if row is None:
        return _ended_before(request, tenant)
    require(request.actor, END)
    form = NoteForm(request.POST if request.method == "POST" else None)
    context = {"relationship": row, "form": form, **_touched(row)}
    if not form.is_bound or not form.is_valid():
        return render(request, "requests/end.html", context, status=422 if form.is_bound else 200)
    try:
        end_customer_relationship(
            row,
            acting=request.actor,
            live_subscriptions=live_sold,
            along=end_registered_along,
            note=form.cleaned_data["note"],
        )
    except OperationError as refusal:
        context |= {"refused": str(refusal), **_touched(row)}
        return render(request, "requests/end.html", context, status=HTTPStatus.CONFLICT)
    messages.success(request, _("The relationship with %(customer)s is ended.") % {"customer": row.name})
    return see(reverse("customers:list"))


@page(Audience.AGENTS, REQUEST, methods=("GET", "POST"), needs_row=True)
def first_admin(request: HttpRequest, tenant: uuid.UUID) -> HttpResponse:
    """Invite the first global admin of a customer nobody of which is here; the link is shown once."""
    here = reverse("customers:detail", args=[tenant])
    if request.method == "POST" and (conflict := wrong_organisation(request, here)):
        return conflict
    row = _ours(request, tenant)
    if row is None:
        raise NotVisible
    require(request.actor, REQUEST)
    form = FirstAdminForm(request.POST if request.method == "POST" else None)
    context = {
        "relationship": row,
        "form": form,
        "domain": row.customer.organisation.domain,
        "has_members": Membership.objects.filter(organisation_id=tenant).exists(),
    }
    if not form.is_bound or not form.is_valid():
        return render(request, "requests/first_admin.html", context, status=422 if form.is_bound else 200)
    try:
        made = invite_first_admin(row.customer, acting=request.actor, **form.cleaned_data)
    except OperationError as refusal:
        form.add_error("email", str(refusal))
        return render(request, "requests/first_admin.html", context, status=422)
    url = request.build_absolute_uri(reverse("join", args=[made.token]))
    context |= {
        "invitation": made.invitation,
        "url": url,
        "mailed": mail_invitation(request, made.invitation, url),
    }
    return render(request, "requests/first_admin_link.html", context)


def _ours(request: HttpRequest, tenant: uuid.UUID) -> CustomerRelationship | None:
    rows = (
        CustomerRelationship.objects.visible_to(request.actor)
        .established(timezone.now())
        .filter(partner_id=request.actor.organisation.pk, customer_id=tenant)
    )
    return rows.select_related("partner__organisation", "customer__organisation").first()


def _ended_before(request: HttpRequest, tenant: uuid.UUID) -> HttpResponse:
    """A second press, or a colleague was first: what is over is said. A customer that never was ours is not there."""
    row = (
        CustomerRelationship.objects.visible_to(request.actor)
        .filter(partner_id=request.actor.organisation.pk, customer_id=tenant, ended_as=EndedAs.ENDED)
        .first()
    )
    if row is None or request.method != "POST":
        raise NotVisible
    require(request.actor, END)
    text = _("The relationship with %(customer)s ended before. Nothing was changed.")
    messages.warning(request, text % {"customer": row.name})
    return see(reverse("customers:list"))


def _touched(row: CustomerRelationship) -> dict[str, object]:
    """What keeps it from ending, and what ends with it."""
    now = timezone.now()
    registered = (
        Subscription.objects.sold_by(row.partner_id)
        .live()
        .filter(customer_id=row.customer_id)
        .exclude(purchased_through=PurchasedThrough.PARTNER)
    )
    return {
        "left": live_sold(row),
        "grants": row.delegated_admins.active(now).count(),
        "registered": registered.count(),
    }
