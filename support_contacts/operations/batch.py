"""Many support contacts chosen at once, each item for itself: the API's batch (R6, for every item alone)."""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.http import Http404
from django.utils.translation import gettext as _

from portal.actor import Actor
from portal.authority import still
from portal.errors import Conflict, NewCommerce, NotEligible, NotVisible, OperationError, SubscriptionEnded
from portal.identifiers import uuid7
from portal.models import Partner
from portal.operations import batches
from portal.permissions import Permission, require
from subscriptions.models import Subscription
from support_contacts.models import Reason, Standing, Verdict, force, verdict
from support_contacts.operations.choose import Expected, is_expected
from support_contacts.operations.core import Choice, Drafted, draft_choice, settle, write_choices
from support_contacts.operations.locking import Held, hold, standing_of

#: Items one transaction takes: it holds every row it may change, and others wait for it.
LARGEST = 1000


@dataclass(frozen=True, slots=True)
class Wanted:
    """One item: this partner for this subscription. None is somebody we know nothing of, and never eligible."""

    subscription_id: uuid.UUID
    partner: Partner | None
    expected: Expected = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one item. Without an error `partner` is the contact from now on; `changed` says who made it so."""

    subscription: Subscription | None = None
    partner: Partner | None = None
    changed: bool = False
    error: OperationError | Http404 | None = None


def choose_many_here(items: Sequence[Wanted], *, acting: Actor) -> list[Outcome]:
    """Choose for many subscriptions inside the caller's transaction; what came of each item, in the order given.

    Every item is judged as a single choice would be, under the same locks and at one instant; an item that is refused
    stops no other. Items that name one subscription with different partners are all refused (`duplicate_item`): in a
    batch one does not come before another. The same choice twice is made once, and was so already the second time.

    One event each, told once a person. The number of queries does not depend on the number of items. Raises
    NotPermitted, and Busy where others hold a subscription for too long.
    """
    require(acting, Permission.CONTACT_ASSIGN)
    acting = still(acting, Permission.CONTACT_ASSIGN)
    provider_id = acting.organisation.pk
    chosen = {
        item.partner.pk: item.partner for item in items if item.partner and item.partner.pk != provider_id
    }
    ids = sorted({item.subscription_id for item in items})
    held = hold(provider_id, ids, acting=acting, chosen=list(chosen.values()))
    drafted: dict[uuid.UUID, Drafted] = {}
    disputed = _disputed(items)
    outcomes = []
    for item in items:
        try:
            row = _taking(held.rows.get(item.subscription_id))
            if row.pk in disputed:
                text = _("This batch names the subscription more than once, with different partners.")
                raise OperationError(text, code="duplicate_item")
            changes = row.pk not in drafted and _decide(item, row, held, acting, drafted)
            outcomes.append(Outcome(row, item.partner, changes))
        except (OperationError, NotVisible) as error:
            outcomes.append(Outcome(held.rows.get(item.subscription_id), error=error))
    write_choices(list(drafted.values()), at=held.now)
    settle([one.subscription for one in drafted.values()], at=held.now)
    if drafted:
        # The client chose the request id and may have used it before: with the instant it names this batch alone.
        batch_id = uuid7()
        batches.join(batch_id, acting=acting)
        batches.close(batch_id, at=held.now)
    return outcomes


def _disputed(items: Sequence[Wanted]) -> set[uuid.UUID]:
    named: dict[uuid.UUID, set[uuid.UUID | None]] = defaultdict(set)
    for item in items:
        named[item.subscription_id].add(item.partner.pk if item.partner else None)
    return {pk for pk, partners in named.items() if len(partners) > 1}


def _taking(row: Subscription | None) -> Subscription:
    """A subscription that may have a contact of its own."""
    if row is None:
        raise NotVisible
    if row.is_new_commerce:
        raise NewCommerce(subscription=row)
    return row


def _decide(
    item: Wanted, row: Subscription, held: Held, acting: Actor, drafted: dict[uuid.UUID, Drafted]
) -> bool:
    """Draft the change; False where it is so already. Raises SubscriptionEnded, Conflict, then NotEligible (R6)."""
    stored = held.stored.get(row.pk)
    partner_id = item.partner.pk if item.partner else uuid.UUID(int=0)
    choice = Choice(row, partner_id, stored)
    judged = _judge(item.partner, row, held)
    if choice.is_already_so(judged, at=held.now):
        return False
    if not row.is_live:
        raise SubscriptionEnded(subscription=row)
    if not is_expected(row, item.expected):
        raise Conflict(_("Somebody changed this contact after you opened the page."), subscription=row)
    if not judged:
        reason = judged.reason or Reason.RELATIONSHIP_MISSING
        raise NotEligible(_("This reseller is not eligible."), reason, verdict=judged)
    drafted[row.pk] = draft_choice(
        choice,
        at=held.now,
        acting=acting,
        note=item.note,
        partner=item.partner,
        stood=force(stored, standing_of(stored, held), at=held.now) if stored else None,
    )
    return True


def _judge(partner: Partner | None, row: Subscription, held: Held) -> Verdict:
    if partner is None:
        return Verdict(Reason.RELATIONSHIP_MISSING)
    if partner.pk == row.provider_id:
        return Verdict()
    standing = held.standings.get((partner.pk, row.customer_id)) or Standing(partner)
    return verdict(standing, at=held.now, told_to=row.provider_id)
