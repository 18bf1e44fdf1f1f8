"""Duties: what a reseller supports, for whom, since when; and what it supported before."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from urllib.parse import urlencode

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from customers.models import CustomerRelationship
from portal.actor import Actor
from portal.audience import Audience, page
from portal.csv_files import CHUNK, Cells, csv_file
from portal.htmx import render_page
from portal.identifiers import canonical_guid
from portal.keyset import Cursor, every, newest, page_of
from portal.models import ResellerRelationship
from portal.names import fold
from portal.permissions import Permission
from subscriptions.models import LIVE
from support_contacts.attention import SOON
from support_contacts.contacts import standings_of
from support_contacts.forms_duties import DutiesForm
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
    agreement: ResellerRelationship | None = None

    @property
    def stands(self) -> bool:
        """There is something to answer: it has not ended, whether or not it holds now."""
        return self.designation.ended_at is None and self.designation.subscription.is_live


@page(Audience.RESELLERS, Permission.CUSTOMER_VIEW)
def duties(request: HttpRequest) -> HttpResponse:
    """This reseller's own intervals, newest first, by keyset; no notes and no persons."""
    now = timezone.now()
    show, q = DutiesForm(request.GET).state
    rows, newer, older = _window(
        chosen(request.actor, show, q, now), request.GET.get("after", ""), request.GET.get("before", "")
    )
    # Asked of the rows of this page: as a column of the question above, it would be asked of every row there is.
    held = (
        Designation.objects.visible_to(request.actor).with_force(now).filter(pk__in=[row.pk for row in rows])
    )
    holds = dict(held.values_list("pk", "holds"))
    for row in rows:
        row.holds = holds[row.pk]  # as with_force has it
    context = {
        "duties": told(rows, now),
        "show": show,
        "earlier": show == "earlier",
        "q": q,
        "newer_url": _url(show, q, before=newer),
        "older_url": _url(show, q, after=older),
        "export_url": reverse("support_contacts:export-duties") + _url(show, q, keep=True),
        "chip_urls": {
            name or "now": _url(name, q, keep=True) for name in ("", "waiting", "ending", "earlier")
        },
        "clear_url": _url(show, "", keep=True),
        "done": request.GET.get("done", ""),
    }
    return render_page(request, "support_contacts/duties.html", context)


@page(Audience.RESELLERS, Permission.CUSTOMER_VIEW)
def export(request: HttpRequest) -> HttpResponse:
    """The same rows as the list shows, all of them, as CSV; written while it is sent."""
    now = timezone.now()
    show, q = DutiesForm(request.GET).state
    rows = chosen(request.actor, show, q, now).annotate(holds=F("holds"))
    return csv_file("duties", _heads(), _exported(rows, now), at=now)


def chosen(actor: Actor, show: str, q: str, now: datetime) -> QuerySet[Designation]:
    """The intervals a chip and a search ask for. `holds` may be asked for of each."""
    mine = Designation.objects.visible_to(actor).filter(partner_id=actor.organisation.pk, started_at__lte=now)
    own = mine.by_force(now)
    stands = Q(ended_at=None, subscription__status__in=LIVE)
    if show == "earlier":
        # An interval that ended as it began was never shown to anybody.
        rows = own.exclude(stands).exclude(ended_at=F("started_at"))
    elif show == "waiting":
        rows = own.filter(stands, acknowledged_at=None, holds=True)
    elif show == "ending":
        rows = own.filter(holds_until__gt=now, holds_until__lte=now + SOON).ending(now, now + SOON)
    else:
        rows = own.filter(stands)
    return rows.filter(_means(q)) if q else rows


def _means(q: str) -> Q:
    """What is searched is what is shown: customer and subscription always, seller and ids only while it holds.

    The customer by the name its provider gave it, never by the alias, which is not ours to know.
    """
    guid, folded = canonical_guid(q), fold(q)
    if guid is not None:
        mine = Q(subscription__customer_id=guid) | Q(subscription__microsoft_id=str(guid))
        return Q(holds=True) & mine
    if not folded:
        return Q(pk__in=[])
    named = CustomerRelationship.objects.filter(
        partner=OuterRef("provider"), customer=OuterRef("subscription__customer")
    ).filter(Q(alias="", sort_name__contains=folded) | Q(company_name__icontains=q))
    seller = Q(holds=True, provider__organisation__sort_name__contains=folded)
    offer = Q(subscription__offer_name__icontains=q)
    return offer | seller | Q(Exists(named))


def _window(rows, after: str, before: str) -> tuple[list[Designation], str, str]:
    """One page by keyset on (since, id), newest first, with the cursors of the pages beside it."""
    rows = rows.select_related("subscription", "provider__organisation", "partner")
    found = page_of(
        rows, newest("started_at"), size=PAGE, after=Cursor.read(after), before=Cursor.read(before)
    )
    return list(found.rows), str(found.before or ""), str(found.after or "")


def _url(show: str, q: str, *, keep: bool = False, **key: str) -> str:
    """The address of a page beside this one; empty where there is none. `keep`: of this list without a page."""
    if not any(key.values()) and not keep:
        return ""
    fields = {name: value for name, value in {"show": show, "q": q, **key}.items() if value}
    return f"?{urlencode(fields)}" if fields else ("?" if keep else "")


def told(rows: Sequence[Designation], now: datetime) -> list[Duty]:
    """These rows as their reseller may see them. Five queries at most, whatever their number."""
    views = _views(rows)
    idle = [row for row in rows if not row.holds]
    standings = standings_of(idle)
    agreements = _agreements([row for row in rows if row.holds], now)
    told = []
    for row in rows:
        customer_id = row.subscription.customer_id
        view = views.get((row.provider_id, customer_id))
        # The designating provider's company name, never its alias.
        name = (view and view.company_name) or str(customer_id)
        if row.holds and row.ended_at is None and row.subscription.is_live:
            domain, country = (view.domain, view.country) if view else ("", "")
            agreement = agreements.get((row.provider_id, row.partner_id))
            told.append(Duty(row, name, True, domain, country, agreement=agreement))
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


def _agreements(rows: Sequence[Designation], now: datetime) -> dict[tuple, ResellerRelationship]:
    """The relationship, with its support agreement, that each of these rests on."""
    if not rows:
        return {}
    found = ResellerRelationship.objects.established(now).filter(
        reseller_id=rows[0].partner_id, provider_id__in={row.provider_id for row in rows}
    )
    return {(row.provider_id, row.reseller_id): row for row in found}


def _heads() -> Cells:
    return [
        _("Customer"),
        _("Microsoft ID"),
        _("Country"),
        _("Subscription"),
        _("Subscription ID"),
        _("Licences"),
        _("Sold by"),
        _("Agreement"),
        _("From"),
        _("Until"),
        _("Acknowledged"),
        _("In force"),
    ]


def _exported(rows: QuerySet[Designation], now: datetime) -> Iterator[Cells]:
    """Page after page by key, so that no cursor and no list of everything is held."""
    rows = rows.select_related("subscription", "provider__organisation", "partner")
    return map(_cells, every(rows, newest("started_at"), size=CHUNK, told=partial(told, now=now)))


def _cells(duty: Duty) -> Cells:
    row, subscription = duty.designation, duty.designation.subscription
    until = duty.until or row.hands_back_at
    shown: list[object] = [""] * 3
    if duty.holds:
        shown = [subscription.public_id, subscription.quantity, row.provider.name]
    return [
        duty.customer,
        subscription.customer_id if duty.holds else "",
        duty.country,
        subscription.name,
        *shown,
        duty.agreement.agreement_reference if duty.agreement else "",
        row.started_at,
        until,
        row.acknowledged_at,
        "1" if duty.holds else "0",
    ]
