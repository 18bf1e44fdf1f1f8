"""Duties: what a reseller supports, for whom, since when; and what it supported before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.db.models import F, Q
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from customers.models import CustomerRelationship
from portal.audience import Audience, page
from portal.htmx import render_page
from portal.keyset import Cursor, newest, page_of
from portal.permissions import Permission
from subscriptions.models import LIVE
from support_contacts.contacts import standings_of
from support_contacts.models import Designation, Verdict, verdict

PAGE = 50


@dataclass(frozen=True, slots=True)
class Duty:
    """One designation as its reseller sees it. Details only while it holds; afterwards who, what, from and until."""

    designation: Designation
    customer: str
    holds: bool
    domain: str = ""
    country: str = ""
    until: datetime | None = None
    cause: Verdict | None = None


@page(Audience.RESELLERS, Permission.CUSTOMER_VIEW)
def duties(request: HttpRequest) -> HttpResponse:
    """This reseller's own intervals, newest first, by keyset; no notes and no persons."""
    now = timezone.now()
    earlier = request.GET.get("show") == "earlier"
    own = Designation.objects.visible_to(request.actor).filter(
        partner_id=request.actor.organisation.pk, started_at__lte=now
    )
    stands = Q(ended_at=None, subscription__status__in=LIVE)
    # An interval that ended as it began was never shown to anybody.
    chosen = own.exclude(stands).exclude(ended_at=F("started_at")) if earlier else own.filter(stands)
    rows, newer, older = _window(
        chosen.with_force(now), request.GET.get("after", ""), request.GET.get("before", "")
    )
    context = {
        "duties": _told(rows, now),
        "earlier": earlier,
        "newer_url": _url(earlier, before=newer),
        "older_url": _url(earlier, after=older),
    }
    return render_page(request, "support_contacts/duties.html", context)


def _window(rows, after: str, before: str) -> tuple[list[Designation], str, str]:
    """One page by keyset on (since, id), newest first, with the cursors of the pages beside it."""
    rows = rows.select_related("subscription", "provider__organisation", "partner")
    found = page_of(
        rows, newest("started_at"), size=PAGE, after=Cursor.read(after), before=Cursor.read(before)
    )
    return list(found.rows), str(found.before or ""), str(found.after or "")


def _url(earlier: bool, **key: str) -> str:
    """The address of a page beside this one; empty where there is none."""
    if not any(key.values()):
        return ""
    return "?" + urlencode({"show": "earlier", **key} if earlier else key)


def _told(rows: Sequence[Designation], now: datetime) -> list[Duty]:
    views = _views(rows)
    idle = [row for row in rows if not row.holds]
    standings = standings_of(idle)
    told = []
    for row in rows:
        customer_id = row.subscription.customer_id
        view = views.get((row.provider_id, customer_id))
        # The designating provider's company name, never its alias.
        name = (view and view.company_name) or str(customer_id)
        if row.holds and row.ended_at is None and row.subscription.is_live:
            told.append(Duty(row, name, True, view.domain if view else "", view.country if view else ""))
            continue
        cause = None
        if row.ended_at is None and row.subscription.is_live:
            cause = verdict(standings[row.provider_id, row.partner_id, customer_id], at=now, told_to=None)
        until = row.ended_at or row.subscription.ended_at or (cause.since if cause is not None else None)
        told.append(Duty(row, name, False, until=until, cause=cause))
    return told


def _views(rows: Sequence[Designation]) -> dict[tuple, CustomerRelationship]:
    """What each designating provider calls the customer; of several records the one established last speaks."""
    found = CustomerRelationship.objects.filter(
        partner_id__in={row.provider_id for row in rows},
        customer_id__in={row.subscription.customer_id for row in rows},
    ).order_by(F("established_at").asc(nulls_first=True))
    return {(view.partner_id, view.customer_id): view for view in found}
