"""`supportcontacts`: every choice the caller has made as a provider, in pages. Ours; Microsoft has no such list."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from portal.api.faults import bad_input
from portal.api.wire import instant, link
from portal.identifiers import canonical_guid
from portal.keyset import newest
from subscriptions import etags
from support_contacts.api import shapes
from support_contacts.api.reading import instant_in
from support_contacts.api.rows import actor_of, own
from support_contacts.contacts import Key, partner_in_force, standings_of
from support_contacts.models import Designation, Standing, force, so_since

ORDER = newest("started_at")
#: In front of an instant a client remembers: what happened in that very moment comes again rather than never.
MOMENT = timedelta(microseconds=1)
#: Nothing here is older, and no calendar goes further back.
FIRST = datetime(1900, 1, 1, tzinfo=UTC)
_YES, _NO = ("true", "1", "yes"), ("", "false", "0", "no")


def rows_asked_for(request: HttpRequest, now: datetime) -> QuerySet[Designation]:
    """The caller's designations that answer the address. Raises Fault 400.

    Those that stand. With `changedSince` also those that ended since, so that a client that asks again and again
    learns of every end; with `attention` those that stand and are not in force (DESIGN §2).
    """
    actor = actor_of(request)
    me = actor.organisation.pk
    rows = Designation.objects.visible_to(actor).filter(
        provider_id=me, subscription__in=own(actor).values("pk")
    )
    since = request.GET.get("changedSince", "").strip()
    if since:
        rows = rows.changed_since(me, _just_before(instant_in(since, "changedSince")), now)
        rows = rows.annotate(in_force=partner_in_force(now, of="subscription"))
    else:
        rows = rows.stored()
    if _flag(request, "attention"):
        rows = rows.stale_of(me, now)
    if partner := request.GET.get("partner", "").strip():
        rows = _of_partner(rows, partner)
    if customer := request.GET.get("customer", "").strip():
        customer_id = canonical_guid(customer)
        if customer_id is None:
            raise bad_input(_("“customer” is a tenant ID."), "customer")
        rows = rows.filter(subscription__customer_id=customer_id)
    return rows.select_related("subscription", "provider__organisation", "partner__organisation")


def writer_at(now: datetime) -> Callable[[Sequence[Designation]], list[dict[str, Any]]]:
    """Writes a page. Three queries, whatever its size."""

    def write(rows: Sequence[Designation]) -> list[dict[str, Any]]:
        standings = standings_of([row for row in rows if row.ended_at is None])
        return [_item(row, standings, now) for row in rows]

    return write


def _item(row: Designation, standings: dict[Key, Standing], now: datetime) -> dict[str, Any]:
    subscription = row.subscription
    said: dict[str, Any] = {
        "customerId": str(subscription.customer_id),
        "subscriptionId": subscription.public_id,
    }
    chosen = shapes.partner(row.partner)
    if row.ended_at is not None:
        said["supportContact"] = shapes.shown(row.in_force, row.provider)  # type: ignore[attr-defined]  # annotated
        said |= {"designated": chosen, "inForce": False, "since": instant(row.ended_at)}
        said["endedAs"] = row.ended_as
    else:
        standing = standings[row.provider_id, row.partner_id, subscription.customer_id]
        judged = force(row, standing, at=now)
        said["supportContact"] = chosen if judged else shapes.partner(row.provider)
        said |= {"designated": chosen, "inForce": bool(judged)}
        if judged.reason:
            said["reason"] = judged.reason.value
        said["since"] = instant(so_since(row, standing, at=now) or row.started_at)
        if judged.grant_ends_at:
            said["until"] = instant(judged.grant_ends_at)
    return said | {
        "designatedAt": instant(row.started_at),
        "channel": row.channel,
        "version": subscription.contact_version,
        "links": {"self": link(shapes.contact_path(subscription.customer_id, subscription.public_id))},
        "attributes": {
            "etag": etags.write(subscription.public_id, subscription.contact_version),
            "objectType": "Designation",
        },
    }


def _just_before(instant: datetime) -> datetime:
    return instant - MOMENT if instant > FIRST else FIRST


def _flag(request: HttpRequest, name: str) -> bool:
    said = request.GET.get(name, "").strip().lower()
    if said not in _YES + _NO:
        raise bad_input(_("“%(name)s” is true or false.") % {"name": name}, name)
    return said in _YES


def _of_partner(rows: QuerySet[Designation], said: str) -> QuerySet[Designation]:
    """By tenant id or PartnerID; nobody's is an empty list, since it says nothing about who exists."""
    guid = canonical_guid(said)
    if guid is not None:
        return rows.filter(partner_id=guid)
    if not (said.isascii() and said.isdigit()):
        raise bad_input(_("“partner” is a tenant ID or a PartnerID."), "partner")
    return rows.filter(partner__partner_id=said)
