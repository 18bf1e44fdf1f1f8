"""The daily digest: what needs attention, and what ends in 31, 7 or 1 days. One mail a person and day."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Case, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from customers.models import CustomerRelationship
from portal.among import each, there_is
from portal.mail import telling
from portal.mail.compose import named
from portal.mail.letter import Letter, Telling
from portal.mail.recipients import Reader, people
from portal.mail.resellers import ATTENTION
from portal.models import MailKind, Partner, ResellerRelationship
from portal.templatetags.ui import plain_date
from support_contacts.contacts import standings_of
from support_contacts.letters import AGENTS, LISTED
from support_contacts.models import Designation, Standing, Verdict, force
from support_contacts.models.holding import holds_each
from support_contacts.reasons import cause

#: Days before an end at which it is told, each once.
BEFORE = (1, 7, 31)
#: Days are counted from the same minute, whenever the job gets to run: no end is missed or met twice.
HOUR = time(6)


@dataclass(frozen=True, slots=True)
class Item:
    """One designation of the digest, and how it stands."""

    customer: str
    offer: str
    partner: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Digest:
    """What one provider's agents are told on one day."""

    stale: Sequence[Item]
    stale_count: int
    ending: Sequence[Item]
    ending_count: int
    agreements: Sequence[ResellerRelationship]

    def __bool__(self) -> bool:
        return bool(self.stale_count or self.ending_count or self.agreements)


def providers() -> list[uuid.UUID]:
    """Providers that may have something to be told."""
    stored = Designation.objects.filter(ended_at=None, provider=OuterRef("pk"))
    agreed = ResellerRelationship.objects.exclude(agreement_valid_until=None).filter(
        ended_at=None, provider=OuterRef("pk")
    )
    rows = Partner.objects.filter(each(there_is(stored) | there_is(agreed)))
    return list(rows.order_by("pk").values_list("pk", flat=True))


def tell(provider_id: uuid.UUID | str, day: str) -> None:
    """Write the digests of one provider for one day. A second run writes nothing, nor does a day without news."""
    provider = Partner.objects.select_related("organisation").filter(organisation__id=provider_id).first()
    readers = people(provider.pk, *AGENTS, kind=MailKind.ATTENTION) if provider else []
    if provider is None or not readers:
        return
    digest = digest_of(provider, at=timezone.now(), day=date.fromisoformat(day))
    if not digest:
        return

    def write(reader: Reader) -> Letter:
        return _letter(digest, named(provider.name))

    telling.deliver([Telling(MailKind.ATTENTION, readers, write)], key=f"digest:{day}:{provider.pk}")


def digest_of(provider: Partner, *, at: datetime, day: date) -> Digest:
    """What needs attention at `at`, and what comes to within 31, 7 or 1 days of its end on this day."""
    own = Designation.objects.at_customers_of(provider.pk, at)
    stale = own.stale_of(provider.pk, at)
    ending = _ending(own, at, of_day=datetime.combine(day, HOUR, UTC))
    valid_until = [day + timedelta(days=days) for days in BEFORE]
    agreements = (
        ResellerRelationship.objects.established(at)
        .filter(provider=provider, agreement_valid_until__in=valid_until)
        .select_related("reseller__organisation")
        .order_by("agreement_valid_until", "pk")
    )
    return Digest(
        stale=_items(provider, stale, at),
        stale_count=stale.count(),
        ending=_items(provider, ending, at),
        ending_count=ending.count(),
        agreements=list(agreements[:LISTED]),
    )


def _ending(own, at: datetime, of_day: datetime):
    """In force now and for so many days less one, but not for all of them: each end is met once at 31, 7 and 1."""
    crossing, asked = Q(), dict[str, Case]()
    for days in BEFORE:
        first, last = (of_day + timedelta(days=count) for count in (days - 1, days))
        asked |= {f"held_{days}": holds_each(first), f"after_{days}": holds_each(last)}
        met = Q(holds_until__gt=first, holds_until__lte=last)  # the few that may
        crossing |= met & Q(**{f"held_{days}": True, f"after_{days}": False})
    return own.filter(ended_at=None).live().judged(at).alias(**asked).filter(crossing, asked=True)


def _items(provider: Partner, rows, at: datetime) -> list[Item]:
    found = list(
        rows.select_related("partner__organisation", "subscription").order_by(
            "subscription__sort_name", "pk"
        )[:LISTED]
    )
    standings = standings_of(found)
    views = CustomerRelationship.objects.filter(
        partner=provider, customer_id__in={row.subscription.customer_id for row in found}
    ).order_by(F("established_at").asc(nulls_first=True))
    names = {view.customer_id: view.name for view in views}
    return [
        Item(
            customer=named(names.get(row.subscription.customer_id) or row.subscription.customer_id),
            offer=named(row.subscription.name),
            partner=named(row.partner.name),
            verdict=force(
                row,
                standings.get((row.provider_id, row.partner_id, row.subscription.customer_id))
                or Standing(row.partner),
                at=at,
            ),
        )
        for row in found
    ]


def _letter(digest: Digest, provider: str) -> Letter:
    lines = []
    if digest.stale_count:
        subject = ngettext(
            "%(n)s support contact needs attention",
            "%(n)s support contacts need attention",
            digest.stale_count,
        ) % {"n": digest.stale_count}
        lines.append(
            ngettext(
                "%(n)s designation no longer holds. This customer already sees “%(provider)s” instead.",
                "%(n)s designations no longer hold. These customers already see “%(provider)s” instead.",
                digest.stale_count,
            )
            % {"n": digest.stale_count, "provider": provider}
        )
        lines.append(_("Make it final, or choose another reseller."))
    else:
        coming = digest.ending_count + len(digest.agreements)
        subject = ngettext("%(n)s end to prepare for", "%(n)s ends to prepare for", coming) % {"n": coming}
    if digest.ending_count:
        lines.append(
            ngettext(
                "%(n)s designation ends soon. Ask for an extension, or choose another support contact.",
                "%(n)s designations end soon. Ask for extensions, or choose other support contacts.",
                digest.ending_count,
            )
            % {"n": digest.ending_count}
        )
    rows = [(_what(item), cause(item.verdict, f"“{item.partner}”")) for item in digest.stale]
    for item in digest.ending:
        until = {"partner": item.partner, "date": plain_date(item.verdict.grant_ends_at)}
        rows.append((_what(item), _("“%(partner)s” until %(date)s") % until))
    for agreement in digest.agreements:
        until = {"date": plain_date(agreement.agreement_valid_until)}
        rows.append((named(agreement.reseller.name), _("Support agreement valid until %(date)s") % until))
    left = digest.stale_count - len(digest.stale) + digest.ending_count - len(digest.ending)
    more = ngettext("And %(n)s more: it is in the portal.", "And %(n)s more: they are in the portal.", left)
    return Letter(
        subject,
        lines,
        _("See what needs attention"),
        ATTENTION,
        rows=rows,
        closing=more % {"n": left} if left else "",
    )


def _what(item: Item) -> str:
    return f"{item.customer} · {item.offer}"
