"""What a line of the customers list says, for a whole page of them at once."""

import uuid
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, F, Window
from django.utils import timezone

from customers.models import CustomerRelationship
from portal.among import one_of
from portal.models import Partner
from portal.prepared import Prepared
from subscriptions.models import Subscription
from support_contacts.contacts import standings_of
from support_contacts.models import Designation, force

#: Delegated admin that ends within this many days is worth a word (R8).
SOON = timedelta(days=31)


@dataclass
class CustomerRow:
    """One customer of the list: who supports it, and whether that is in order."""

    relationship: CustomerRelationship
    subscriptions: int = 0
    supporters: list[str] = field(default_factory=list)
    stale: int = 0
    stale_since: datetime | None = None
    ends: datetime | None = None
    ends_handed_back: bool = False
    hit: Subscription | None = None

    @property
    def supported_by(self) -> str:
        return self.supporters[0] if self.supporters else ""

    @property
    def more_supporters(self) -> int:
        return max(0, len(self.supporters) - 1)

    @property
    def stale_names_year(self) -> bool:
        return self.stale_since is not None and not is_this_year(self.stale_since)

    @property
    def ends_names_year(self) -> bool:
        return self.ends is not None and not is_this_year(self.ends)

    def days_left(self) -> int:
        """Whole days of the reader's calendar until the delegated admin ends; 0 is today."""
        return days_until(self.ends) if self.ends else 0


def days_until(instant: datetime, at: datetime | None = None) -> int:
    """Days of the reader's calendar from `at`, else from today; 0 is the same day."""
    return (timezone.localtime(instant).date() - timezone.localdate(at)).days


def is_this_year(instant: datetime) -> bool:
    """A date of this year is shown without it."""
    day: date = timezone.localtime(instant).date()
    return day.year == timezone.localdate().year


def rows_for(
    provider: Partner,
    relationships: Sequence[CustomerRelationship],
    *,
    now: datetime,
    hit: Subscription | None = None,
) -> list[CustomerRow]:
    """The lines of these customers. Two queries, and three more where anybody is designated, whatever their number."""
    rows = {row.customer_id: CustomerRow(row) for row in relationships}
    if not rows:
        return []
    for counted in _COUNTED(me=provider.pk, customers=list(rows)):
        rows[counted["customer_id"]].subscriptions = counted["count"]
    groups = [
        _Group(one, one.count, one.holds) for one in _GROUPS(me=provider.pk, customers=list(rows), at=now)
    ]
    standings = standings_of([group.example for group in groups])
    designated: dict[uuid.UUID, Counter[tuple[str, str]]] = defaultdict(Counter)
    for group in groups:
        partner, customer_id = group.example.partner, group.example.subscription.customer_id
        row = rows[customer_id]
        judged = force(group.example, standings[provider.pk, partner.pk, customer_id], at=now)
        if group.holds:
            designated[customer_id][partner.organisation.sort_name, partner.name] += group.count
            ends = judged.grant_ends_at
            if ends is not None and ends - now <= SOON and (row.ends is None or ends < row.ends):
                row.ends, row.ends_handed_back = ends, ends == group.example.hands_back_at
        else:
            row.stale += group.count
            row.stale_since = min(filter(None, (row.stale_since, judged.since)), default=None)
    for customer_id, row in rows.items():
        found = designated[customer_id]
        row.supporters = [
            name for _sort_name, name in sorted(found, key=lambda named: (-found[named], *named))
        ]
        if row.subscriptions > found.total():
            row.supporters.append(provider.organisation.name)
        if hit is not None and hit.customer_id == customer_id:
            row.hit = hit
    return list(rows.values())


@dataclass(frozen=True, slots=True)
class _Group:
    """What one partner is designated for at one customer until one instant: an example, how many, whether they hold."""

    example: Designation
    count: int
    holds: bool


def _counted(me: uuid.UUID, customers: list[uuid.UUID]) -> Any:
    live = Subscription.objects.sold_by(me).live().filter(one_of("customer_id", customers))
    return live.order_by().values("customer_id").annotate(count=Count("pk"))


def _groups(me: uuid.UUID, customers: list[uuid.UUID], at: datetime) -> Any:
    group = ("subscription__customer_id", "partner_id", "subscription__is_new_commerce", "hands_back_at")
    of_these = one_of("subscription__customer_id", customers)
    return (
        Designation.objects.stored()
        .live()
        .filter(of_these, subscription__provider_id=me)
        .with_force(at)
        .annotate(count=Window(Count("pk"), partition_by=[F(name) for name in group]))
        .select_related("partner__organisation", "subscription")
        .order_by(*group)
        .distinct(*group)
    )


_COUNTED = Prepared.by_key(_counted, me=uuid.UUID, customers=list)
_GROUPS = Prepared.by_key(_groups, me=uuid.UUID, customers=list, at=datetime)
