"""Finding a partner one has nothing to do with yet: only by exact PartnerID or domain, and not at will (R4)."""

import uuid
from collections.abc import Container
from dataclasses import dataclass

from django.db.models import QuerySet

from portal.actor import Actor
from portal.models import Partner
from portal.ratelimit import Rule, Verdict, hit, key_for

#: Look-ups of strangers a person may make in a minute: enough to type, too few to enumerate.
LOOKUPS, SECONDS = 20, 60
BY_PERSON = Rule("lookup-person", LOOKUPS, SECONDS)
#: Several colleagues look up at once; several accounts of one enumerator belong to one organisation, wherever they
#: come from. Networks are not counted: another one would be another allowance, and a shared one somebody else's.
BY_ORGANISATION = Rule("lookup-organisation", 3 * LOOKUPS, SECONDS)


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


def stranger(actor: Actor, text: str, *, known: Container[uuid.UUID]) -> Stranger | None:
    """The reseller with exactly this PartnerID or domain, if it is not among `known`. None: nobody.

    Asked too often, by a person or an organisation, the answer only says when to ask again.
    """
    wanted = _readable(text)
    if not wanted:
        return None
    verdict = count(actor)
    if not verdict.allowed:
        return Stranger(retry_after=verdict.retry_after_seconds)
    rows = _named(wanted)[:2]
    found = next((row for row in rows if row.pk not in known and row.pk != actor.organisation.pk), None)
    return Stranger(found.name, found.country) if found else None


def look_up(actor: Actor, text: str) -> Found:
    """The one reseller with exactly this PartnerID or domain, to ask it for something.

    A domain that several resellers share names none of them.
    """
    wanted = _readable(text)
    if not wanted:
        return Found()
    verdict = count(actor)
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


def count(actor: Actor) -> Verdict:
    """One look-up of a stranger, by this person and by their organisation; the stricter answer counts.

    Only the signed-in can ask, so nobody uses up another person's tries; what a person is refused is not counted
    against their colleagues. A person of several organisations has one allowance.
    """
    counted = [(BY_ORGANISATION, actor.organisation.pk)]
    if actor.user:
        counted.insert(0, (BY_PERSON, actor.user.pk))
    verdict = Verdict(allowed=True)
    for rule, who in counted:
        verdict = hit(key_for(rule.name, who), rule.limit, rule.seconds)
        if not verdict:
            break
    return verdict
