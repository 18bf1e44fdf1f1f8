"""Support contacts of a provider: every designation, what needs attention, and its repair, one or many."""

import uuid
from collections.abc import Mapping

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils import timezone

from portal.actor import Actor
from portal.audience import Audience, page
from portal.csv_files import csv_file
from portal.errors import Busy
from portal.htmx import render_page, wants_fragment
from portal.identifiers import canonical_guid
from portal.models import Partner
from portal.permissions import Permission, can, require
from portal.views.errors import wrong_organisation
from support_contacts.attention_list import AttentionList
from support_contacts.designation_export import exported, heads
from support_contacts.designation_filter import DesignationFilter
from support_contacts.forms_attention import AttentionListForm, PolicyForm, RepairForm, SelectionForm
from support_contacts.models import Designation, Repair
from support_contacts.operations.notices import see_end
from support_contacts.operations.policy import change_policy
from support_contacts.operations.repair import LARGEST, repair, select_for_repair
from support_contacts.repair_page import Plan, Result, Targets

LIST = "support_contacts/attention.html"


@page(Audience.AGENTS, Permission.CUSTOMER_VIEW)
def designations(request: HttpRequest) -> HttpResponse:
    """Every designation of ours: all, what needs attention, what ends soon. The address is the whole state."""
    return _list(request, request.GET)


@page(Audience.AGENTS, Permission.CUSTOMER_VIEW)
def export(request: HttpRequest) -> HttpResponse:
    """The rows that answer the address, all of them, as CSV; written while it is sent."""
    form = AttentionListForm(request.GET)
    if not form.is_valid():
        return _list(request, request.GET)
    now = timezone.now()
    chosen = DesignationFilter.of(request.actor, now, form.cleaned_data)
    return csv_file("support-contacts", heads(), exported(chosen), at=now)


@page(Audience.AGENTS, Permission.CONTACT_ASSIGN, methods=("GET", "POST"))
def select(request: HttpRequest) -> HttpResponse:
    """Put the ticked rows, or all that answer the filter, aside and go on to the plan. No contact changes."""
    if request.method != "POST":  # a page that was refused here, loaded again
        return HttpResponseRedirect(f"{reverse('contacts:list')}?attention=1")
    if conflict := wrong_organisation(request, reverse("contacts:list")):
        return conflict
    actor, form = request.actor, SelectionForm(request.POST)
    if not form.is_valid():
        return _list(request, request.POST, status=422)
    own = Designation.objects.visible_to(actor).filter(provider_id=actor.organisation.pk)
    matched, origin = 0, reverse("contacts:list")
    state = AttentionListForm(request.POST)
    if state.is_valid():
        listed = AttentionList(actor, timezone.now(), state.cleaned_data)
        origin = listed.url()
        if form.cleaned_data["all"]:
            own, matched = listed.filter.rows.order_by("-started_at", "-pk"), listed.total
    if not form.cleaned_data["all"]:
        own = own.filter(pk__in=form.designations)
    chosen = list(own.values_list("subscription_id", flat=True)[:LARGEST])
    if not chosen:
        return _list(request, request.POST, status=422)
    made = select_for_repair(chosen, acting=actor, matched=matched, origin=origin)
    url = reverse("contacts:repair", args=[made.pk])
    if form.cleaned_data["act"] == "provider":
        url += f"?partner={actor.organisation.pk}"
    return see_other(url)


@page(Audience.AGENTS, Permission.CONTACT_ASSIGN, methods=("GET", "POST"), needs_row=True)
def repair_many(request: HttpRequest, run: uuid.UUID) -> HttpResponse:
    """A selection: whom to choose, then the plan, then, once submitted, what came of each row. Safe to load again."""
    if request.method == "POST" and (conflict := wrong_organisation(request, reverse("contacts:list"))):
        return conflict
    row = (
        Repair.objects.visible_to(request.actor)
        .select_related("partner__organisation")
        .filter(pk=run)
        .first()
    )
    if row is None:
        raise Http404
    require(request.actor, Permission.CONTACT_ASSIGN)
    if row.started_at is not None:
        if request.method == "POST":
            return see_other(reverse("contacts:repair", args=[row.pk]))
        return render_page(request, "support_contacts/repaired.html", {"result": Result(request.actor, row)})
    if request.method == "POST":
        form = RepairForm(request.POST)
        partner = _partner(request.actor, form.data.get("partner", ""))
        if not form.is_valid() or partner is None:
            return _plan(request, row, partner, status=422)
        try:
            repair(row, partner=partner, versions=form.cleaned_data["rows"], acting=request.actor)
        except Busy as busy:
            return _plan(request, row, partner, status=503, busy=busy)
        return see_other(reverse("contacts:repair", args=[row.pk]))
    return _plan(request, row, _partner(request.actor, request.GET.get("partner", "")))


@page(Audience.AGENTS, Permission.CONTACT_ASSIGN, methods=("POST",), needs_row=True)
def seen(request: HttpRequest, designation: uuid.UUID) -> HttpResponse:
    """An agent has seen how a designation ended; it no longer stands under needs attention."""
    if conflict := wrong_organisation(request, reverse("contacts:list")):
        return conflict
    actor = request.actor
    row = (
        Designation.objects.visible_to(actor)
        .filter(provider_id=actor.organisation.pk, pk=designation)
        .first()
    )
    if row is None:
        raise Http404
    require(actor, Permission.CONTACT_ASSIGN)
    see_end(row, acting=actor)
    state = AttentionListForm(request.POST)
    listed = AttentionList(actor, timezone.now(), state.cleaned_data) if state.is_valid() else None
    return see_other(listed.url() if listed else f"{reverse('contacts:list')}?attention=1")


@page(Audience.AGENTS, Permission.PROFILE_EDIT, methods=("GET", "POST"))
def policy(request: HttpRequest) -> HttpResponse:
    """Whether designations that have stopped holding end by themselves, and after how many days."""
    if request.method == "POST" and (conflict := wrong_organisation(request, reverse("contacts:policy"))):
        return conflict
    partner = request.actor.organisation.partner
    days = partner.ends_stale_after_days
    initial = {"mode": "off" if days is None else "days", "days": days or 30}
    form = PolicyForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_bound and form.is_valid():
        change_policy(partner, days=form.wanted, acting=request.actor)
        return see_other(f"{reverse('contacts:policy')}?saved=1")
    context = {"form": form, "saved": request.GET.get("saved") == "1", "days": days}
    return render_page(request, "support_contacts/policy.html", context, status=422 if form.is_bound else 200)


# -- parts


def _list(request: HttpRequest, data: QueryDict, *, status: int = 200) -> HttpResponse:
    form = AttentionListForm(data)
    # A selection that came with nothing ticked is answered with the list it came from, and the reason.
    nothing_ticked = status == 422
    context: dict[str, object] = {
        "nothing_ticked": nothing_ticked,
        "may_assign": bool(can(request.actor, Permission.CONTACT_ASSIGN)),
        "may_extend": bool(can(request.actor, Permission.DELEGATED_ADMIN_REQUEST)),
        "may_edit": bool(can(request.actor, Permission.PROFILE_EDIT)),
        "swapped": wants_fragment(request),
    }
    if form.is_valid():
        context["list"] = AttentionList(request.actor, timezone.now(), form.cleaned_data)
        context["typed"] = form.cleaned_data["q"]
    else:
        context["problems"] = [message for errors in form.errors.values() for message in errors]
        context["typed"] = data.get("q", "").replace("\0", "")
        status = 422
    return render_page(request, LIST, context, fragment="found", status=status)


def _plan(
    request: HttpRequest, row: Repair, partner: Partner | None, *, status: int = 200, busy: Busy | None = None
) -> HttpResponse:
    """The plan for this partner; where none is chosen yet, those that may be."""
    if partner is None:
        context: Mapping[str, object] = {"targets": Targets(request.actor, row), "unchosen": status == 422}
        return render_page(request, "support_contacts/repair_choose.html", context, status=status)
    context = {"plan": Plan(request.actor, row, partner), "busy": busy, "stale": status == 422}
    return render_page(request, "support_contacts/repair_plan.html", context, status=status)


def _partner(actor: Actor, text: str) -> Partner | None:
    """Ourselves, or a reseller we have or had a relationship with; nobody else can be named."""
    guid = canonical_guid(text)
    if guid is None:
        return None
    return Partner.objects.visible_to(actor).select_related("organisation").filter(pk=guid).first()


def see_other(url: str) -> HttpResponse:
    response = HttpResponseRedirect(url)
    response.status_code = 303
    return response
