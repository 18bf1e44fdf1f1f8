"""What a partner's agents ask of customers: for themselves or a reseller; resend, copy the link, withdraw."""

import uuid
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from customers.forms import DELEGATED_ADMIN, RELATIONSHIP, AskForm, FindCustomerForm
from customers.models import CustomerRelationship
from customers.operations import (
    AlreadyThere,
    Requested,
    renew_request,
    request_customer,
    withdraw_request,
)
from portal import ratelimit
from portal.audience import Audience, page
from portal.errors import NotVisible, OperationError
from portal.identifiers import canonical_guid
from portal.models import Partner, State
from portal.permissions import Permission, can, require
from portal.templatetags.ui import plain_date
from portal.views.errors import too_many, wrong_organisation
from support_contacts.asking_for import ForWhom, for_whom
from support_contacts.customer_lookup import Found, find_customer
from support_contacts.forms import FindForm
from support_contacts.open_requests import open_requests
from support_contacts.operations.wishes import wait_for
from support_contacts.origin import origin_of, subscription_of, with_anchor
from support_contacts.said import say, take
from support_contacts.views.resellers import REMINDERS, see

REQUEST = Permission.RELATIONSHIP_REQUEST


@page(Audience.AGENTS, REQUEST, methods=("GET", "POST"))
def request_new_customer(request: HttpRequest) -> HttpResponse:
    """Find a customer by exact domain or Microsoft ID, then ask it; below, what new customers were asked already."""
    if request.method == "POST" and (conflict := wrong_organisation(request, reverse("customers:request"))):
        return conflict
    given = request.POST if request.method == "POST" else request.GET
    look_up = FindCustomerForm(given if "find" in given else None)
    found = _look_up(request, look_up)
    if found.retry_after:
        return too_many(request, found.retry_after)
    context: dict[str, Any] = {
        "look_up": look_up,
        "found": found,
        "nobody": look_up.is_bound and look_up.is_valid() and found.customer is None,
        "requests": open_requests(request.actor, now=timezone.now(), newcomers=True),
        "said": take(request) if request.method == "GET" else None,
    }
    if found.customer is None:
        return render(request, "requests/find.html", context, status=422 if look_up.errors else 200)
    known = _ours(request, found.customer.pk)
    if known is not None:
        text = _("%(customer)s is a customer of yours already.") % {"customer": known.name}
        messages.info(request, text)
        return see(reverse("customers:detail", args=[found.customer.pk]))
    form = AskForm(
        request.POST if request.method == "POST" else None,
        what=_choices(request, rights_alone=False),
        initial={"what": RELATIONSHIP},
    )
    context["form"] = form
    if not form.is_bound or not form.is_valid():
        return render(request, "requests/find.html", context, status=422 if form.is_bound else 200)
    try:
        outcome = request_customer(
            found.customer,
            partner=request.actor.organisation.partner,
            acting=request.actor,
            days=form.cleaned_data["days"],
            message=form.cleaned_data["message"],
        )
    except OperationError as refusal:
        form.add_error(None, str(refusal))
        return render(request, "requests/find.html", context, status=422)
    _tell(request, outcome, outcome.relationship.name)
    return see(f"{reverse('customers:request')}#requests")


@page(Audience.AGENTS, REQUEST, methods=("GET", "POST"), needs_row=True)
def request_rights(request: HttpRequest, tenant: uuid.UUID) -> HttpResponse:
    """Ask a customer of ours for delegated admin, or a relationship: for ourselves or one of our resellers.

    Of too many resellers for a menu one is found first: nothing is typed yet that another page would lose.
    """
    here = reverse("customers:detail", args=[tenant])
    if request.method == "POST" and (conflict := wrong_organisation(request, here)):
        return conflict
    ours = _ours(request, tenant)
    if ours is None:
        raise NotVisible
    require(request.actor, REQUEST)
    given = request.POST if request.method == "POST" else request.GET
    find = FindForm(request.GET)
    offered = for_whom(
        request.actor, now=timezone.now(), find=find.cleaned_data["find"] if find.is_valid() else ""
    )
    partner = _chosen(request, given.get("reseller", ""), offered)
    form = AskForm(
        request.POST if request.method == "POST" else None, what=_choices(request, rights_alone=True)
    )
    context: dict[str, Any] = {
        "relationship": ours,
        "offered": offered,
        "is_offered": offered.offers(partner),
        "find": find,
        "partner": partner,
        "form": form,
        "origin": origin_of(request),
        "back": origin_of(request) or here,
        "may_grant": can(request.actor, Permission.DELEGATED_ADMIN_REQUEST),
    }
    if not (offered.is_menu or form.is_bound or given.get("reseller")):
        return render(request, "requests/for_whom.html", context, status=422 if find.errors else 200)
    if not form.is_bound or not form.is_valid():
        return render(request, "requests/new.html", context, status=422 if form.is_bound else 200)
    try:
        outcome = request_customer(
            ours.customer,
            partner=partner,
            acting=request.actor,
            days=form.cleaned_data["days"],
            message=form.cleaned_data["message"],
        )
    except OperationError as refusal:
        form.add_error(None, str(refusal))
        return render(request, "requests/new.html", context, status=422)
    return _land(request, outcome, partner, ours)


@page(Audience.AGENTS, REQUEST, methods=("POST",), needs_row=True)
def resend(request: HttpRequest, tenant: uuid.UUID, relationship: uuid.UUID) -> HttpResponse:
    """Mail the customer's admins once more of what waits for them."""
    return _renew(request, tenant, relationship, tell=True)


@page(Audience.AGENTS, REQUEST, methods=("POST",), needs_row=True)
def copy_link(request: HttpRequest, tenant: uuid.UUID, relationship: uuid.UUID) -> HttpResponse:
    """Make a new link to the request; the next page shows it, once."""
    return _renew(request, tenant, relationship, tell=False)


@page(Audience.AGENTS, REQUEST, methods=("GET", "POST"), needs_row=True)
def withdraw(request: HttpRequest, tenant: uuid.UUID, relationship: uuid.UUID) -> HttpResponse:
    """Ask, then take an unanswered request back."""
    if request.method == "POST" and (conflict := wrong_organisation(request, reverse("customers:list"))):
        return conflict
    row = _own_request(request, tenant, relationship)
    require(request.actor, REQUEST)
    back = origin_of(request) or _page_of(request, row)
    if request.method != "POST":
        found = open_requests(request.actor, now=timezone.now(), customer_id=tenant)
        waiting = next((one for one in found if one.relationship.pk == row.pk), None)
        if waiting is None:
            messages.warning(request, _("This was answered or ended meanwhile. Nothing was changed."))
            return see(back)
        context = {"waiting": waiting, "name": waiting.customer, "origin": origin_of(request), "back": back}
        return render(request, "requests/withdraw.html", context)
    try:
        withdraw_request(row, acting=request.actor)
    except OperationError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The request is withdrawn. Its link no longer works."))
    return see(back)


# -- parts


def _ours(request: HttpRequest, tenant: uuid.UUID) -> CustomerRelationship | None:
    """Our own established relationship with this customer."""
    rows = (
        CustomerRelationship.objects.visible_to(request.actor)
        .established(timezone.now())
        .filter(partner_id=request.actor.organisation.pk, customer_id=tenant)
    )
    return rows.select_related("partner__organisation", "customer__organisation").first()


def _own_request(request: HttpRequest, tenant: uuid.UUID, pk: uuid.UUID) -> CustomerRelationship:
    """A relationship that we asked for, or that we asked delegated admin on; everybody else's is not there.

    What we asked for is ours to take back, also for a reseller that is ours no more.
    """
    me = request.actor.organisation.pk
    own = (
        Q(requested_for_id=me)
        | Q(partner_id=me, requested_for=None)
        | Q(delegated_admins__requested_for_id=me)
    )
    row = (
        CustomerRelationship.objects.filter(own, pk=pk, customer_id=tenant)
        .select_related("partner__organisation", "customer__organisation")
        .distinct()
        .first()
    )
    if row is None:
        raise NotVisible
    return row


def _look_up(request: HttpRequest, form: FindCustomerForm) -> Found:
    if not form.is_bound or not form.is_valid():
        return Found()
    return find_customer(request.actor, form.cleaned_data["find"])


def _choices(request: HttpRequest, *, rights_alone: bool) -> list[tuple[str, Any]]:
    """What this person may ask for; delegated admin brings the relationship along where there is none."""
    rights = _("Delegated admin") if rights_alone else _("A relationship and delegated admin")
    choices = [(RELATIONSHIP, _("A relationship alone, without admin rights"))]
    if can(request.actor, Permission.DELEGATED_ADMIN_REQUEST):
        choices.append((DELEGATED_ADMIN, rights))
    return choices


def _chosen(request: HttpRequest, text: str, offered: ForWhom) -> Partner:
    """For whom: ourselves unless a reseller is named. Of one that is ours no more the operation says why not."""
    wanted = canonical_guid(text)
    if wanted is None:
        return offered.own
    partner = next((row for row in offered.menu if row.pk == wanted), None)
    if partner is None:
        partner = (
            Partner.objects.visible_to(request.actor).select_related("organisation").filter(pk=wanted).first()
        )
    if partner is None:
        raise NotVisible
    return partner


def _page_of(request: HttpRequest, row: CustomerRelationship) -> str:
    """Where a request is listed: on the customer's page or, until it is our customer, on that of the requests."""
    if _ours(request, row.customer_id) is not None:
        return reverse("customers:detail", args=[row.customer_id])
    return reverse("customers:request")


def _renew(request: HttpRequest, tenant: uuid.UUID, pk: uuid.UUID, *, tell: bool) -> HttpResponse:
    if conflict := wrong_organisation(request, reverse("customers:list")):
        return conflict
    row = _own_request(request, tenant, pk)
    require(request.actor, REQUEST)
    origin = origin_of(request)
    subscription = subscription_of(request.actor, origin)
    # On a subscription the row is the reseller's, elsewhere the request's.
    about, anchor = (
        (row.partner_id, f"reseller-{row.partner_id}") if subscription else (row.pk, f"request-{row.pk}")
    )
    back = with_anchor(origin or _page_of(request, row), anchor)
    # The row is the reseller's, and other providers may wait on it: what they did is nothing to be told here.
    key = ratelimit.key_for(REMINDERS.name, row.pk, request.actor.organisation.pk)
    if tell and not ratelimit.hit(key, REMINDERS.limit, REMINDERS.seconds):
        text = _("It was sent several times already. Wait an hour, or copy the link.")
        say(request, about, "refused", text=text)
        return see(back)
    try:
        renewed = renew_request(row, acting=request.actor, tell=tell)
    except OperationError as refusal:
        say(request, about, "refused", text=str(refusal))
        return see(back)
    if tell:
        say(request, about, "resent")
    else:
        link = request.build_absolute_uri(reverse("follow-link", args=[renewed.token]))
        say(request, about, "copied", link=link)
    if subscription is not None and row.partner_id != request.actor.organisation.pk:
        wait_for(subscription, row.partner_id, acting=request.actor)
    return see(back)


def _land(
    request: HttpRequest, outcome: Requested | AlreadyThere, partner: Partner, ours: CustomerRelationship
) -> HttpResponse:
    """Back where the step began: the reseller's row there says what came of it, and its person waits for it there."""
    origin = origin_of(request)
    subscription = subscription_of(request.actor, origin)
    if subscription is None or partner.pk == request.actor.organisation.pk:
        _tell(request, outcome, ours.name)
        return see(origin or f"{reverse('customers:detail', args=[ours.customer_id])}#requests")
    wait_for(subscription, partner.pk, acting=request.actor)
    say(request, partner.pk, "requested" if isinstance(outcome, Requested) else "requested_already")
    return see(with_anchor(origin, f"reseller-{partner.pk}"))


def _tell(request: HttpRequest, outcome: Requested | AlreadyThere, customer: str) -> None:
    """`customer` is what we call it: the relationship asked for may be our reseller's, with words of its own."""
    asked = outcome.grant or outcome.relationship
    names = {"customer": customer, "date": plain_date(asked.lapses_at)}
    if isinstance(outcome, Requested):
        text = _("Requested. A global admin of %(customer)s has until %(date)s to answer.")
        messages.success(request, text % names)
    elif asked.state(timezone.now()) == State.REQUESTED:
        text = _("%(customer)s was asked already, and has until %(date)s to answer. Nothing was changed.")
        messages.warning(request, text % names)
    else:
        text = _("The relationship with %(customer)s is established already. Nothing was changed.")
        messages.warning(request, text % names)
