"""Mails: what became of the organisation's own, the way out of a kind of them, and the demo's letter box."""

import base64
import hashlib
import re
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from csp.constants import NONE, SELF
from csp.decorators import csp_replace, csp_update
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csrf import csrf_exempt

from portal.actor import Actor
from portal.audience import Audience, page
from portal.htmx import render_page
from portal.keyset import Cursor, newest, page_of
from portal.mail import kept, sealed
from portal.mail.compose import read_off
from portal.mail.outbox import UNREACHABLE
from portal.models import Mail, MailKind, MailState, User
from portal.operations.accounts import switch_mail
from portal.permissions import Permission

PAGE, DEMO_PAGE = 50, 50
#: What RFC 8058 has a mail program post when its own "unsubscribe" is pressed.
ONE_CLICK = ("List-Unsubscribe", "One-Click")


@dataclass(frozen=True, slots=True)
class Row:
    """One mail of the list. Whoever looks after the organisation sees that it went, not what it said."""

    mail: Mail
    status: str
    detail: str


@page(Audience.MEMBERS, Permission.MAIL_VIEW)
def sent(request: HttpRequest) -> HttpResponse:
    """What the organisation's people were sent, newest first, and what became of it."""
    actor: Actor = request.actor
    now = timezone.now()
    wanted = request.GET.get("state", "")
    state = MailState(wanted) if wanted in MailState.values else None
    mails = Mail.objects.visible_to(actor).select_related("user").defer("text", "html")
    after, before = (Cursor.read(request.GET.get(key, "")) for key in ("after", "before"))
    found = page_of(
        mails.of_state(state, now) if state else mails,
        newest("created_at"),
        size=PAGE,
        after=after,
        before=before,
    )
    context = {
        "rows": [_row(mail, now) for mail in found.rows],
        "found": found,
        "state": state,
        "states": [(each, each.label) for each in MailState],
        "previous_url": _url(state, before=found.before),
        "next_url": _url(state, after=found.after),
        "kept_here": settings.EMAIL_BACKEND == "django.core.mail.backends.filebased.EmailBackend",
    }
    return render_page(request, "portal/mail.html", context)


def _row(mail: Mail, now: datetime) -> Row:
    state = mail.state(now)
    said = _("The mail server cannot be reached.") if mail.failure == UNREACHABLE else mail.failure
    detail = said if state in (MailState.WAITING, MailState.FAILED) else ""
    return Row(mail, f"mail.{state.value}", detail)


def _url(state: MailState | None, **cursors: Cursor | None) -> str:
    """The address of a page beside this one; empty where there is none."""
    set_ones = {key: str(cursor) for key, cursor in cursors.items() if cursor}
    return "?" + urlencode(({"state": state.value} if state else {}) | set_ones) if set_ones else ""


@csrf_exempt  # the signed address is the authority, and a mail program has no cookie of ours
@page(Audience.PUBLIC, methods=("GET", "POST"))
def off(request: HttpRequest, signed: str) -> HttpResponse:
    """No more mails of one kind, without signing in. Opening it changes nothing; the button does."""
    read = read_off(signed)
    user = User.objects.filter(pk=read[0]).first() if read else None
    if read is None or user is None:
        raise Http404
    kind = read[1]
    if user.language in dict(settings.LANGUAGES):
        translation.activate(user.language)
        request.LANGUAGE_CODE = user.language
    if request.method == "POST":
        switch_mail(user.pk, kind, on="on" in request.POST)
        if request.POST.get(ONE_CLICK[0]) != ONE_CLICK[1]:
            return redirect(request.path)
        user.refresh_from_db(fields=["mail_off"])
    return render(
        request, "portal/mail_off.html", {"kind": MailKind(kind).label, "is_off": kind.value in user.mail_off}
    )


# -- the demo's letter box


@dataclass(frozen=True, slots=True)
class Shown:
    """A mail of the demo, wherever it was kept."""

    id: uuid.UUID
    at: datetime
    address: str
    subject: str
    text: str
    html: str
    status: str = ""
    kind: str = ""
    reader: User | None = None
    organisation_id: uuid.UUID | None = None


@csp_update({"frame-src": [SELF]})
@page(Audience.PUBLIC)
def demo(request: HttpRequest) -> HttpResponse:
    """Every mail of the demo, newest first; with `mail`, that one beside the list."""
    _only_in_demo()
    before = (
        parse_datetime(request.GET.get("before", "").replace(" ", "+")) if request.GET.get("before") else None
    )
    if before is not None and before.tzinfo is None:
        before = None
    mails = Mail.objects.filter(created_at__lt=before or timezone.now())
    shown = [
        _shown(mail, request)
        for mail in mails.select_related("user").order_by("-created_at", "-pk")[: DEMO_PAGE + 1]
    ]
    shown += [_shown_kept(mail, request) for mail in kept.kept(before=before, limit=DEMO_PAGE + 1)]
    shown.sort(key=lambda mail: mail.at, reverse=True)
    chosen = _find(request.GET.get("mail", ""), request)
    context: dict[str, Any] = {
        "mails": shown[:DEMO_PAGE],
        "chosen": chosen,
        "older": f"?{urlencode({'before': shown[DEMO_PAGE - 1].at.isoformat()})}"
        if shown[DEMO_PAGE:]
        else "",
        "is_first": before is None,
    }
    return render(request, "portal/demo_mail.html", context)


@page(Audience.PUBLIC)
def demo_html(request: HttpRequest, mail: uuid.UUID) -> HttpResponse:
    """The HTML of one mail, for the frame of the page above: no script, nothing loaded, its own style only."""
    _only_in_demo()
    chosen = _find(str(mail), request)
    if chosen is None or not chosen.html:
        raise Http404
    return _framed(chosen.html)(request)


def _framed(html: str) -> Any:
    """A view of these words under a policy that knows the hash of their own style, and nothing else."""
    styles = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    hashes = [
        f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'" for style in styles
    ]
    policy = {
        "default-src": [NONE],
        "base-uri": [NONE],
        "form-action": [NONE],
        "frame-ancestors": [SELF],
        "sandbox": ["allow-top-navigation-by-user-activation"],
        "style-src": hashes or [NONE],
    }

    @xframe_options_sameorigin
    @csp_replace(policy)
    def view(request: HttpRequest) -> HttpResponse:
        # Links open in the window around the frame.
        return HttpResponse(html.replace("<head>", '<head><base target="_top">', 1))

    return view


def _only_in_demo() -> None:
    if not settings.DEMO:
        raise Http404


def _find(text: str, request: HttpRequest) -> Shown | None:
    try:
        wanted = uuid.UUID(text)
    except ValueError:
        return None
    mail = Mail.objects.select_related("user").filter(pk=wanted).first()
    if mail is not None:
        return _shown(mail, request)
    lying = kept.find(wanted)
    return _shown_kept(lying, request) if lying else None


def _shown(mail: Mail, request: HttpRequest) -> Shown:
    text, html = sealed.revealed(mail)
    return Shown(
        id=mail.pk,
        at=mail.created_at,
        address=mail.address,
        subject=mail.subject,
        text=_here(text, request),
        html=_here(html, request),
        status=f"mail.{mail.state(timezone.now()).value}",
        kind=str(MailKind(mail.kind).label),
        reader=mail.user if mail.user and mail.user.is_demo else None,
        organisation_id=mail.organisation_id,
    )


def _shown_kept(mail: kept.Kept, request: HttpRequest) -> Shown:
    return Shown(
        mail.id, mail.at, mail.address, mail.subject, _here(mail.text, request), _here(mail.html, request)
    )


def _here(words: str, request: HttpRequest) -> str:
    """Links lead to where this visitor is, whichever name of the machine they use."""
    return words.replace(settings.PUBLIC_URL, f"{request.scheme}://{request.get_host()}")
