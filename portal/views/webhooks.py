"""Webhooks of a partner organisation: where events are sent, what was sent, and what came back."""

import json
import uuid
from http import HTTPStatus
from math import ceil
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal import ratelimit, shown_once
from portal.actor import Actor
from portal.audience import Audience, page
from portal.errors import NotVisible, OperationError
from portal.forms.webhooks import RotateWebhookForm, WebhookForm
from portal.htmx import render_page
from portal.keyset import Cursor, newest, page_of
from portal.models import WebhookDelivery, WebhookEndpoint
from portal.operations import webhook_deliveries as deliveries
from portal.operations import webhooks as operations
from portal.permissions import Permission, require
from portal.views.errors import wrong_organisation
from portal.webhooks import signing
from portal.webhooks.described import deliveries_described, delivery_described, described

MANAGE = Permission.CREDENTIAL_MANAGE
LISTED = 25
BY_TIME = newest("created_at")
#: Test events and resends of an organisation: enough to send a bad hour again by hand, too few to trouble a receiver.
SENDING = ratelimit.Rule("webhook-send", limit=60, seconds=600)
#: What a receiver gets, and what it compares it with.
SAMPLE = f"""{signing.SIGNATURE}: t=1795514400,v1=5f0c…
v1 = hex(hmac_sha256(secret, "1795514400." + body))"""


@page(Audience.PARTNERS, MANAGE)
def webhooks(request: HttpRequest) -> HttpResponse:
    rows = _rows(request.actor).order_by("created_at", "pk")
    context = {"webhooks": described(list(rows), timezone.now()), "most": operations.MOST}
    return render(request, "portal/webhooks/list.html", context)


@page(Audience.PARTNERS, MANAGE, methods=("GET", "POST"))
def new(request: HttpRequest) -> HttpResponse:
    """Make a webhook. Its secret is shown on the page that follows, this once."""
    form = WebhookForm(request.POST if request.method == "POST" else None)
    if form.is_bound:
        if conflict := wrong_organisation(request, request.path):
            return conflict
        if form.is_valid():
            try:
                made = operations.create_webhook(acting=request.actor, **form.cleaned_data)
            except OperationError as refusal:
                _add(form, refusal)
            else:
                return _to_secret(request, made)
    status = 422 if form.is_bound else 200
    return render(request, "portal/webhooks/new.html", {"form": form}, status=status)


@page(Audience.PARTNERS, MANAGE, needs_row=True)
def webhook(request: HttpRequest, webhook: uuid.UUID) -> HttpResponse:
    """One webhook with its log; right after it was made or rotated, with its secret."""
    return _webhook(request, _row(request, webhook))


def _webhook(request: HttpRequest, row: WebhookEndpoint, *, refused: str = "") -> HttpResponse:
    secret = shown_once.take(request, row.pk)
    now = timezone.now()
    found = page_of(
        WebhookDelivery.objects.visible_to(request.actor).filter(endpoint=row),
        BY_TIME,
        size=LISTED,
        after=Cursor.read(request.GET.get("after", "")[:2000]),
        before=Cursor.read(request.GET.get("before", "")[:2000]),
    )
    context: dict[str, Any] = {
        "shown": described([row], now)[0],
        "secret": secret,
        "sample": SAMPLE,
        "live": row.live_secrets(now),
        "deliveries": deliveries_described(found.rows, row),
        "found": found,
        "previous_url": f"{_url(row)}?before={found.before}#log" if found.before else "",
        "next_url": f"{_url(row)}?after={found.after}#log" if found.after else "",
        "refused": refused,
    }
    response = render_page(request, "portal/webhooks/webhook.html", context)
    if secret:
        shown_once.forget(request, response)
    return response


@page(Audience.PARTNERS, MANAGE, methods=("GET", "POST"), needs_row=True)
def change(request: HttpRequest, webhook: uuid.UUID) -> HttpResponse:
    row = _row(request, webhook)
    form = WebhookForm(
        request.POST if request.method == "POST" else None, initial={"url": row.url, "events": row.events}
    )
    if form.is_bound:
        if conflict := wrong_organisation(request, request.path):
            return conflict
        if form.is_valid():
            try:
                operations.change_webhook(row.pk, acting=request.actor, **form.cleaned_data)
            except OperationError as refusal:
                _add(form, refusal)
            else:
                messages.success(request, _("Saved. It counts from the next event on."))
                return redirect(_url(row))
    context = {"form": form, "row": row}
    status = 422 if form.is_bound else 200
    return render(request, "portal/webhooks/change.html", context, status=status)


@page(Audience.PARTNERS, MANAGE, methods=("GET", "POST"), needs_row=True)
def rotate(request: HttpRequest, webhook: uuid.UUID) -> HttpResponse:
    """A new secret, shown on the page that follows; both sign for as long as chosen."""
    row, now = _row(request, webhook), timezone.now()
    form = RotateWebhookForm(request.POST if request.method == "POST" else None)
    if form.is_bound:
        if conflict := wrong_organisation(request, request.path):
            return conflict
        if form.is_valid():
            until = form.former_until(now)
            return _to_secret(
                request, operations.rotate_webhook(row.pk, acting=request.actor, former_until=until)
            )
    live = row.live_secrets(now)
    context = {"form": form, "row": row, "kept": live[0] if live else None, "gives_way": live[1:]}
    status = 422 if form.is_bound else 200
    return render(request, "portal/webhooks/rotate.html", context, status=status)


@page(Audience.PARTNERS, MANAGE, methods=("POST",), needs_row=True)
def end_former(request: HttpRequest, webhook: uuid.UUID) -> HttpResponse:
    """The receiver knows the new secret."""
    row = _row(request, webhook)
    if conflict := wrong_organisation(request, _url(row)):
        return conflict
    operations.end_former_webhook_secret(row.pk, acting=request.actor)
    messages.success(request, _("Only the newest secret signs now."))
    return redirect(_url(row))


@page(Audience.PARTNERS, MANAGE, methods=("POST",), needs_row=True)
def pause(request: HttpRequest, webhook: uuid.UUID) -> HttpResponse:
    row = _row(request, webhook)
    if conflict := wrong_organisation(request, _url(row)):
        return conflict
    operations.pause_webhook(row.pk, acting=request.actor)
    messages.success(request, _("Paused. Events are kept until you resume it, for 30 days at most."))
    return redirect(_url(row))


@page(Audience.PARTNERS, MANAGE, methods=("POST",), needs_row=True)
def resume(request: HttpRequest, webhook: uuid.UUID) -> HttpResponse:
    row = _row(request, webhook)
    if conflict := wrong_organisation(request, _url(row)):
        return conflict
    operations.resume_webhook(row.pk, acting=request.actor)
    messages.success(request, _("Resumed. What waited is sent now."))
    return redirect(_url(row))


@page(Audience.PARTNERS, MANAGE, methods=("POST",), needs_row=True)
def test(request: HttpRequest, webhook: uuid.UUID) -> HttpResponse:
    """Send a test event; the page that follows says what came of it."""
    row = _row(request, webhook)
    if conflict := wrong_organisation(request, _url(row)):
        return conflict
    if seconds := _seconds_to_wait(request):
        return _too_often(_webhook(request, row, refused=_try_later(seconds)), seconds)
    try:
        sent = deliveries.send_test(row.pk, acting=request.actor)
    except OperationError as refusal:
        messages.error(request, str(refusal))
        return redirect(_url(row))
    return redirect("organisation:webhook-delivery", row.pk, sent.pk)


@page(Audience.PARTNERS, MANAGE, methods=("GET", "POST"), needs_row=True)
def delete(request: HttpRequest, webhook: uuid.UUID) -> HttpResponse:
    """Say what stops, then stop it."""
    row = _row(request, webhook)
    if request.method == "POST":
        if conflict := wrong_organisation(request, request.path):
            return conflict
        operations.delete_webhook(row.pk, acting=request.actor)
        messages.success(request, _("The webhook is deleted. Nothing is sent there any more."))
        return redirect("organisation:webhooks")
    return render(request, "portal/webhooks/delete.html", {"shown": described([row], timezone.now())[0]})


@page(Audience.PARTNERS, MANAGE, needs_row=True)
def delivery(request: HttpRequest, webhook: uuid.UUID, delivery: uuid.UUID) -> HttpResponse:
    """One event on its way: what was sent, every try, what came back."""
    return _sent(request, _delivery(request, webhook, delivery))


def _sent(request: HttpRequest, found: WebhookDelivery, *, refused: str = "") -> HttpResponse:
    row = found.endpoint
    # Tries first: what is then said of the delivery is not older than what is said of them.
    attempts = list(found.attempts.order_by("-at", "-pk")[:50])
    found.refresh_from_db(fields=["outcome", "due_at", "body", "tries"])
    context = {
        "shown": delivery_described(found, attempts),
        "row": row,
        "body": json.dumps(json.loads(found.body), ensure_ascii=False, indent=2) if found.body else "",
        "attempts": attempts,
        "refused": refused,
    }
    return render_page(request, "portal/webhooks/delivery.html", context)


@page(Audience.PARTNERS, MANAGE, methods=("POST",), needs_row=True)
def resend(request: HttpRequest, webhook: uuid.UUID, delivery: uuid.UUID) -> HttpResponse:
    found = _delivery(request, webhook, delivery)
    row = found.endpoint
    here = reverse("organisation:webhook-delivery", args=[row.pk, found.pk])
    if conflict := wrong_organisation(request, here):
        return conflict
    if seconds := _seconds_to_wait(request):
        return _too_often(_sent(request, found, refused=_try_later(seconds)), seconds)
    try:
        deliveries.resend(found.pk, endpoint_id=row.pk, acting=request.actor)
    except OperationError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("It is sent again, with the same ID."))
    return redirect(here)


def _seconds_to_wait(request: HttpRequest) -> int:
    """Count one more that the organisation has sent; how long to wait where that is too many."""
    key = ratelimit.key_for(SENDING.name, request.actor.organisation.pk)
    return ratelimit.hit(key, SENDING.limit, SENDING.seconds).retry_after_seconds


def _too_often(response: HttpResponse, seconds: int) -> HttpResponse:
    response.status_code, response["Retry-After"] = HTTPStatus.TOO_MANY_REQUESTS, str(seconds)
    return response


def _try_later(seconds: int) -> str:
    minutes = max(1, ceil(seconds / 60))
    text = ngettext("Try again in %(n)s minute.", "Try again in %(n)s minutes.", minutes)
    return text % {"n": minutes}


def _rows(actor: Actor):
    return (
        WebhookEndpoint.objects.visible_to(actor)
        .select_related("organisation__partner", "created_by")
        .prefetch_related("secrets")
    )


def _row(request: HttpRequest, webhook: uuid.UUID) -> WebhookEndpoint:
    """What is not theirs is not there; only then it is a matter of roles (R11)."""
    row = _found(request, webhook)
    require(request.actor, MANAGE)
    return row


def _delivery(request: HttpRequest, webhook: uuid.UUID, delivery: uuid.UUID) -> WebhookDelivery:
    row = _found(request, webhook)
    rows = WebhookDelivery.objects.visible_to(request.actor).filter(endpoint=row)
    found = rows.filter(pk=delivery).first()
    if found is None:
        raise NotVisible
    require(request.actor, MANAGE)
    found.endpoint = row
    return found


def _found(request: HttpRequest, webhook: uuid.UUID) -> WebhookEndpoint:
    row = _rows(request.actor).filter(pk=webhook).first()
    if row is None:
        raise NotVisible
    return row


def _to_secret(request: HttpRequest, made: operations.Made) -> HttpResponse:
    """303 to the page that shows it: a reload posts nothing again."""
    response = HttpResponse(status=303, headers={"Location": _url(made.endpoint)})
    shown_once.keep(request, response, made.endpoint.pk, made.secret)
    return response


def _url(row: WebhookEndpoint) -> str:
    return reverse("organisation:webhook", args=[row.pk])


def _add(form: Form, refusal: OperationError) -> None:
    """The refusal at its field; those that are about neither are about the form."""
    field = "url" if refusal.code.startswith("url_") else "events" if refusal.code == "events" else None
    form.add_error(field, str(refusal))
