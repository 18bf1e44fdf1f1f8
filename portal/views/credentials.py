"""API credentials: the integrations of a partner organisation, their secrets, and what they may act as at most."""

import uuid

from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal import shown_once
from portal.actor import Actor
from portal.audience import Audience, page
from portal.errors import NotVisible, OperationError
from portal.forms.credentials import CredentialForm, LimitForm, NameForm, RotateForm
from portal.integrations import Integration, described
from portal.models import Credential
from portal.operations import credentials as operations
from portal.permissions import Permission, Role, can, covers, require
from portal.views.errors import wrong_organisation

MANAGE, LIMIT = Permission.CREDENTIAL_MANAGE, Permission.CREDENTIAL_LIMIT
#: Of those that were revoked, the last ones are listed.
REVOKED_SHOWN = 20
#: Refusals that are about one field; all others are about the form.
FIELDS = {
    "no_name": "name",
    "name_too_long": "name",
    "name_taken": "name",
    "role_not_yours": "role",
    "unknown_role": "role",
    "expired": "expires",
    "too_long": "expires",
}


@page(Audience.PARTNERS, MANAGE)
def credentials(request: HttpRequest) -> HttpResponse:
    return _list(request)


@page(Audience.PARTNERS, LIMIT, methods=("POST",))
def limit(request: HttpRequest) -> HttpResponse:
    """The highest role integrations act as, from their next request on."""
    if conflict := wrong_organisation(request, reverse("organisation:credentials")):
        return conflict
    form = LimitForm(request.POST)
    if form.is_valid():
        try:
            operations.limit_integrations(acting=request.actor, role=form.cleaned_data["role"])
        except OperationError as refusal:
            _add(form, refusal)
        else:
            messages.success(request, _("Saved. It counts on the next request of every integration."))
            return redirect("organisation:credentials")
    return _list(request, form, status=422)


@page(Audience.PARTNERS, MANAGE, methods=("GET", "POST"))
def new(request: HttpRequest) -> HttpResponse:
    """Make an integration. Its secret is shown on the page that follows, this once."""
    actor: Actor = request.actor
    roles = operations.may_give(actor, actor.organisation.partner)
    form = CredentialForm(request.POST if request.method == "POST" else None, roles=roles)
    if form.is_bound:
        if conflict := wrong_organisation(request, request.path):
            return conflict
        if form.is_valid():
            try:
                made = operations.create_credential(
                    acting=actor,
                    name=form.cleaned_data["name"],
                    role=form.cleaned_data["role"],
                    expires_at=form.expires_at,
                )
            except OperationError as refusal:
                _add(form, refusal)
            else:
                return _to_secret(request, made)
    return render(
        request, "portal/credentials/new.html", {"form": form}, status=422 if form.is_bound else 200
    )


@page(Audience.PARTNERS, MANAGE, needs_row=True)
def credential(request: HttpRequest, credential: uuid.UUID) -> HttpResponse:
    """One integration; right after it was made or rotated, with its secret."""
    row = _row(request, credential)
    return _page(request, row, NameForm(initial={"name": row.name}))


@page(Audience.PARTNERS, MANAGE, methods=("POST",), needs_row=True)
def rename(request: HttpRequest, credential: uuid.UUID) -> HttpResponse:
    row = _row(request, credential)
    if conflict := wrong_organisation(request, _url(row)):
        return conflict
    form = NameForm(request.POST)
    if form.is_valid():
        try:
            operations.rename_credential(row.pk, acting=request.actor, name=form.cleaned_data["name"])
        except OperationError as refusal:
            _add(form, refusal)
        else:
            messages.success(request, _("The new name is saved."))
            return redirect(_url(row))
    return _page(request, row, form, status=422)


@page(Audience.PARTNERS, MANAGE, methods=("GET", "POST"), needs_row=True)
def rotate(request: HttpRequest, credential: uuid.UUID) -> HttpResponse:
    """A new secret, shown on the page that follows; the one in use goes on for as long as chosen."""
    row, now = _row(request, credential), timezone.now()
    shown, kept = _described(row), row.secret_in_use(now)
    form = RotateForm(request.POST if request.method == "POST" else None, has_former=kept is not None)
    if form.is_bound:
        if conflict := wrong_organisation(request, request.path):
            return conflict
        if form.is_valid():
            try:
                made = operations.rotate_credential(
                    row.pk,
                    acting=request.actor,
                    former_until=form.former_until(now),
                    expires_at=form.expires_at,
                )
            except OperationError as refusal:
                _add(form, refusal)
            else:
                return _to_secret(request, made)
    context = {
        "form": form,
        "shown": shown,
        "kept": kept,
        "gives_way": next((secret for secret in shown.live if secret != kept), None),
        "may_rotate": covers(request.actor.roles, Role(row.role)) and row.revoked_at is None,
    }
    return render(request, "portal/credentials/rotate.html", context, status=422 if form.is_bound else 200)


@page(Audience.PARTNERS, MANAGE, methods=("POST",), needs_row=True)
def end_former(request: HttpRequest, credential: uuid.UUID) -> HttpResponse:
    """Every client has the new secret."""
    row = _row(request, credential)
    if conflict := wrong_organisation(request, _url(row)):
        return conflict
    operations.end_former_secret(row.pk, acting=request.actor)
    messages.success(request, _("Only the newest secret works now."))
    return redirect(_url(row))


@page(Audience.PARTNERS, MANAGE, methods=("GET", "POST"), needs_row=True)
def revoke(request: HttpRequest, credential: uuid.UUID) -> HttpResponse:
    """Say what stops, then stop it."""
    row = _row(request, credential)
    if request.method == "POST":
        if conflict := wrong_organisation(request, request.path):
            return conflict
        operations.revoke_credential(row.pk, acting=request.actor)
        messages.success(request, _("%(name)s is revoked. Its next request is refused.") % {"name": row.name})
        return redirect("organisation:credentials")
    if row.revoked_at is not None:
        return redirect(_url(row))
    return render(request, "portal/credentials/revoke.html", {"shown": _described(row)})


def _list(request: HttpRequest, form: LimitForm | None = None, status: int = 200) -> HttpResponse:
    actor: Actor = request.actor
    rows = list(_rows(actor).unrevoked().order_by("name", "pk"))
    revoked = list(_rows(actor).exclude(revoked_at=None).order_by("-revoked_at", "-pk")[: REVOKED_SHOWN + 1])
    more, revoked = len(revoked) > REVOKED_SHOWN, revoked[:REVOKED_SHOWN]
    found = described([*rows, *revoked], timezone.now())
    highest = Role(actor.organisation.partner.integrations_at_most)
    context = {
        "integrations": found[: len(rows)],
        "revoked": found[len(rows) :],
        "revoked_more": more,
        "highest": highest.label,
        "form": form or LimitForm(initial={"role": highest}),
        "may_limit": can(actor, LIMIT),
    }
    return render(request, "portal/credentials/list.html", context, status=status)


def _page(request: HttpRequest, row: Credential, form: NameForm, status: int = 200) -> HttpResponse:
    secret = shown_once.take(request, row.pk)
    base = settings.PUBLIC_URL or request.build_absolute_uri("/").rstrip("/")
    context = {
        "shown": _described(row),
        "form": form,
        "secret": secret,
        "may_rotate": covers(request.actor.roles, Role(row.role)),
        "api_url": f"{base}/v1",
        "token_url": base + reverse("token", args=[row.organisation_id]),
        "scope": f"{base}/.default",
        "highest": Role(row.organisation.partner.integrations_at_most).label,
    }
    response = render(request, "portal/credentials/credential.html", context, status=status)
    if secret:
        shown_once.forget(request, response)
    return response


def _to_secret(request: HttpRequest, made: operations.Made) -> HttpResponse:
    """303 to the page that shows it: a reload posts nothing again."""
    response = HttpResponse(status=303, headers={"Location": _url(made.credential)})
    shown_once.keep(request, response, made.credential.pk, made.secret)
    return response


def _rows(actor: Actor):
    return (
        Credential.objects.visible_to(actor)
        .select_related("organisation__partner", "created_by", "carried_by", "revoked_by")
        .prefetch_related("secrets")
    )


def _row(request: HttpRequest, credential: uuid.UUID) -> Credential:
    """What is not theirs is not there; only then it is a matter of roles (R11)."""
    row = _rows(request.actor).filter(pk=credential).first()
    if row is None:
        raise NotVisible
    require(request.actor, MANAGE)
    return row


def _described(row: Credential) -> Integration:
    return described([row], timezone.now())[0]


def _url(row: Credential) -> str:
    return reverse("organisation:credential", args=[row.pk])


def _add(form: Form, refusal: OperationError) -> None:
    """The refusal at its field, where the form has it."""
    field = FIELDS.get(refusal.code)
    form.add_error(field if field in form.fields else None, str(refusal))
