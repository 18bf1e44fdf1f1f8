"""What the customer's page shows, assembled from the subscriptions somebody may see."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q

from portal.identifiers import canonical_guid
from portal.names import fold
from subscriptions.models import LIVE, Subscription, SubscriptionQuerySet
from support_contacts.cards import Card, Customer, cards_of
from support_contacts.contacts import Shown, shown
from support_contacts.reach import best_number

#: How long an ended subscription stays at the foot of the page.
ENDED_FOR = timedelta(days=90)
#: More subscriptions than this get a search box.
SEARCH_ABOVE = 40


@dataclass(frozen=True, slots=True)
class Option:
    """A line of "What is not working?"."""

    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Ended:
    """A subscription that ended lately, and whom to ask about it: whoever is its contact now."""

    subscription: Subscription
    contact: str
    telephone: object


@dataclass(frozen=True, slots=True)
class SupportPage:
    """Cards in their order, what may be chosen, and what ended lately."""

    at: datetime
    cards: Sequence[Card]
    options: Sequence[Option]
    ended: Sequence[Ended]
    total: int
    query: str = ""
    chosen: str = ""
    #: A subscription was asked for that is not among the live ones.
    not_found: bool = False

    @property
    def has_search(self) -> bool:
        return self.total > SEARCH_ABOVE

    @property
    def matches(self) -> int:
        return sum(card.count for card in self.cards)

    @property
    def is_ended_open(self) -> bool:
        return self.not_found and bool(self.ended)


def support_page(
    subscriptions: SubscriptionQuerySet,
    *,
    at: datetime,
    zone: ZoneInfo,
    customer: Customer | None,
    asked: str = "",
    query: str = "",
) -> SupportPage:
    """The page for these subscriptions, live or ended lately. Two queries; three more where anybody was designated."""
    recent = Q(status__in=LIVE) | Q(ended_at__gt=at - ENDED_FOR)
    rows = subscriptions.filter(recent).select_related("provider__organisation", "provider__support_profile")
    known = shown(rows.order_by("sort_name", "pk"), at=at)
    live = [row for row in known if row.subscription.is_live]
    found = _matching(live, query) if query and len(live) > SEARCH_ABOVE else live
    chosen = _chosen(found, asked)
    return SupportPage(
        at=at,
        cards=cards_of(found, at=at, zone=zone, customer=customer, chosen=chosen),
        options=_options(found),
        ended=[_ended(row, at) for row in known if not row.subscription.is_live],
        total=len(live),
        query=query if len(live) > SEARCH_ABOVE else "",
        chosen=chosen,
        not_found=bool(asked) and not chosen,
    )


def _matching(rows: Sequence[Shown], query: str) -> list[Shown]:
    """Rows in which every word of the query stands somewhere: offer, nickname, id, contact or seller."""
    wanted = fold(query).split()
    return [row for row in rows if all(word in _words(row) for word in wanted)]


def _words(row: Shown) -> str:
    subscription = row.subscription
    parts = (subscription.name, subscription.friendly_name, subscription.public_id, row.partner.name)
    return fold(" ".join((*parts, subscription.provider.name, subscription.seller_name)))


def _chosen(rows: Sequence[Shown], asked: str) -> str:
    """The id of the row that was asked for, in any notation; of two rows with one id, both are meant."""
    guid = canonical_guid(asked) if asked else None
    for row in rows:
        identity = row.subscription.public_id
        if asked and (
            asked == identity or (guid and guid in (row.subscription.pk, canonical_guid(identity)))
        ):
            return identity
    return ""


def _options(rows: Sequence[Shown]) -> list[Option]:
    """One line per id, told apart by nickname, and by the end of the id where even that is the same."""
    labels: dict[str, str] = {}
    for row in rows:
        subscription = row.subscription
        parts = filter(None, (subscription.name, subscription.nickname))
        labels.setdefault(subscription.public_id, " · ".join(parts))
    same = Counter(labels.values())
    return [
        Option(identity, f"{label} · …{identity[-4:]}" if same[label] > 1 else label)
        for identity, label in labels.items()
    ]


def _ended(row: Shown, at: datetime) -> Ended:
    telephone, _answers = best_number(row.partner.profile, at)
    return Ended(row.subscription, row.partner.name, telephone)
