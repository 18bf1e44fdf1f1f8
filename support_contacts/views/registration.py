"""Subscriptions bought elsewhere: registered by a partner for support, removed by the customer (R13)."""

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from customers.models import CustomerRelationship
from portal.audience import Audience, page
from portal.errors import Busy, OperationError
from portal.htmx import render_page
from portal.permissions import Permission, require
from portal.views.errors import wrong_organisation
from subscriptions.models import PurchasedThrough, Subscription
from support_contacts.contacts import shown
from support_contacts.forms_registration import RegistrationForm
from support_contacts.operations.registration import register_subscription, remove_registered
from support_contacts.views.attention import see_other


@page(Audience.AGENTS, Permission.CONTACT_ASSIGN, methods=("GET", "POST"), needs_row=True)
def register(request: HttpRequest, tenant: uuid.UUID) -> HttpResponse:
    """Put a subscription somebody else sold on record, to say who supports it."""
    here = reverse("customers:detail", args=[tenant])
    if request.method == "POST" and (conflict := wrong_organisation(request, here)):
        return conflict
    relationship = (
        CustomerRelationship.objects.visible_to(request.actor)
        .established(timezone.now())
        .filter(partner_id=request.actor.organisation.pk, customer_id=tenant)
        .select_related("partner__organisation")
        .first()
    )
    if relationship is None:
        raise Http404
    require(request.actor, Permission.CONTACT_ASSIGN)
    form = RegistrationForm(request.POST if request.method == "POST" else None)
    refusal: OperationError | None = None
    if form.is_bound and form.is_valid():
        fields = {name: form.cleaned_data[name] for name in form.fields if name != "organisation"}
        try:
            made = register_subscription(relationship, **fields, acting=request.actor)
            url = reverse("customers:subscription", args=[made.customer_id, made.public_id])
            return see_other(f"{url}?registered=1")
        except OperationError as error:
            refusal = error
            if error.code in form.fields:
                form.add_error(error.code, str(error))
    context = {"form": form, "relationship": relationship, "refusal": refusal}
    status = 200
    if form.is_bound:
        status = 503 if isinstance(refusal, Busy) else 422
    return render_page(request, "support_contacts/register.html", context, status=status)


@page(Audience.CUSTOMERS, Permission.RELATIONSHIP_END, methods=("GET", "POST"), needs_row=True)
def remove(request: HttpRequest, subscription: uuid.UUID) -> HttpResponse:
    """The customer takes a registered subscription off its page, after a page that says what that does."""
    if request.method == "POST" and (
        conflict := wrong_organisation(request, reverse("support_contacts:whom-to-call"))
    ):
        return conflict
    row = (
        Subscription.objects.visible_to(request.actor)
        .filter(customer_id=request.actor.organisation.pk, pk=subscription)
        .exclude(purchased_through=PurchasedThrough.PARTNER)
        .select_related("provider__organisation")
        .first()
    )
    if row is None:
        raise Http404
    require(request.actor, Permission.RELATIONSHIP_END)
    busy = None
    if request.method == "POST":
        try:
            remove_registered(row, acting=request.actor)
            return see_other(f"{reverse('support_contacts:whom-to-call')}?removed={row.pk}")
        except Busy as error:
            busy = error
    contact = shown([row], at=timezone.now())[0]
    context = {"subscription": row, "contact": contact, "busy": busy}
    return render_page(request, "support_contacts/register_remove.html", context, status=503 if busy else 200)
