"""The mission: who supports a subscription, who may, and who did."""

from support_contacts.models.designation import ENDED_BY_OTHERS, UNSEEN, Designation, EndedAs
from support_contacts.models.eligibility import (
    Candidate,
    Candidates,
    Reason,
    Standing,
    Verdict,
    candidates,
    records,
    standings,
    standings_from,
    verdict,
)
from support_contacts.models.holding import Lack
from support_contacts.models.repairs import Repair
from support_contacts.models.reports import ContactReport, Wish
from support_contacts.models.timeline import (
    Contact,
    ContactKind,
    Interval,
    contact_at,
    force,
    intervals,
    on_day,
    out_of_force_since,
    part_of,
    so_since,
)

__all__ = [
    "ENDED_BY_OTHERS",
    "UNSEEN",
    "Candidate",
    "Candidates",
    "Contact",
    "ContactKind",
    "ContactReport",
    "Designation",
    "EndedAs",
    "Interval",
    "Lack",
    "Reason",
    "Repair",
    "Standing",
    "Verdict",
    "Wish",
    "candidates",
    "contact_at",
    "force",
    "intervals",
    "on_day",
    "out_of_force_since",
    "part_of",
    "records",
    "so_since",
    "standings",
    "standings_from",
    "verdict",
]
