"""Support cards: whom to call, told for one partner and the subscriptions it is the contact of.

Pure: rows, an instant and the reader's zone go in, what the card says comes out. No request, no query.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import ceil
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from portal.models import Partner, SupportProfile
from portal.opening_times import OpenLabel, open_label
from subscriptions.models import Status, Subscription
from support_contacts.contacts import Shown
from support_contacts.models import ContactKind
from support_contacts.reach import (
    Number,
    Site,
    best_number,
    closed_text,
    hours_text,
    mail_href,
    numbers,
    numbers_on_paper,
    site,
)

#: Products a card shows before "{n} more".
FIRST = 5
#: Letters a line holds on a small phone, and lines after which the number would not be seen without scrolling.
NAME_LINE, NOTE_LINE, LINES = 32, 40, 10
#: Products a mail's subject names; a card with more is named by its customer.
IN_SUBJECT = 3


@dataclass(frozen=True, slots=True)
class Customer:
    """Who calls: the name and Microsoft ID to tell support."""

    name: str
    microsoft_id: str


@dataclass(frozen=True, slots=True)
class Product:
    """A subscription as its card names it."""

    id: str
    name: str
    sort_key: tuple
    status: str = ""
    notes: tuple[str, ...] = ()
    #: Told here where the products of a card differ in it.
    since: datetime | None = None
    fallback: str = ""
    tell: str = ""
    mail_href: str = ""
    #: Our id of a subscription somebody added for support; the customer may remove it.
    registered: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider answered to a report about this contact."""

    provider: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Card:
    """Everything one support card says at one instant."""

    partner: Partner
    is_designated: bool
    products: tuple[Product, ...]
    more: tuple[Product, ...]
    numbers: tuple[Number, ...]
    paper: tuple[Number, ...]
    open: OpenLabel
    has_telephone: bool
    mail: str
    mail_href: str
    mail_label: str
    site: Site | None
    site_label: str
    hours: str
    closed: str
    languages: tuple[str, ...]
    seller: str
    since: datetime | None
    urgent_note: str
    remark: str
    sentence: str
    # Only on the customer's own page: where to say that this contact is wrong, what was said, what was answered.
    report_url: str = ""
    reported_at: datetime | None = None
    told: tuple[str, ...] = ()
    answers: tuple[Answer, ...] = ()

    @property
    def key(self) -> str:
        return str(self.partner.pk)

    @property
    def count(self) -> int:
        return len(self.products) + len(self.more)

    @property
    def is_long(self) -> bool:
        """So many lines of products that on a phone the number would be below the fold: it goes first then."""
        lines = sum(ceil(len(product.name) / NAME_LINE) for product in self.products)
        notes = [note for product in self.products for note in (*product.notes, product.fallback) if note]
        dates = sum(1 for product in self.products if product.since and self.is_designated)
        return lines + dates + sum(ceil(len(note) / NOTE_LINE) for note in notes) > LINES

    @property
    def all_products(self) -> tuple[Product, ...]:
        return (*self.products, *self.more)

    @property
    def tells(self) -> tuple[Product, ...]:
        return tuple(product for product in self.products if product.tell)


def cards_of(
    rows: Iterable[Shown], *, at: datetime, zone: ZoneInfo, customer: Customer | None = None, chosen: str = ""
) -> list[Card]:
    """One card per contact: designated resellers first, then providers; by number of subscriptions, then name.

    The order says nothing about the hour, so that nobody finds the page rearranged in the morning. `chosen` is the id
    of the subscription the reader asked about: it stands first on its card.
    """
    groups: dict[object, list[Shown]] = defaultdict(list)
    for row in rows:
        groups[row.partner.pk].append(row)
    cards = [
        _card(group[0].partner, group, at=at, zone=zone, customer=customer, chosen=chosen)
        for group in groups.values()
    ]
    return sorted(
        cards, key=lambda c: (not c.is_designated, -c.count, c.partner.organisation.sort_name, c.key)
    )


def card_for(
    partner: Partner,
    subscriptions: Sequence[Subscription],
    *,
    at: datetime,
    zone: ZoneInfo,
    profile: SupportProfile | None = None,
    since: datetime | None = None,
) -> Card:
    """The card of one partner as the contact of these subscriptions, or of none: the preview of its own profile."""
    rows = []
    for row in subscriptions:
        is_seller = row.provider_id == partner.pk
        kind = ContactKind.DEFAULT if is_seller else ContactKind.DESIGNATED
        rows.append(Shown(row, partner, kind, since=since))
    return _card(partner, rows, at=at, zone=zone, profile=profile)


def _card(
    partner: Partner,
    rows: Sequence[Shown],
    *,
    at: datetime,
    zone: ZoneInfo,
    profile: SupportProfile | None = None,
    customer: Customer | None = None,
    chosen: str = "",
) -> Card:
    profile = profile or partner.profile
    state = profile.hours.state(at)
    own = numbers(profile, state)
    sellers = _sellers(partner, rows)
    lent = [] if any(number.telephone.is_dialable for number in own) else _lent(sellers, rows, at)
    mail, mail_label = profile.email.strip(), _("Email")
    web, site_label = site(profile), _("Website")
    if not (own or mail or web):
        for seller in sellers:
            if not mail and seller.profile.email:
                mail = seller.profile.email.strip()
                mail_label = _("Email %(partner)s") % {"partner": seller.name}
            if not web and site(seller.profile):
                web, site_label = site(seller.profile), _("Website of %(partner)s") % {"partner": seller.name}
    since = _common_day([row.since for row in rows], zone)
    if any(row.kind == ContactKind.FALLBACK for row in rows):
        since = None  # the sentence under the product says it already
    sold_by = {row.subscription.provider.name for row in rows if not row.subscription.is_bought_elsewhere}
    products = sorted(
        (
            _product(row, mail, customer, tells_since=since is None, tells_seller=len(sold_by) > 1)
            for row in rows
        ),
        key=lambda product: (product.id != chosen, *product.sort_key),
    )
    return Card(
        partner=partner,
        is_designated=any(row.is_designated for row in rows),
        products=tuple(products[:FIRST]),
        more=tuple(replace(product, tell="") for product in products[FIRST:]),
        numbers=(*own, *lent),
        paper=(*numbers_on_paper(profile), *(replace(number, is_filled=False) for number in lent)),
        open=open_label(state, zone, at),
        has_telephone=bool(own),
        mail=mail,
        mail_href=_mail_of_card(mail, products, customer),
        mail_label=mail_label,
        site=web,
        site_label=site_label,
        hours=hours_text(profile, at, zone),
        closed=closed_text(profile, at),
        languages=tuple(profile.languages),
        seller=sold_by.pop() if len(sold_by) == 1 else "",
        since=since,
        urgent_note=profile.urgent_note.strip() if profile.call_urgent else "",
        remark=_remark(profile, state.known and not state.is_open),
        sentence="" if own or profile.email or profile.website else _nothing_given(partner, sellers),
    )


def _sellers(partner: Partner, rows: Sequence[Shown]) -> list[Partner]:
    """The other partners behind these subscriptions, to fall back on: those who sold or added them."""
    found = {row.subscription.provider_id: row.subscription.provider for row in rows}
    found.pop(partner.pk, None)
    return sorted(found.values(), key=lambda seller: (seller.organisation.sort_name, str(seller.pk)))


def _lent(sellers: Sequence[Partner], rows: Sequence[Shown], at: datetime) -> list[Number]:
    """The providers' numbers beside a contact that has none to dial."""
    found = []
    for seller in sellers:
        telephone, answers = best_number(seller.profile, at)
        if telephone:
            sold = any(
                row.subscription.provider_id == seller.pk and not row.subscription.is_bought_elsewhere
                for row in rows
            )
            label = _("%(provider)s, who sold it") if sold else _("%(provider)s, who added it")
            found.append(Number(label % {"provider": seller.name}, telephone, answers))
    return found


def _nothing_given(partner: Partner, sellers: Sequence[Partner]) -> str:
    values = {"partner": partner.name}
    if not sellers:
        return _("%(partner)s has given no contact details. Your invoice or contract has them.") % values
    values["provider"] = ", ".join(seller.name for seller in sellers)
    return _("%(partner)s has given no contact details. Call %(provider)s.") % values


def _remark(profile: SupportProfile, closed: bool) -> str:
    """What to expect of a desk that is closed and has no urgent line."""
    if not closed or not profile.call or profile.call_urgent:
        return ""
    if profile.email:
        return _("No urgent line. Email is read after opening.")
    return _("No urgent line.")


def _product(
    row: Shown, mail: str, customer: Customer | None, *, tells_since: bool, tells_seller: bool
) -> Product:
    subscription = row.subscription
    notes = [subscription.nickname] if subscription.nickname else []
    if subscription.is_bought_elsewhere:
        where = subscription.seller_name or subscription.get_purchased_through_display()
        values = {"seller": where, "partner": subscription.provider.name}
        notes.append(_("Bought elsewhere: %(seller)s · added by %(partner)s for support") % values)
    elif tells_seller:
        notes.append(_("Sold by %(partner)s") % {"partner": subscription.provider.name})
    asked = subscription.status in (Status.SUSPENDED, Status.PENDING)
    return Product(
        id=subscription.public_id,
        name=subscription.name,
        sort_key=(row.kind != ContactKind.FALLBACK, subscription.sort_name, str(subscription.pk)),
        status=f"subscription.{subscription.status}" if asked else "",
        notes=tuple(notes),
        since=row.since if tells_since and row.kind != ContactKind.FALLBACK else None,
        fallback=_fallback(row),
        tell=_tell(subscription, customer) if customer else "",
        mail_href=mail_href(mail, f"{subscription.name} · {subscription.public_id}") if mail else "",
        registered=str(subscription.pk) if subscription.is_bought_elsewhere else "",
    )


def _fallback(row: Shown) -> str:
    if row.kind != ContactKind.FALLBACK or row.designation is None:
        return ""
    values = {"partner": row.designation.partner.name, "provider": row.subscription.provider.name}
    if row.subscription.is_bought_elsewhere:
        return _("%(partner)s no longer supports it. Call %(provider)s, who added it.") % values
    return _("%(partner)s no longer supports it. Call %(provider)s, who sold it.") % values


def _tell(subscription: Subscription, customer: Customer | None) -> str:
    """The words support asks for first."""
    if customer is None:
        return ""
    lines = [
        _("Customer: %(name)s") % {"name": customer.name},
        _("Microsoft ID: %(id)s") % {"id": customer.microsoft_id},
        _("Subscription: %(name)s") % {"name": subscription.name},
        _("ID: %(id)s") % {"id": subscription.public_id},
    ]
    return "\n".join(lines)


def _mail_of_card(mail: str, products: Sequence[Product], customer: Customer | None) -> str:
    """Its mail names the subscription; with many it names the customer, and each product has a mail of its own."""
    if len(products) == 1:
        return products[0].mail_href
    if not mail:
        return ""
    if products and (len(products) <= IN_SUBJECT or customer is None):
        return mail_href(
            mail, "; ".join(f"{product.name} · {product.id}" for product in products[:IN_SUBJECT])
        )
    return mail_href(mail, f"{customer.name} · {customer.microsoft_id}" if customer else "")


def _common_day(instants: Sequence[datetime | None], zone: ZoneInfo) -> datetime | None:
    """The instant all these share a day with, in the reader's zone; None where they differ."""
    days = {instant.astimezone(zone).date() if instant else None for instant in instants}
    return instants[0] if len(days) == 1 else None


__all__ = ["Answer", "Card", "Customer", "Product", "card_for", "cards_of"]
