"""What a call says: which partner, which version, which instant."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from http import HTTPStatus
from typing import Any

from django.utils.translation import gettext as _

from portal.api.faults import INVALID_INPUT, INVALID_PROPERTY, Fault, bad_input
from portal.api.wire import member
from portal.identifiers import canonical_guid
from portal.models import Partner
from subscriptions import etags
from support_contacts.api.rows import Partners
from support_contacts.forms import LONGEST_NOTE

#: Nobody: what is asked for where a partner is unknown, so that it is refused in the order of the rules.
NOBODY = uuid.UUID(int=0)
#: Versions an If-Match may list.
MOST_VERSIONS = 50
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_INSTANT = re.compile(
    r"(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)\s*(Z|[+-]\d{2}:?\d{2})?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Meant:
    """Whom a body names: by tenant id, by PartnerID, or by both."""

    tenant: uuid.UUID | None
    number: str


def meant_in(body: Mapping[str, Any]) -> Meant:
    """The partner a body names. Name, links and attributes are not read (trap 4). Raises Fault 400."""
    tenant = text_in(body, "supportTenantId")
    number = text_in(body, "supportMpnId")
    if not tenant and not number:
        text = _("Say who supports it: supportTenantId, or supportMpnId.")
        raise Fault(HTTPStatus.BAD_REQUEST, INVALID_INPUT, text, "partner_missing")
    guid = canonical_guid(tenant)
    if tenant and guid is None:
        raise invalid("supportTenantId", _("supportTenantId is not a GUID."))
    return Meant(guid, number)


def partner_of(meant: Meant, partners: Partners) -> Partner | None:
    """The tenant id decides, a PartnerID alone resolves; None is somebody we know nothing of.

    Raises Fault 400 `partner_mismatch` where the two name different partners. Of partners the caller has nothing to do
    with it says neither whether they exist nor which PartnerID they have (R4).
    """
    by_number = partners.by_number.get(meant.number) if meant.number else None
    if meant.tenant is None:
        return by_number
    found = partners.by_tenant.get(meant.tenant)
    if meant.number and found != by_number:
        text = _("supportTenantId and supportMpnId name different partners.")
        raise Fault(HTTPStatus.BAD_REQUEST, INVALID_INPUT, text, "partner_mismatch")
    return found


def note_in(body: Mapping[str, Any]) -> str:
    """The words kept with a change, for the caller's own organisation. Raises Fault 400."""
    note = text_in(body, "note").replace("\r\n", "\n")
    if len(note) > LONGEST_NOTE:
        raise invalid("note", _("A note has %(count)d characters at most.") % {"count": LONGEST_NOTE})
    if any(ord(character) < 32 and character not in "\n\t" for character in note):
        raise invalid("note", _("The note has characters that cannot be kept."))
    return note


def versions_in(text: str | None, public_id: str) -> frozenset[int] | None:
    """The versions an If-Match allows: quoted, bare, weak, or several. None where any will do.

    What is no etag of this subscription allows nothing: it is stale, whatever it was.
    """
    said = (text or "").strip()
    if not said:
        return None
    etags_said = [one.strip() for one in said.split(",")][:MOST_VERSIONS]
    if "*" in etags_said:
        return None
    return frozenset(
        version for one in etags_said if (version := etags.version_in(one, public_id)) is not None
    )


def at_in(text: str, now: datetime) -> datetime | date:
    """An instant, or a date for the whole of that day in UTC. Not one to come. Raises Fault 400."""
    found = _moment(text.strip())
    if found is None:
        raise bad_input(_("“at” is an instant as 2026-11-22T09:00:00Z, or a date as 2026-11-22."), "at")
    if (found if isinstance(found, datetime) else start_of(found)) > now:
        raise bad_input(_("Nobody knows yet who will be the contact then."), "at_in_future")
    return found


def instant_in(text: str, name: str) -> datetime:
    """An instant; a date is its beginning in UTC. Raises Fault 400."""
    found = _moment(text.strip())
    if found is None:
        said = _("“%(name)s” is an instant as 2026-11-22T09:00:00Z, or a date as 2026-11-22.")
        raise bad_input(said % {"name": name}, name)
    return found if isinstance(found, datetime) else start_of(found)


def start_of(day: date) -> datetime:
    """Days are counted in UTC, as every instant the API writes."""
    return datetime.combine(day, time.min, tzinfo=UTC)


def invalid(name: str, text: str, *more: str) -> Fault:
    """400: this member is not what it should be, nor are `more`."""
    return Fault(HTTPStatus.BAD_REQUEST, INVALID_PROPERTY, text, "invalid_property", name, *more)


def text_in(body: Mapping[str, Any], name: str) -> str:
    """A member that is text; numbers are read as they are written. Nothing and null are empty."""
    value = member(body, name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise invalid(name, _("%(name)s is not text.") % {"name": name})
    return str(value).strip()


def _moment(text: str) -> datetime | date | None:
    """A plus in an address arrives as a space, and .NET writes seven digits of a second."""
    if not text.isascii():
        return None
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
        match = _INSTANT.fullmatch(re.sub(r" (\d{2}:?\d{2})$", r"+\1", text) if "T" in text.upper() else text)
        if match is None:
            return None
        zone = "+00:00" if (match[2] or "Z").upper() == "Z" else match[2]
        return datetime.fromisoformat(match[1].upper() + zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
