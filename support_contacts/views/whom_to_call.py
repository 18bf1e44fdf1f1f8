"""Whom to call: the customer's page, and a partner's look at what its customer sees."""

import uuid
from datetime import datetime

from babel.dates import format_date
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from customers.models import CustomerRelationship
from portal.audience import Audience, page
from portal.htmx import render_page
from portal.permissions import Permission, can, require
from portal.zones import locale_for
from subscriptions.models import Subscription
from support_contacts.card_reports import with_reports
from support_contacts.cards import Customer
from support_contacts.support_page import support_page

QUERY_LENGTH = 200


@page(Audience.CUSTOMERS, Permission.SUPPORT_VIEW)
def whom_to_call(request: HttpRequest) -> HttpResponse:
    """Every subscription of this customer, from every partner, and whom to call for it at this instant (R1, R12)."""
    own = request.actor.organisation
    shown = support_page(
        Subscription.objects.visible_to(request.actor).filter(customer_id=own.pk),
        customer=Customer(own.name, str(own.pk)),
        **_asked(request),
    )
    shown = with_reports(shown, own.pk, at=shown.at)
    here = timezone.localtime(shown.at)
    context = {
        "shown": shown,
        "customer": own,
        "weekday": weekday(here),
        "time": f"{here:%H:%M}",
        "may_remove": bool(can(request.actor, Permission.RELATIONSHIP_END)),
        "said": next((card for card in shown.cards if card.key == _said(request)), None),
    }
    return render_page(request, "support_contacts/whom_to_call.html", context)


@page(Audience.AGENTS, Permission.CUSTOMER_VIEW, needs_row=True)
def preview(request: HttpRequest, tenant: uuid.UUID) -> HttpResponse:
    """What the customer sees of our own subscriptions; what it buys elsewhere is not ours to see (R12)."""
    actor = request.actor
    known = CustomerRelationship.objects.established(timezone.now()).filter(
        partner_id=actor.organisation.pk, customer_id=tenant
    )
    relationship = known.first()
    if relationship is None:
        raise Http404
    require(actor, Permission.CUSTOMER_VIEW)
    own = Subscription.objects.visible_to(actor).sold_by(actor.organisation.pk).filter(customer_id=tenant)
    # Never the alias, which the customer does not know, nor the name another partner gave.
    name = relationship.company_name or str(tenant)
    shown = support_page(own, customer=Customer(name, str(tenant)), **_asked(request))
    context = {"shown": shown, "relationship": relationship, "customer_name": name}
    return render_page(request, "support_contacts/preview.html", context)


def _said(request: HttpRequest) -> str:
    """The contact somebody has just reported."""
    return request.GET.get("reported", "") or request.GET.get("again", "")


def weekday(day: datetime) -> str:
    """Sunday, Dimanche: it begins a line."""
    name = format_date(day, "EEEE", locale=locale_for())
    return name[:1].upper() + name[1:]


def _asked(request: HttpRequest) -> dict:
    return {
        "at": timezone.now(),
        "zone": timezone.get_current_timezone(),
        "asked": request.GET.get("subscription", "").strip()[:QUERY_LENGTH],
        "query": request.GET.get("q", "").strip()[:QUERY_LENGTH],
    }
