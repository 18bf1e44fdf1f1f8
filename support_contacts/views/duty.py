"""One duty of a reseller, and its answers: acknowledge, decline, hand back."""

import uuid
from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from portal.audience import Audience, page
from portal.errors import Busy, OperationError
from portal.htmx import render_page
from portal.permissions import Permission, can, require
from portal.views.errors import wrong_organisation
from support_contacts.forms_duties import DeclineForm, HandBackForm
from support_contacts.models import Designation
from support_contacts.operations.duties import acknowledge_duty, decline_duty, hand_back_duty, keep_duty
from support_contacts.views.attention import see_other
from support_contacts.views.duties import told


@page(Audience.RESELLERS, Permission.CUSTOMER_VIEW, needs_row=True)
def duty(request: HttpRequest, designation: uuid.UUID) -> HttpResponse:
    """What we support, for whom, by which agreement; and what we can answer."""
    row = _find(request, designation)
    require(request.actor, Permission.CUSTOMER_VIEW)
    return _render(request, row)


@page(Audience.RESELLERS, Permission.REQUEST_ANSWER, methods=("POST",), needs_row=True)
def acknowledge(request: HttpRequest, designation: uuid.UUID) -> HttpResponse:
    if conflict := wrong_organisation(request, reverse("support_contacts:duties")):
        return conflict
    row = _find(request, designation)
    require(request.actor, Permission.REQUEST_ANSWER)
    return _done(request, row, "acknowledged", lambda: acknowledge_duty(row, acting=request.actor))


@page(Audience.RESELLERS, Permission.REQUEST_ANSWER, methods=("GET", "POST"), needs_row=True)
def decline(request: HttpRequest, designation: uuid.UUID) -> HttpResponse:
    if request.method == "POST" and (
        conflict := wrong_organisation(request, reverse("support_contacts:duties"))
    ):
        return conflict
    row = _find(request, designation)
    require(request.actor, Permission.REQUEST_ANSWER)
    if request.method != "POST":  # a page that was refused here, loaded again
        return HttpResponseRedirect(reverse("support_contacts:duty", args=[row.pk]))
    form = DeclineForm(request.POST)
    if not form.is_valid():
        return _render(request, row, decline_form=form, status=422)
    reason = form.cleaned_data["reason"]
    return _done(
        request,
        row,
        "declined",
        lambda: decline_duty(row, reason=reason, acting=request.actor),
        decline_form=form,
    )


@page(Audience.RESELLERS, Permission.REQUEST_ANSWER, methods=("GET", "POST"), needs_row=True)
def hand_back(request: HttpRequest, designation: uuid.UUID) -> HttpResponse:
    if request.method == "POST" and (
        conflict := wrong_organisation(request, reverse("support_contacts:duties"))
    ):
        return conflict
    row = _find(request, designation)
    require(request.actor, Permission.REQUEST_ANSWER)
    if request.method != "POST":  # a page that was refused here, loaded again
        return HttpResponseRedirect(reverse("support_contacts:duty", args=[row.pk]))
    form = HandBackForm(request.POST, today=timezone.localdate())
    if not form.is_valid():
        return _render(request, row, back_form=form, status=422)
    reason = form.cleaned_data["reason"]
    return _done(
        request,
        row,
        "handed-back",
        lambda: hand_back_duty(row, at=form.at, reason=reason, acting=request.actor),
        back_form=form,
    )


@page(Audience.RESELLERS, Permission.REQUEST_ANSWER, methods=("POST",), needs_row=True)
def keep(request: HttpRequest, designation: uuid.UUID) -> HttpResponse:
    if conflict := wrong_organisation(request, reverse("support_contacts:duties")):
        return conflict
    row = _find(request, designation)
    require(request.actor, Permission.REQUEST_ANSWER)
    return _done(request, row, "kept", lambda: keep_duty(row, acting=request.actor))


# -- parts


def _find(request: HttpRequest, pk: uuid.UUID) -> Designation:
    now = timezone.now()
    row = (
        Designation.objects.visible_to(request.actor)
        .filter(partner_id=request.actor.organisation.pk, started_at__lte=now, pk=pk)
        .with_force(now)
        .select_related("subscription", "provider__organisation", "partner")
        .first()
    )
    if row is None:
        raise Http404
    return row


def _done(
    request: HttpRequest, row: Designation, said: str, act: Callable[[], object], **forms: object
) -> HttpResponse:
    """Do it, then show the duty as it is now; refused, the page again with what was typed."""
    try:
        act()
    except OperationError as error:
        fresh = _find(request, row.pk)
        status = 503 if isinstance(error, Busy) else 409
        return _render(request, fresh, refusal=error, status=status, **forms)
    return see_other(f"{reverse('support_contacts:duty', args=[row.pk])}?done={said}")


def _render(
    request: HttpRequest,
    row: Designation,
    *,
    decline_form: object = None,
    back_form: object = None,
    refusal: OperationError | None = None,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    context = {
        "duty": told([row], now)[0],
        "now": now,
        "may_answer": bool(can(request.actor, Permission.REQUEST_ANSWER)),
        "decline_form": decline_form or DeclineForm(),
        "back_form": back_form or HandBackForm(today=timezone.localdate()),
        "refusal": refusal,
        "done": request.GET.get("done", ""),
    }
    return render_page(request, "support_contacts/duty.html", context, status=status)
