"""The mission: who supports a subscription, who may, and who did."""

from support_contacts.models.designation import Designation, EndedAs
from support_contacts.models.eligibility import (
    Candidate,
    Candidates,
    Reason,
    Standing,
    Verdict,
    candidates,
    standings,
    verdict,
)
from support_contacts.models.reports import ContactReport, Wish
from support_contacts.models.timeline import Contact, ContactKind, Interval, contact_at, intervals, on_day

__all__ = [
    "Candidate",
    "Candidates",
    "Contact",
    "ContactKind",
    "ContactReport",
    "Designation",
    "EndedAs",
    "Interval",
    "Reason",
    "Standing",
    "Verdict",
    "Wish",
    "candidates",
    "contact_at",
    "intervals",
    "on_day",
    "standings",
    "verdict",
]
