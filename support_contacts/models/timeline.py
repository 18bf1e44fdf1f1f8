"""Who was the contact, at every instant of a subscription's life (R1, R7, R9). One pure function of the records."""

import uuid
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from portal.models import Partner
from subscriptions.models import Subscription
from support_contacts.models.designation import Designation
from support_contacts.models.eligibility import Reason, Standing, Verdict, verdict


class ContactKind(StrEnum):
    """Why this partner is, or was, the contact."""

    DEFAULT = "default"
    DESIGNATED = "designated"
    FALLBACK = "fallback"
    NOT_RECORDED = "not_recorded"
    NEW_COMMERCE = "new_commerce"


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom the customer is shown at one instant. `partner` is None where nobody is recorded or designated."""

    kind: ContactKind
    partner: Partner | None
    designation: Designation | None = None
    cause: Verdict | None = None

    @property
    def is_provider(self) -> bool:
        return self.kind in (ContactKind.DEFAULT, ContactKind.FALLBACK)

    @property
    def needs_attention(self) -> bool:
        return self.kind == ContactKind.FALLBACK


@dataclass(frozen=True, slots=True)
class Interval:
    """One contact, from an instant to another; `end` is None while it lasts. Closed at its start, open at its end."""

    start: datetime
    end: datetime | None
    contact: Contact


def contact_at(
    subscription: Subscription,
    designations: Sequence[Designation],
    standings: Mapping[uuid.UUID, Standing],
    at: datetime,
) -> Contact:
    """The contact at `at`: the designated partner while its designation is in force, otherwise the provider.

    `standings` holds the records of every designated partner, by partner id. The cause of one's own designation not
    being in force is told in full.
    """
    if at < subscription.recorded_at:
        return Contact(ContactKind.NOT_RECORDED, None)
    if subscription.is_new_commerce and at >= (subscription.moved_to_new_commerce_at or at):
        return Contact(ContactKind.NEW_COMMERCE, None)
    stored = next(
        (d for d in designations if d.started_at <= at and (d.ended_at is None or at < d.ended_at)),
        None,
    )
    if stored is None:
        return Contact(ContactKind.DEFAULT, subscription.provider)
    standing = standings.get(stored.partner_id) or Standing(stored.partner)
    judged = force(stored, standing, at=at)
    if judged:
        return Contact(ContactKind.DESIGNATED, stored.partner, stored, judged)
    return Contact(ContactKind.FALLBACK, subscription.provider, stored, judged)


def force(designation: Designation, standing: Standing, *, at: datetime) -> Verdict:
    """Does a designation that stands hold at `at`, and if not, why: in full, since it is one's own.

    `support_contacts.models.designation.holds` is the same rule as SQL; a property test ties the two.
    """
    if designation.hands_back_at is not None and designation.hands_back_at <= at:
        return Verdict(Reason.HANDED_BACK, since=designation.hands_back_at)
    judged = verdict(standing, at=at, told_to=None)
    if not judged or designation.hands_back_at is None:
        return judged
    return replace(judged, grant_ends_at=min(filter(None, (judged.grant_ends_at, designation.hands_back_at))))


def out_of_force_since(designation: Designation, standing: Standing, *, at: datetime) -> datetime | None:
    """Since when, without interruption, a designation that stands has not held; None while it holds."""
    return None if force(designation, standing, at=at) else so_since(designation, standing, at=at)


def so_since(designation: Designation, standing: Standing, *, at: datetime) -> datetime | None:
    """Since when, without interruption, a designation that stands has held, or has not held.

    Between two boundaries nothing changes, so the last run of boundaries at which it was as it is now is the answer.
    """
    instants = {
        designation.started_at,
        designation.hands_back_at or designation.started_at,
        *standing.boundaries(),
    }
    holds = bool(force(designation, standing, at=at))
    since = None
    for instant in sorted((i for i in instants if designation.started_at <= i <= at), reverse=True):
        if bool(force(designation, standing, at=instant)) != holds:
            break
        since = instant
    return since


def intervals(
    subscription: Subscription,
    designations: Sequence[Designation],
    standings: Mapping[uuid.UUID, Standing],
    now: datetime,
) -> list[Interval]:
    """Every interval from the day the subscription began until `now`, oldest first. Empty ones are left out.

    There is always one: a subscription recorded by a host whose clock is ahead begins now. Of the designations only
    the one that began last can stand at an instant, since they do not overlap.
    """
    now = max(now, subscription.recorded_at)
    began = min(subscription.began_at, subscription.recorded_at)
    instants = {began, subscription.recorded_at}
    if subscription.moved_to_new_commerce_at:
        instants.add(subscription.moved_to_new_commerce_at)
    for designation in designations:
        instants.update(
            filter(None, (designation.started_at, designation.ended_at, designation.hands_back_at))
        )
        standing = standings.get(designation.partner_id)
        if standing is not None:
            instants.update(standing.boundaries())
    edges = sorted(instant for instant in instants if began <= instant <= now)
    ordered = sorted(
        designations, key=lambda d: (d.started_at, d.ended_at is None, d.ended_at or d.started_at)
    )
    starts = [designation.started_at for designation in ordered]
    found: list[Interval] = []
    for start, end in zip(edges, [*edges[1:], None], strict=True):
        begun = bisect_right(starts, start)
        contact = contact_at(subscription, ordered[max(begun - 1, 0) : begun], standings, start)
        if found and _same(found[-1].contact, contact):
            found[-1] = Interval(found[-1].start, end, found[-1].contact)
        else:
            found.append(Interval(start, end, contact))
    return found


def part_of(
    found: Sequence[Interval], *, since: datetime | None = None, before: datetime | None = None
) -> list[Interval]:
    """The intervals that began from `since` on and before `before`, newest first: a part of a life, of which the
    designations that began then were read. `before` is an instant at which an interval begins: the newest ends there.
    """
    part = [
        interval
        for interval in reversed(found)
        if (since is None or interval.start >= since) and (before is None or interval.start < before)
    ]
    if part and before is not None:
        part[0] = replace(part[0], end=before)
    return part


def on_day(found: Sequence[Interval], start: datetime, end: datetime) -> list[Interval]:
    """The intervals that touch the day from `start` to `end`, cut to it: all answers to "who was it on that date"."""
    touching = []
    for interval in found:
        first, last = max(interval.start, start), min(interval.end or end, end)
        if first < last:
            touching.append(Interval(first, last, interval.contact))
    return touching


def _same(one: Contact, other: Contact) -> bool:
    """Adjacent intervals read as one when nothing a reader is shown differs."""
    same_reason = (one.cause.reason if one.cause else None) == (other.cause.reason if other.cause else None)
    return (
        one.kind == other.kind
        and (one.partner and one.partner.pk) == (other.partner and other.partner.pk)
        and (one.designation and one.designation.pk) == (other.designation and other.designation.pk)
        and same_reason
    )
