"""Finding a partner one has nothing to do with yet: only by exact PartnerID or domain, and not at will (R4)."""

import uuid
from collections.abc import Container
from dataclasses import dataclass

from django.db.models import QuerySet

from portal.actor import Actor
from portal.models import Partner
from portal.ratelimit import Rule, Verdict, attempt, hit, key_for

#: Look-ups of strangers a person may make in a minute: enough to type, too few to enumerate.
LOOKUPS, SECONDS = 20, 60
BY_PERSON = Rule("lookup-person", LOOKUPS, SECONDS)
#: Several colleagues share a network; several accounts of one enumerator do too.
BY_NETWORK = Rule("lookup-network", 3 * LOOKUPS, SECONDS)


@dataclass(frozen=True, slots=True)
class Stranger:
    """All that is told of a reseller without a relationship to the one who asks."""

    name: str = ""
    country: str = ""
    retry_after: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """The reseller that was looked for, of which name and country may be shown; or when to ask again."""

    partner: Partner | None = None
    retry_after: int = 0


def stranger(actor: Actor, text: str, *, known: Container[uuid.UUID], address: str = "") -> Stranger | None:
    """The reseller with exactly this PartnerID or domain, if it is not among `known`. None: nobody.

    Asked too often, by a person or from the network of their `address`, the answer only says when to ask again.
    """
    wanted = _readable(text)
    if not wanted:
        return None
    verdict = count(actor, address)
    if not verdict.allowed:
        return Stranger(retry_after=verdict.retry_after_seconds)
    rows = _named(wanted)[:2]
    found = next((row for row in rows if row.pk not in known and row.pk != actor.organisation.pk), None)
    return Stranger(found.name, found.country) if found else None


def look_up(actor: Actor, text: str, *, address: str = "") -> Found:
    """The one reseller with exactly this PartnerID or domain, to ask it for something.

    A domain that several resellers share names none of them.
    """
    wanted = _readable(text)
    if not wanted:
        return Found()
    verdict = count(actor, address)
    if not verdict.allowed:
        return Found(retry_after=verdict.retry_after_seconds)
    rows = [row for row in _named(wanted)[:3] if row.pk != actor.organisation.pk]
    return Found(rows[0] if len(rows) == 1 else None)


def _readable(text: str) -> str:
    wanted = text.strip().casefold()
    return wanted if wanted.isascii() and (wanted.isdigit() or "." in wanted) else ""


def _named(wanted: str) -> QuerySet[Partner]:
    rows = Partner.objects.filter(is_indirect_reseller=True).select_related("organisation").order_by("pk")
    return rows.filter(partner_id=wanted) if wanted.isdigit() else rows.filter(organisation__domain=wanted)


def count(actor: Actor, address: str) -> Verdict:
    """One look-up of a stranger, by this person and from the network of their address."""
    person = actor.user.pk if actor.user else actor.organisation.pk
    if not address:
        return hit(key_for(BY_PERSON.name, person), BY_PERSON.limit, BY_PERSON.seconds)
    return attempt(BY_PERSON, BY_NETWORK, person, address)
