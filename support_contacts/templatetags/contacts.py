"""Small questions templates ask about a contact."""

from dataclasses import dataclass
from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.actor import Actor
from portal.models import SupportProfile
from portal.opening_times import OpenLabel, open_label
from portal.permissions import Permission, can
from portal.templatetags.ui import plain_date
from support_contacts import origin
from support_contacts.customer_rows import SOON, days_until
from support_contacts.models import Candidate, Contact, ContactKind

register = template.Library()
register.filter("list_name", origin.list_name)


@register.simple_tag
def opening(profile: SupportProfile, at: datetime) -> OpenLabel:
    """Is this desk open, and when does that change, in the reader's zone?"""
    return open_label(profile.hours.state(at), timezone.get_current_timezone(), at)


@dataclass(frozen=True, slots=True)
class Ending:
    """A designation in force that stops holding soon, in words."""

    word: str
    sentence: str
    may_extend: bool


@register.simple_tag
def ends_of(contact: Contact, at: datetime, actor: Actor) -> Ending | None:
    """The warning about a contact that ends within 31 days: its grant, or the day its reseller hands back (R8)."""
    ends = contact.cause.grant_ends_at if contact.kind == ContactKind.DESIGNATED and contact.cause else None
    if ends is None or contact.partner is None or contact.designation is None:
        return None
    days = days_until(ends, at)
    if days > SOON.days:
        return None
    word = (
        ngettext("Ends in %(days)s day", "Ends in %(days)s days", days) % {"days": days}
        if days
        else _("Ends today")
    )
    handed_back = ends == contact.designation.hands_back_at
    text = (
        _("%(partner)s hands it back on %(date)s.")
        if handed_back
        else _("The delegated admin of %(partner)s ends on %(date)s.")
    )
    may_extend = not handed_back and bool(can(actor, Permission.DELEGATED_ADMIN_REQUEST))
    return Ending(word, text % {"partner": contact.partner.name, "date": plain_date(ends)}, may_extend)


@register.simple_tag
def ends_soon(candidate: Candidate, at: datetime) -> str:
    """The warning of a grant about to end; empty while it is far off, or where it never ends."""
    ends = candidate.verdict.grant_ends_at
    if ends is None:
        return ""
    days = days_until(ends, at)
    if days > SOON.days:
        return ""
    text = ngettext(
        "Delegated admin ends %(date)s, in %(days)s day",
        "Delegated admin ends %(date)s, in %(days)s days",
        days,
    )
    return text % {"date": plain_date(ends), "days": days}
