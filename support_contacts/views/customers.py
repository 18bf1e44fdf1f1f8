"""Customers of a provider, for its agents: the list, and one customer."""

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from customers.models import CustomerRelationship
from portal.audience import Audience, page
from portal.htmx import render_page, wants_fragment
from portal.permissions import Permission, can, require
from support_contacts.customer_list import CustomerList
from support_contacts.customer_page import CustomerPage, PageForm
from support_contacts.forms_customers import CustomerListForm
from support_contacts.said import take


@page(Audience.AGENTS, Permission.CUSTOMER_VIEW)
def customers(request: HttpRequest) -> HttpResponse:
    """Find a customer: search, chips, menus; the address is the whole state."""
    form = CustomerListForm(request.GET)
    if not form.is_valid():
        typed = request.GET.get("q", "").replace("\0", "")
        context = {
            "form": form,
            "typed": typed,
            "problems": [m for errors in form.errors.values() for m in errors],
        }
        return render_page(request, "customers/list.html", context, fragment="found", status=422)
    listed = CustomerList(request.actor, timezone.now(), form.cleaned_data)
    context = {
        "list": listed,
        "typed": form.cleaned_data["q"],
        "swapped": wants_fragment(request),
        "may_request": can(request.actor, Permission.RELATIONSHIP_REQUEST),
    }
    return render_page(request, "customers/list.html", context, fragment="found")


@page(Audience.AGENTS, Permission.CUSTOMER_VIEW, needs_row=True)
def customer(request: HttpRequest, tenant: uuid.UUID) -> HttpResponse:
    """One customer: what it has, whom it calls for each, and which resellers may support it."""
    now = timezone.now()
    relationship = (
        CustomerRelationship.objects.established(now)
        .filter(partner_id=request.actor.organisation.pk, customer_id=tenant)
        .select_related("partner__organisation", "customer__organisation")
        .first()
    )
    if relationship is None:
        raise Http404
    require(request.actor, Permission.CUSTOMER_VIEW)
    form = PageForm(request.GET)
    form.is_valid()  # a chip that does not exist shows everything
    shown = CustomerPage(
        relationship,
        now,
        form.cleaned_data.get("show") or "",
        form.cleaned_data.get("from") or "",
        actor=request.actor,
    )
    context = {
        "page": shown,
        "may_assign": bool(can(request.actor, Permission.CONTACT_ASSIGN)),
        "said": take(request),
    }
    return render(request, "customers/detail.html", context)
