"""`supportcontacts/batch`: many choices in one call, each item with its own answer."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from portal.actor import Actor
from portal.api.faults import Fault, bad_input, fault_of
from portal.api.wire import Items, member
from portal.errors import NotVisible
from portal.identifiers import canonical_guid
from portal.models import Partner
from subscriptions.models import Subscription
from support_contacts.api import shapes
from support_contacts.api.reading import (
    Meant,
    invalid,
    meant_in,
    note_in,
    partner_of,
    text_in,
    versions_in,
)
from support_contacts.api.rows import Partners, actor_of, not_found, own
from support_contacts.operations.batch import LARGEST, Outcome, Wanted, choose_many_here

#: Customer and subscription; None for what is no id of anything.
Key = tuple[uuid.UUID | None, uuid.UUID | None]


@dataclass(slots=True)
class Line:
    """One item: as it was sent, what was read of it, and what became of it."""

    said: Mapping[str, Any]
    key: Key | None = None
    meant: Meant | None = None
    note: str = ""
    row: Subscription | None = None
    partner: Partner | None = None
    fault: Fault | None = None


def lines_in(body: Mapping[str, Any]) -> list[Line]:
    """The items of a body. Raises Fault 400 for what is no list of objects, or too many of them."""
    items = member(body, "items")
    if not isinstance(items, list):
        raise bad_input(_("Send an object with a list of items."), "items_missing")
    if len(items) > LARGEST:
        raise bad_input(_("A batch has %(count)d items at most.") % {"count": LARGEST}, "too_many_items")
    if not all(isinstance(item, dict) for item in items):
        raise bad_input(_("Every item of a batch is an object."), "item_not_an_object")
    return [_line(item) for item in items]


def choose_all(request: HttpRequest, lines: Sequence[Line]) -> dict[str, Any]:
    """Do what the lines say, inside the caller's transaction; the answer of each, in the order given."""
    actor = actor_of(request)
    _find_rows(actor, lines)
    _find_partners(actor, lines)
    doing = [(line, line.row) for line in lines if line.fault is None and line.row is not None]
    wanted = []
    for line, row in doing:
        expected = versions_in(_etag(line.said), row.public_id)
        wanted.append(Wanted(row.pk, line.partner, expected, line.note))
    outcomes = iter(choose_many_here(wanted, acting=actor))
    items = Items(
        _refused(line, line.fault) if line.fault else _answered(line, next(outcomes)) for line in lines
    )
    return {"totalCount": len(items), "items": items, "attributes": {"objectType": "Collection"}}


# -- reading


def _line(said: Mapping[str, Any]) -> Line:
    line = Line(said)
    try:
        line.key = _key(said)
        line.meant, line.note = meant_in(said), note_in(said)
        _etag(said)
    except Fault as fault:
        line.fault = fault
    return line


def _key(said: Mapping[str, Any]) -> Key:
    """The subscription an item is about. An item that names none cannot be looked for: 400, naming what is missing."""
    ids = {name: text_in(said, name) for name in ("customerId", "subscriptionId")}
    missing = [name for name, text in ids.items() if not text]
    if missing:
        text = _("An item says which subscription it is about: %(names)s is missing.")
        raise invalid(missing[0], text % {"names": ", ".join(missing)}, *missing[1:])
    return canonical_guid(ids["customerId"]), canonical_guid(ids["subscriptionId"])


def _etag(said: Mapping[str, Any]) -> str:
    etag = member(said, "etag")
    if etag is not None and not isinstance(etag, str):
        raise invalid("etag", _("%(name)s is not text.") % {"name": "etag"})
    return etag or ""


def _find_rows(actor: Actor, lines: Sequence[Line]) -> None:
    """Every subscription in one query; visible comes before everything else that may be wrong with an item (R6)."""
    guids = {line.key[1] for line in lines if line.key and line.key[1]}
    found: dict[Key, Subscription] = own(actor).only("pk", "customer_id", "microsoft_id").each_named(guids)
    for line in lines:
        if line.key is None:
            continue
        line.row = found.get(line.key) if None not in line.key else None
        if line.row is None:
            line.fault = not_found()


def _find_partners(actor: Actor, lines: Sequence[Line]) -> None:
    meant = [line.meant for line in lines if line.meant]
    partners = Partners(
        actor, {one.tenant for one in meant if one.tenant}, {one.number for one in meant if one.number}
    )
    for line in lines:
        if line.fault is None and line.meant:
            try:
                line.partner = partner_of(line.meant, partners)
            except Fault as fault:
                line.fault = fault


# -- writing


def _answered(line: Line, outcome: Outcome) -> dict[str, Any]:
    row = outcome.subscription
    if outcome.error is not None or row is None or outcome.partner is None:
        gone = outcome.error is None or isinstance(outcome.error, NotVisible)
        return _refused(line, not_found() if gone else fault_of(outcome.error or NotVisible()))
    contact = shapes.support_contact(
        shapes.partner(outcome.partner),
        customer_id=row.customer_id,
        public_id=row.public_id,
        version=row.contact_version,
    )
    return _named(line) | {
        "status": HTTPStatus.OK.value,
        "changed": outcome.changed,
        "supportContact": contact,
    }


def _refused(line: Line, fault: Fault) -> dict[str, Any]:
    return _named(line) | {"status": int(fault.status), "changed": False, "error": fault.body}


def _named(line: Line) -> dict[str, Any]:
    """Which item this was: our notation where we know the subscription, otherwise what was sent."""
    if line.row is not None:
        return {"customerId": str(line.row.customer_id), "subscriptionId": line.row.public_id}
    said = {name: member(line.said, name) for name in ("customerId", "subscriptionId")}
    return {name: value for name, value in said.items() if isinstance(value, str)}
