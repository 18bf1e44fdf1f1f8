"""What needs attention among a provider's designations, why, and since when."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from customers.models import CustomerRelationship
from subscriptions.models import Subscription
from support_contacts.models import (
    ENDED_BY_OTHERS,
    ContactReport,
    Designation,
    EndedAs,
    Reason,
    Standing,
    force,
    out_of_force_since,
)

#: What ends within so long is warned of (R8).
SOON = timedelta(days=31)
#: Causes that have words and an icon of their own. Any other began with one of them.
CAUSES = {
    Reason.RELATIONSHIP_ENDED: "cause.relationship_ended",
    Reason.DELEGATED_ADMIN_EXPIRED: "cause.delegated_admin_expired",
    Reason.DELEGATED_ADMIN_ENDED: "cause.delegated_admin_ended",
    Reason.RESELLER_SUSPENDED: "cause.reseller_suspended",
    Reason.HANDED_BACK: "cause.handed_back",
}
ENDS = {
    EndedAs.DECLINED.value: "cause.declined",
    EndedAs.HANDED_BACK.value: "cause.handed_back",
    EndedAs.NEW_COMMERCE.value: "cause.new_commerce",
}
#: Ends that need nobody's attention: those the provider brought about, or let its policy bring about.
SETTLED = "contact.ended"


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a designation does not hold, as a status key or a word, and since when."""

    key: str
    since: datetime | None
    word: str = ""


def cause_of(designation: Designation, standing: Standing, *, at: datetime) -> Cause:
    """The cause of a stored designation not being in force.

    What is so now, where that says why it stopped; otherwise (asked for anew since, say) what was so when it stopped.
    """
    judged = force(designation, standing, at=at)
    if judged.reason in CAUSES:
        return Cause(CAUSES[judged.reason], judged.since)
    since = out_of_force_since(designation, standing, at=at)
    first = force(designation, standing, at=since) if since else judged
    if first.reason in CAUSES:
        return Cause(CAUSES[first.reason], since)
    return Cause("contact.needs_attention", since, str(judged.reason.label) if judged.reason else "")


@dataclass(frozen=True, slots=True)
class Maker:
    """Who made a designation, as its provider's own people read it: a name, the role that allowed it, the door."""

    name: str = ""
    role: str = ""
    channel: str = ""

    @property
    def word(self) -> str:
        """The shortest that says it: the person, or else the door."""
        return self.name or self.role or self.channel


@dataclass(frozen=True, slots=True)
class AttentionRow:
    """A line of the list: one designation, who made it, whom the customer calls now, and what is the matter."""

    designation: Designation
    customer: str
    holds: bool
    here: str = ""
    maker: Maker = Maker()
    cause: Cause | None = None
    #: When it stops holding if nothing else happens; `ends` is the same where that is soon.
    until: datetime | None = None
    ends: datetime | None = None
    note: str = ""

    @property
    def subscription(self) -> Subscription:
        return self.designation.subscription

    @property
    def is_over(self) -> bool:
        return self.designation.ended_at is not None

    @property
    def is_unseen(self) -> bool:
        """Ended by somebody else; it needs attention until it is seen."""
        row = self.designation
        return row.ended_as in ENDED_BY_OTHERS and row.end_seen_at is None and row.subscription.is_live

    @property
    def is_handed_back(self) -> bool:
        """What ends soon ends because its reseller announced it."""
        return self.ends is not None and self.ends == self.designation.hands_back_at

    @property
    def days_left(self) -> int:
        if self.ends is None:
            return 0
        return (timezone.localtime(self.ends).date() - timezone.localdate()).days

    @property
    def anchor(self) -> str:
        return f"d-{self.designation.pk}"

    @property
    def extension_url(self) -> str:
        """Where to ask the customer for longer, while the grant still holds."""
        if self.ends is None or self.is_handed_back:
            return ""
        query = {"reseller": self.designation.partner_id, "from": f"{self.here}#{self.anchor}"}
        address = reverse("customers:request-rights", args=[self.subscription.customer_id])
        return f"{address}?{urlencode(query)}"

    @property
    def url(self) -> str:
        """Its subscription, where it is repaired; the way back leads to this page and row."""
        row = self.subscription
        address = reverse("customers:subscription", args=[row.customer_id, row.public_id])
        return f"{address}?{urlencode({'from': f'{self.here}#{self.anchor}'})}"


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A customer says that a contact is wrong or does not answer."""

    report: ContactReport
    customer: str


def names_of(provider_id: uuid.UUID, customers: set[uuid.UUID]) -> dict[uuid.UUID, str]:
    """What this provider calls these customers; its latest record speaks. No question where nobody is meant."""
    if not customers:
        return {}
    rows = CustomerRelationship.objects.filter(partner_id=provider_id, customer_id__in=customers)
    ordered = rows.order_by(F("established_at").asc(nulls_first=True), "pk")
    return {row.customer_id: row.name for row in ordered}
