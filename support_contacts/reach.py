"""How a partner is reached at one instant: numbers, mail, site and hours, from its live support profile (R7)."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from portal.hours import OpenState
from portal.models import SupportProfile
from portal.opening_times import summary
from portal.telephones import Telephone
from portal.zones import abbreviation, city, is_zone


@dataclass(frozen=True, slots=True)
class Number:
    """A telephone with the words above it. The filled one is the one to press now."""

    label: str
    telephone: Telephone
    is_filled: bool = False


@dataclass(frozen=True, slots=True)
class Site:
    """A website as it is shown; `url` is empty where it is no web address."""

    text: str
    url: str


def numbers(profile: SupportProfile, state: OpenState) -> list[Number]:
    """The numbers to press now, the one that answers first.

    Open: the main number is filled. Closed with an urgent line: that one is, and the main number follows. Closed
    without: none is, since nobody would answer.
    """
    main, urgent = profile.call, profile.call_urgent
    closed = state.known and not state.is_open
    found = []
    if main:
        found.append(
            Number(_("Office hours") if closed else _("Call"), main, not closed and main.is_dialable)
        )
    if urgent:
        is_next = (closed or not main) and urgent.is_dialable
        line = Number(_urgent_label(profile, state), urgent, is_next)
        found.insert(0 if closed else len(found), line)
    return found


def numbers_on_paper(profile: SupportProfile) -> list[Number]:
    """The same numbers without "now": paper is read later."""
    main, urgent = profile.call, profile.call_urgent
    hours = profile.hours
    label = _("Call")
    if hours.is_known:
        label = _("Day and night") if hours.is_around_the_clock else _("Office hours")
    found = [Number(_urgent_label(profile, None), urgent)] if urgent else []
    return [*found, Number(label, main)] if main else found


def best_number(profile: SupportProfile, at: datetime) -> tuple[Telephone | None, bool]:
    """The one number to dial at this instant, and whether somebody answers it now."""
    state = profile.hours.state(at)
    listed = [number for number in numbers(profile, state) if number.telephone.is_dialable]
    filled = next((number for number in listed if number.is_filled), None)
    if filled:
        return filled.telephone, True
    return (listed[0].telephone, False) if listed else (None, False)


def _urgent_label(profile: SupportProfile, state: OpenState | None) -> str:
    hours = profile.hours
    outside = hours.is_known and not hours.is_around_the_clock
    return _("Urgent, outside office hours") if outside else _("Urgent")


def site(profile: SupportProfile) -> Site | None:
    """The website. Only http and https become links, whatever was typed or imported."""
    text = profile.website.strip()
    if not text:
        return None
    url = profile.website_url
    return Site(url.partition("://")[2].rstrip("/") if url else text, url)


def mail_href(address: str, subject: str) -> str:
    """`mailto:` with its subject; empty where the address is none."""
    name, at_sign, host = address.strip().rpartition("@")
    if not (name and at_sign and host) or any(char.isspace() for char in address.strip()):
        return ""
    to = f"mailto:{quote(name)}@{quote(host)}"
    return f"{to}?subject={quote(subject, safe='')}" if subject else to


def hours_text(profile: SupportProfile, at: datetime, zone: ZoneInfo) -> str:
    """The desk's week on its own clock, the zone named: "Mon–Fri 08:00–18:30 CET", "… London (GMT)" from elsewhere."""
    hours = profile.hours
    if not hours.is_known:
        return ""
    text = str(summary(hours))
    if hours.is_around_the_clock or not is_zone(hours.zone):
        return text
    desk = ZoneInfo(hours.zone)
    letters = abbreviation(desk, at)
    if at.astimezone(desk).utcoffset() == at.astimezone(zone).utcoffset():
        return f"{text} {letters}"
    values = {"hours": text, "city": city(desk), "zone": letters}
    return _("%(hours)s in %(city)s (%(zone)s)") % values


def closed_text(profile: SupportProfile, at: datetime) -> str:
    """Dates on which the desk stays closed, the next three."""
    hours = profile.hours
    if not hours.is_known or not hours.closed_dates:
        return ""
    zone = ZoneInfo(hours.zone) if is_zone(hours.zone) else ZoneInfo("UTC")
    closed = summary(hours, at.astimezone(zone).date()).closed[:3]
    return ", ".join(closed)
