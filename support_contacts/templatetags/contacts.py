"""Small questions templates ask about a contact."""

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.translation import ngettext

from portal.models import SupportProfile
from portal.opening_times import OpenLabel, open_label
from portal.templatetags.ui import plain_date
from support_contacts.customer_rows import SOON, days_until
from support_contacts.models import Candidate

register = template.Library()


@register.simple_tag
def opening(profile: SupportProfile, at: datetime) -> OpenLabel:
    """Is this desk open, and when does that change, in the reader's zone?"""
    return open_label(profile.hours.state(at), timezone.get_current_timezone(), at)


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
