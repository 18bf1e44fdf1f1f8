"""What every change of a support contact comes down to. Called by operations, under their locks."""

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import F, Max
from django.utils import timezone

from portal import audit
from portal.actor import Actor
from portal.jobs import defer
from portal.models import Action, AuditEvent, Channel, Notice, Partner
from portal.permissions import Permission
from subscriptions.models import Subscription
from support_contacts.models import (
    ContactReport,
    Designation,
    EndedAs,
    Reason,
    Standing,
    Verdict,
    force,
    standings,
    verdict,
)

logger = logging.getLogger(__name__)

#: A clock further than this from the database's is worth an operator's attention.
TOLERATED_SKEW = timedelta(seconds=5)
#: An import tells nobody; a bulk change is told once a person (`portal.tell_batch`), by whoever runs it.
NOT_TOLD_SINGLY = (Channel.IMPORT.value, Channel.BULK.value)


@dataclass(frozen=True, slots=True)
class Choice:
    """Somebody wants this partner for this subscription, whose stored designation is `stored`."""

    subscription: Subscription
    partner_id: uuid.UUID
    stored: Designation | None

    @property
    def is_provider(self) -> bool:
        return self.partner_id == self.subscription.provider_id

    def is_already_so(self, judged: Verdict, *, at: datetime) -> bool:
        """Stored and in force, or the provider and nothing stored: then nothing is written, even from a stale form.

        `judged` is about the partner; what its reseller has handed back is not in force although the partner is
        eligible, and choosing it anew is a change.
        """
        if self.stored is None or self.is_provider:
            return self.is_provider and self.stored is None
        handed_back = self.stored.hands_back_at is not None and self.stored.hands_back_at <= at
        return self.stored.partner_id == self.partner_id and bool(judged) and not handed_back


def now_under_lock(subscriptions: Sequence[Subscription]) -> datetime:
    """One `now` for a change: this machine's clock, but never before the last boundary of these subscriptions.

    Hosts' clocks differ; an interval must not begin before the one it follows has ended.
    """
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        database_now = cursor.fetchone()[0]
    if abs(now - database_now) > TOLERATED_SKEW:
        logger.warning("clock_skew", extra={"seconds": (now - database_now).total_seconds()})
    last = Designation.objects.filter(subscription__in=list(subscriptions)).aggregate(
        started=Max("started_at"), ended=Max("ended_at")
    )
    return max([now, *filter(None, last.values())])


def judge(choice: Choice, *, at: datetime) -> Verdict:
    """May this partner be chosen at `at`? An unknown partner and one unrelated to us are refused alike."""
    if choice.is_provider:
        return Verdict()
    provider = choice.subscription.provider
    found = standings(provider, choice.subscription.customer_id, resellers=[choice.partner_id])
    standing = found.get(choice.partner_id)
    if standing is None:
        return Verdict(Reason.RELATIONSHIP_MISSING)
    return verdict(standing, at=at, told_to=provider.pk)


@dataclass(frozen=True, slots=True)
class Drafted:
    """One change as it will be written: what ends, what comes, and the event that tells of it."""

    subscription: Subscription
    ended: Designation | None
    made: Designation | None
    event: AuditEvent
    note: str = ""


def apply_choice(
    choice: Choice,
    *,
    at: datetime,
    acting: Actor,
    note: str = "",
    partner: Partner | None = None,
    stood: Verdict | None = None,
    settles: bool = True,
) -> AuditEvent:
    """Write one change: end what stood, store what comes, one version up, one event. Rules were asked before.

    The subscription must be locked for update, and the choice must change something. Whoever changes many knows the
    chosen `partner`, and how the stored designation `stood`, already, and settles them together.
    """
    if partner is None and not choice.is_provider:
        partner = Partner.objects.select_related("organisation").get(pk=choice.partner_id)
    drafted = draft_choice(choice, at=at, acting=acting, note=note, partner=partner, stood=stood)
    write_choices([drafted], at=at)
    if settles:
        settle([choice.subscription], at=at)
    if acting.channel not in NOT_TOLD_SINGLY:
        defer("portal.tell", event_id=drafted.event.pk)
    return drafted.event


def draft_choice(
    choice: Choice,
    *,
    at: datetime,
    acting: Actor,
    note: str = "",
    partner: Partner | None = None,
    stood: Verdict | None = None,
) -> Drafted:
    """One change in memory, its subscription one version up; `partner` is the chosen one unless that is the provider.

    No query where what is stored comes with how it `stood`.
    """
    subscription, ended = choice.subscription, choice.stored
    before = _as_it_stood(subscription, ended, at, stood)
    if ended is not None:
        ended.ended_at = at
        ended.ended_as = EndedAs.BACK_TO_PROVIDER if choice.is_provider else EndedAs.REPLACED
    made = None
    after: dict[str, object] = {"contact": named(subscription.provider), "designated": None}
    if partner is not None and not choice.is_provider:
        made = Designation(
            provider=subscription.provider,
            subscription=subscription,
            partner=partner,
            started_at=at,
            channel=acting.channel,
        )
        after = {"contact": named(partner), "designated": named(partner)}
    subscription.contact_version += 1
    after["version"] = subscription.contact_version
    event = audit.draft(
        Action.DESIGNATION_ENDED if choice.is_provider else Action.DESIGNATION_MADE,
        acting=acting,
        organisation=subscription.provider.organisation,
        at=at,
        permission=Permission.CONTACT_ASSIGN,
        before=before,
        after=after,
        note=note,
        customer_id=subscription.customer_id,
        subscription_id=subscription.pk,
        partner_ids=[pk for pk in (ended and ended.partner_id, choice.partner_id) if pk],
    )
    return Drafted(subscription, ended, made, event, note)


def write_choices(drafted: Sequence[Drafted], *, at: datetime) -> None:
    """Write these changes, each of another subscription held under lock. At most six queries, whatever their number."""
    for how in (EndedAs.BACK_TO_PROVIDER, EndedAs.REPLACED):
        ended = [one.ended.pk for one in drafted if one.ended is not None and one.ended.ended_as == how]
        if ended:
            Designation.objects.filter(pk__in=ended).update(ended_at=at, ended_as=how)
    Designation.objects.bulk_create([one.made for one in drafted if one.made is not None])
    changed = Subscription.objects.filter(pk__in=[one.subscription.pk for one in drafted])
    changed.update(contact_version=F("contact_version") + 1)
    audit.keep([(one.event, one.note) for one in drafted])


def apply_end(
    subscription: Subscription,
    stored: Designation | None,
    how: EndedAs,
    *,
    at: datetime,
    acting: Actor,
    permission: Permission | None = None,
    action: Action = Action.DESIGNATION_ENDED,
    note: str = "",
    stood: Verdict | None = None,
) -> AuditEvent:
    """End what stands for somebody other than the provider's agents: its reseller, the policy, the customer (R2).

    The provider is the contact from then on. One version up, one event in the provider's record.
    """
    before = _as_it_stood(subscription, stored, at, stood)
    if stored is not None:
        stored.ended_at, stored.ended_as = at, how
        stored.save(update_fields=["ended_at", "ended_as"])
    subscription.contact_version += 1
    subscription.save(update_fields=["contact_version"])
    return audit.record(
        action,
        acting=acting,
        organisation=subscription.provider.organisation,
        at=at,
        permission=permission,
        before=before,
        after={
            "contact": named(subscription.provider),
            "designated": None,
            "ended_as": how.value,
            "version": subscription.contact_version,
        },
        note=note,
        customer_id=subscription.customer_id,
        subscription_id=subscription.pk,
        partner_ids=[stored.partner_id] if stored is not None else [],
    )


def settle(subscriptions: Sequence[Subscription], *, at: datetime) -> None:
    """One provider has decided about these contacts: what others had ended is seen, what the customers reported is
    answered by the change."""
    if not subscriptions:
        return
    provider_id = subscriptions[0].provider_id
    see_ends(provider_id, subscriptions, at=at)
    reports = ContactReport.objects.open().filter(
        provider=provider_id, customer__in={row.customer_id for row in subscriptions}
    )
    # Changes of other subscriptions of these customers answer them too: held in one order, nobody waits in a ring.
    held = list(reports.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))
    ContactReport.objects.filter(pk__in=held).update(answered_at=at)


def take_note(
    provider_id: uuid.UUID, subscriptions: Sequence[Subscription], *, at: datetime, acting: Actor
) -> list[AuditEvent]:
    """Somebody says that they have seen how the last designations of these ended: off the list of everybody.

    One event each; what was seen before is none. The subscriptions must be locked for update.
    """
    by_pk = {row.pk: row for row in subscriptions}
    unseen = Designation.objects.unseen().filter(provider=provider_id, subscription__in=list(by_pk))
    found = list(unseen.select_related("partner__organisation").order_by("subscription_id", "pk"))
    see_ends(provider_id, subscriptions, at=at)
    return [
        audit.record(
            Action.DESIGNATION_END_SEEN,
            acting=acting,
            organisation=by_pk[row.subscription_id].provider.organisation,
            at=at,
            permission=Permission.CONTACT_ASSIGN,
            after={
                "designated": named(row.partner),
                "ended_as": row.ended_as,
                "ended_at": row.ended_at.isoformat() if row.ended_at else None,
            },
            customer_id=by_pk[row.subscription_id].customer_id,
            subscription_id=row.subscription_id,
            partner_ids=[row.partner_id],
        )
        for row in found
    ]


def see_ends(provider_id: uuid.UUID, subscriptions: Sequence[Subscription], *, at: datetime) -> None:
    """How the last designations of these subscriptions ended is no news any more."""
    ids = [row.pk for row in subscriptions]
    Designation.objects.unseen().filter(provider=provider_id, subscription__in=ids).update(end_seen_at=at)
    Notice.objects.unseen().filter(
        organisation=provider_id,
        kind__in=[Notice.Kind.DESIGNATION_DECLINED, Notice.Kind.DESIGNATION_HANDED_BACK],
        data__subscription__in=[str(pk) for pk in ids],
    ).update(seen_at=at)


def _as_it_stood(
    subscription: Subscription, stored: Designation | None, at: datetime, judged: Verdict | None
) -> dict[str, object]:
    """Whom the customer was shown, and whom somebody had stored, in the instant before the change."""
    provider = subscription.provider
    if stored is None:
        return {"contact": named(provider), "designated": None}
    partner = stored.partner
    if judged is None:
        found = standings(provider, subscription.customer_id, resellers=[partner.pk])
        judged = force(stored, found.get(partner.pk) or Standing(partner), at=at)
    return {
        "contact": named(partner if judged else provider),
        "designated": named(partner),
        "reason": judged.reason.value if judged.reason else "",
    }


def named(partner: Partner) -> dict[str, str]:
    """A partner as it was called at the time of an event."""
    return {"id": str(partner.pk), "name": partner.organisation.name, "partner_id": partner.partner_id}
