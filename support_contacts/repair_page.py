"""The pages of a repair: whom to choose for a selection, what would change, what came of it."""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from django.utils import timezone

from customers.models import DelegatedAdmin
from portal.actor import Actor
from portal.models import Partner, ResellerRelationship
from subscriptions.models import Subscription
from support_contacts.attention import names_of
from support_contacts.models import Designation, Reason, Repair
from support_contacts.operations.repair import Outcome, Planned, plan
from support_contacts.reasons import words

#: Rows shown before "{n} more".
SAMPLE = 10


@dataclass(frozen=True, slots=True)
class Target:
    """A reseller that may be chosen, and for how many of the selection it is eligible."""

    partner: Partner
    eligible: int


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a plan or result in words."""

    subscription: Subscription
    customer: str
    was: str
    why: str = ""
    code: str = ""


class _Selection:
    """The subscriptions of a repair that are still the actor's, and what is stored for them. Three queries."""

    def __init__(self, actor: Actor, row: Repair) -> None:
        self.actor, self.row = actor, row

    @cached_property
    def subscriptions(self) -> list[Subscription]:
        own = Subscription.objects.visible_to(self.actor).sold_by(self.actor.organisation.pk)
        return list(
            own.filter(pk__in=self.row.selection)
            .select_related("provider__organisation")
            .order_by("sort_name", "pk")
        )

    @cached_property
    def stored(self) -> dict[uuid.UUID, Designation]:
        rows = Designation.objects.stored().filter(
            provider_id=self.actor.organisation.pk, subscription__in=self.subscriptions
        )
        return {row.subscription_id: row for row in rows.select_related("partner__organisation")}

    @cached_property
    def names(self) -> dict[uuid.UUID, str]:
        return names_of(self.actor.organisation.pk, {row.customer_id for row in self.subscriptions})

    def name(self, row: Subscription) -> str:
        return self.names.get(row.customer_id, str(row.customer_id))

    @property
    def count(self) -> int:
        return len(self.row.selection)

    @property
    def left_out(self) -> int:
        """How many more answered the filter than one repair takes."""
        return max(0, self.row.matched - self.count)


class Targets(_Selection):
    """Whom the selection can be given to."""

    @cached_property
    def resellers(self) -> list[Target]:
        """Resellers with an established relationship, those eligible for most first. Two queries more."""
        now, me = timezone.now(), self.actor.organisation.pk
        related = ResellerRelationship.objects.established(now).filter(
            provider_id=me, reseller__is_indirect_reseller=True
        )
        partners = list(
            Partner.objects.filter(pk__in=related.values("reseller_id"))
            .exclude(pk__in=Partner.objects.suspended(now).values("pk"))
            .select_related("organisation")
        )
        by_customer: dict[uuid.UUID, int] = defaultdict(int)
        for row in self.subscriptions:
            by_customer[row.customer_id] += row.is_live and not row.is_new_commerce
        grants = DelegatedAdmin.objects.active(now).filter(
            relationship__partner__in=partners, relationship__customer_id__in=list(by_customer)
        )
        eligible: dict[uuid.UUID, int] = defaultdict(int)
        for partner_id, customer_id in set(
            grants.values_list("relationship__partner_id", "relationship__customer_id")
        ):
            eligible[partner_id] += by_customer[customer_id]
        found = [Target(partner, eligible[partner.pk]) for partner in partners]
        return sorted(found, key=lambda t: (-t.eligible, t.partner.organisation.sort_name, str(t.partner.pk)))

    @property
    def eligible(self) -> list[Target]:
        return [target for target in self.resellers if target.eligible]

    @property
    def others(self) -> list[Target]:
        return [target for target in self.resellers if not target.eligible]


class Plan(_Selection):
    """What choosing this partner would change, and what not, and why. Nothing is written."""

    def __init__(self, actor: Actor, row: Repair, partner: Partner) -> None:
        super().__init__(actor, row)
        self.partner = partner

    @property
    def is_provider(self) -> bool:
        return self.partner.pk == self.actor.organisation.pk

    @cached_property
    def planned(self) -> list[Planned]:
        return plan(self.partner, self.subscriptions, self.stored)

    def _lines(self, outcome: Outcome) -> list[Line]:
        return [self._line(one) for one in self.planned if one.outcome == outcome]

    def _line(self, one: Planned) -> Line:
        customer = self.name(one.subscription)
        why = ""
        if one.why is not None:
            why = words(one.why, customer=customer, reseller=self.partner.name).sentence
        was = one.stored.partner.name if one.stored else one.subscription.provider.name
        return Line(one.subscription, customer, was, why, one.code)

    @cached_property
    def changes(self) -> list[Line]:
        return self._lines(Outcome.CHANGED)

    @property
    def sample(self) -> list[Line]:
        return self.changes[:SAMPLE]

    @property
    def more(self) -> list[Line]:
        return self.changes[SAMPLE:]

    @cached_property
    def already(self) -> list[Line]:
        return self._lines(Outcome.ALREADY)

    @cached_property
    def not_eligible(self) -> list[Line]:
        return self._lines(Outcome.NOT_ELIGIBLE)

    @cached_property
    def excluded(self) -> list[Line]:
        return self._lines(Outcome.EXCLUDED)

    @property
    def gone(self) -> int:
        """Selected, but not ours any more."""
        return self.count - len(self.planned)

    @property
    def versions(self) -> str:
        """Every row with the version it was planned on, as the form carries them."""
        return " ".join(f"{one.subscription.pk}:{one.subscription.contact_version}" for one in self.planned)

    @property
    def changes_something(self) -> bool:
        """Also when all that is left to do is to take note of ends."""
        return bool(self.changes or (self.is_provider and self.already))


class Result(_Selection):
    """What came of every row of a repair."""

    @property
    def partner(self) -> Partner:
        return self.row.partner  # type: ignore[return-value]  # a repair that began has one

    @property
    def is_provider(self) -> bool:
        return self.row.partner_id == self.row.provider_id

    @cached_property
    def _by_outcome(self) -> dict[str, list[Line]]:
        found: dict[str, list[Line]] = defaultdict(list)
        known = {str(row.pk): row for row in self.subscriptions}
        for pk, (outcome, *more) in self.row.outcomes.items():
            row = known.get(pk)
            if row is not None:
                code = more[0] if more else ""
                why = (
                    str(Reason(code).label)
                    if outcome == Outcome.NOT_ELIGIBLE and code in Reason.values
                    else ""
                )
                found[outcome].append(Line(row, self.name(row), "", why, code))
            else:
                found[Outcome.GONE.value].append(None)  # type: ignore[arg-type]
        for lines in found.values():
            lines.sort(key=lambda line: (line.customer, line.subscription.sort_name) if line else ("", ""))
        return found

    @property
    def changed(self) -> Sequence[Line]:
        return self._by_outcome[Outcome.CHANGED.value]

    @property
    def sample(self) -> Sequence[Line]:
        return self.changed[:SAMPLE]

    @property
    def more(self) -> Sequence[Line]:
        return self.changed[SAMPLE:]

    @property
    def already(self) -> Sequence[Line]:
        return self._by_outcome[Outcome.ALREADY.value]

    @property
    def not_eligible(self) -> Sequence[Line]:
        return self._by_outcome[Outcome.NOT_ELIGIBLE.value]

    @property
    def conflicts(self) -> Sequence[Line]:
        return self._by_outcome[Outcome.CONFLICT.value]

    @property
    def excluded(self) -> Sequence[Line]:
        return self._by_outcome[Outcome.EXCLUDED.value]

    @property
    def busy(self) -> Sequence[Line]:
        return self._by_outcome[Outcome.BUSY.value]

    @property
    def gone(self) -> int:
        return len(self._by_outcome[Outcome.GONE.value])

    @property
    def not_reached(self) -> int:
        """Rows the repair never came to: it was interrupted, or they were not in the plan any more."""
        return max(0, self.count - len(self.row.outcomes)) if self.row.finished_at is None else 0

    @property
    def others(self) -> int:
        return len(self.row.outcomes) - len(self.changed)
