"""What a person is told in the portal until they have seen it: in the header of every page, and on the first one.

Waiting for a reseller, and steps to take for a colleague, are asked of the records of this instant, so what is said is
true while it is said. Nothing is written by looking.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from customers.models import Ask, CustomerRelationship
from portal.actor import Actor
from portal.identifiers import canonical_guid
from portal.models import Notice
from portal.permissions import Permission, can
from portal.templatetags.ui import plain_date
from support_contacts.models import Wish
from support_contacts.waiting import waiting

#: More than this nobody reads in a header.
LISTED = 20
#: Whoever has none of these is told nothing.
_TOLD_TO = (
    Permission.CONTACT_ASSIGN,
    Permission.CUSTOMER_VIEW,
    Permission.DELEGATED_ADMIN_REQUEST,
    Permission.RELATIONSHIP_REQUEST,
)


@dataclass(frozen=True, slots=True)
class Told:
    """One line: what it says, since when, what opening it posts to; `url` where opening is only a link."""

    text: str
    at: datetime | None
    icon: str
    post: str = ""
    url: str = ""
    dismiss: str = ""
    who: str = ""


def context(request: HttpRequest) -> dict[str, object]:
    """For every page; asked only where a template shows it."""
    actor: Actor | None = getattr(request, "actor", None)
    return {"told": SimpleLazyObject(lambda: told(request, actor)) if actor else []}


def told(request: HttpRequest, actor: Actor) -> Sequence[Told]:
    """Everything this person is to be told now, what they waited for first.

    Mostly that is nothing: the one question of the frame says so.
    """
    if not actor.organisation.is_partner or not any(can(actor, needed) for needed in _TOLD_TO):
        return []
    there = waiting(request)
    return [
        *(_eligible(actor, timezone.now()) if there.wishes else []),
        *(_asked(actor) if there.asks else []),
        *(_noticed(actor) if there.notices else []),
    ][:LISTED]


def subscription_url(wish: Wish) -> str:
    """The subscription, with the reseller preselected."""
    row = wish.subscription
    address = reverse("customers:subscription", args=[row.customer_id, row.public_id])
    return f"{address}?{urlencode({'choose': wish.reseller_id})}#chosen"


def _eligible(actor: Actor, now: datetime) -> list[Told]:
    if not (actor.is_provider and actor.user and can(actor, Permission.CONTACT_ASSIGN)):
        return []
    wishes = list(
        Wish.objects.visible_to(actor)
        .granted(now)
        .filter(user=actor.user)
        .select_related("subscription", "reseller__organisation")
        .order_by("-made_at", "-pk")[:LISTED]
    )
    names = _names(actor, {wish.subscription.customer_id for wish in wishes})
    text = _("%(reseller)s can now be chosen for %(offer)s at %(customer)s.")
    return [
        Told(
            text
            % {
                "reseller": wish.reseller.name,
                "offer": wish.subscription.name,
                "customer": names.get(wish.subscription.customer_id, ""),
            },
            None,
            "check-circle",
            post=reverse("customers:wish", args=[wish.pk]),
        )
        for wish in wishes
    ]


def _asked(actor: Actor) -> list[Told]:
    """Steps colleagues may not take themselves; on the list of those who may."""
    may = [
        step
        for step, needed in (
            (Ask.Step.RELATIONSHIP, Permission.RELATIONSHIP_REQUEST),
            (Ask.Step.DELEGATED_ADMIN, Permission.DELEGATED_ADMIN_REQUEST),
        )
        if can(actor, needed)
    ]
    if not (actor.is_provider and may):
        return []
    rows = list(
        Ask.objects.visible_to(actor)
        .open()
        .filter(step__in=may)
        .select_related("reseller__organisation", "asked_by")
        .order_by("-asked_at", "-pk")[:LISTED]
    )
    names = _names(actor, {ask.customer_id for ask in rows if ask.customer_id})
    texts = {
        Ask.Step.RELATIONSHIP: _("Request a relationship with %(reseller)s."),
        Ask.Step.DELEGATED_ADMIN: _("Request delegated admin at %(customer)s for %(reseller)s."),
    }
    return [
        Told(
            texts[Ask.Step(ask.step)]
            % {
                "reseller": ask.reseller.name,
                "customer": names.get(ask.customer_id, "") if ask.customer_id else "",
            },
            ask.asked_at,
            "hand-raised",
            url=ask.path,
            dismiss=reverse("customers:dismiss-ask", args=[ask.pk]),
            who=str(ask.asked_by or ""),
        )
        for ask in rows
        # What was asked at a customer that is ours no more cannot be done any more.
        if ask.customer_id is None or ask.customer_id in names
    ]


def _noticed(actor: Actor) -> list[Told]:
    """What a reseller did with its duties."""
    if not can(actor, Permission.CUSTOMER_VIEW):
        return []
    rows = list(Notice.objects.visible_to(actor).unseen().order_by("-created_at", "-pk")[:LISTED])
    names = _names(actor, {pk for row in rows if (pk := canonical_guid(row.data.get("customer_id")))})
    return [
        Told(
            _sentence(row, names),
            row.created_at,
            "bolt-slash" if row.kind == Notice.Kind.WEBHOOK_STOPPED else "arrow-uturn-left",
            post=reverse("support_contacts:notice", args=[row.pk]),
        )
        for row in rows
    ]


def _sentence(notice: Notice, names: dict[uuid.UUID, str]) -> str:
    """In the reader's words; names as they were."""
    customer_id = canonical_guid(notice.data.get("customer_id"))
    at = notice.data.get("at")
    texts = {
        Notice.Kind.DESIGNATION_DECLINED: _("%(partner)s declined to support %(offer)s at %(customer)s."),
        Notice.Kind.DESIGNATION_HANDED_BACK: _("%(partner)s handed back %(offer)s at %(customer)s.")
        if not at
        else _("%(partner)s hands back %(offer)s at %(customer)s on %(date)s."),
        Notice.Kind.WEBHOOK_STOPPED: _("Nothing got through to the webhook at %(address)s for 24 hours."),
    }
    text = texts.get(Notice.Kind(notice.kind)) or str(Notice.Kind(notice.kind).label)
    return text % {
        "partner": notice.data.get("partner", ""),
        "offer": notice.data.get("offer", ""),
        "customer": names.get(customer_id, "") if customer_id else "",
        "date": plain_date(datetime.fromisoformat(at)) if at else "",
        "address": notice.data.get("address", ""),
    }


def _names(actor: Actor, ids: set[uuid.UUID]) -> dict[uuid.UUID, str]:
    """What we call our customers. No question where nobody is meant."""
    if not ids:
        return {}
    rows = CustomerRelationship.objects.established(timezone.now()).filter(
        partner_id=actor.organisation.pk, customer__in=ids
    )
    return {row.customer_id: row.name for row in rows}
