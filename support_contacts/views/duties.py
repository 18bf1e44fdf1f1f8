"""Duties: what a reseller supports, for whom, since when; and what it supported before."""

import uuid
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
from portal.identifiers import canonical_guid
from portal.permissions import Permission
from subscriptions.models import LIVE
from support_contacts.contacts import standings_of
from support_contacts.models import Designation, Verdict, force

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
    """One page by keyset on (since, id), newest first, with the keys of the pages beside it."""
    rows = rows.select_related("subscription", "provider__organisation", "partner")
    key, backwards = (_key(before), True) if before else (_key(after), False)
    if key is None:
        backwards = False
    else:
        started, pk = key
        beyond = (
            Q(started_at__gt=started) | Q(started_at=started, pk__gt=pk)
            if backwards
            else Q(started_at__lt=started) | Q(started_at=started, pk__lt=pk)
        )
        rows = rows.filter(beyond)
    order = ("started_at", "pk") if backwards else ("-started_at", "-pk")
    found = list(rows.order_by(*order)[: PAGE + 1])
    further, found = len(found) > PAGE, found[:PAGE]
    if backwards:
        found.reverse()
    if not found:
        return [], "", ""
    has_newer, has_older = (further, True) if backwards else (key is not None, further)
    return found, _written(found[0]) if has_newer else "", _written(found[-1]) if has_older else ""


def _url(earlier: bool, **key: str) -> str:
    """The address of a page beside this one; empty where there is none."""
    if not any(key.values()):
        return ""
    return "?" + urlencode({"show": "earlier", **key} if earlier else key)


def _key(text: str) -> tuple[datetime, uuid.UUID] | None:
    instant, _separator, identity = text.partition("~")
    guid = canonical_guid(identity)
    try:
        started = datetime.fromisoformat(instant)
    except ValueError:
        return None
    return (started, guid) if guid and started.tzinfo else None


def _written(row: Designation) -> str:
    return f"{row.started_at.isoformat()}~{row.pk}"


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
            cause = force(row, standings[row.provider_id, row.partner_id, customer_id], at=now)
        until = row.ended_at or row.subscription.ended_at or (cause.since if cause is not None else None)
        told.append(Duty(row, name, False, until=until, cause=cause))
    return told


def _views(rows: Sequence[Designation]) -> dict[tuple, CustomerRelationship]:
    """What each designating provider calls the customer, its latest record first to speak."""
    found = CustomerRelationship.objects.filter(
        partner_id__in={row.provider_id for row in rows},
        customer_id__in={row.subscription.customer_id for row in rows},
    ).order_by(F("established_at").asc(nulls_first=True))
    return {(view.partner_id, view.customer_id): view for view in found}
