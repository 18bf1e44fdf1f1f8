"""The providers of a reseller as its page shows them: what waits for an answer, and how each stands."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.db.models import F, OuterRef, QuerySet
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.actor import Actor
from portal.among import each, there_is
from portal.keyset import Cursor, Order, Page, page_of
from portal.models import Partner, ResellerRelationship, State
from portal.operations.resellers import Agreement
from portal.permissions import Permission, can
from portal.templatetags.ui import number
from support_contacts.counting import JUDGED, CappedCount
from support_contacts.models import Designation
from support_contacts.reseller_rows import AgreementWarning, is_in, speaking

PAGE_SIZE = 50
BY_NAME = Order("sort_name")


@dataclass(frozen=True, slots=True)
class ProviderRow:
    """One provider of ours, or one that asks to be."""

    relationship: ResellerRelationship
    now: datetime
    designations: int = 0

    @property
    def provider(self) -> Partner:
        return self.relationship.provider

    @property
    def state(self) -> str:
        state = self.relationship.state(self.now)
        return (State.ENDED if state == State.EXPIRED else state).value

    @property
    def is_established(self) -> bool:
        return self.state == State.ESTABLISHED

    @property
    def changed_at(self) -> datetime:
        return self.relationship.changed_at(self.now)

    @property
    def agreement(self) -> AgreementWarning:
        return AgreementWarning(self.relationship.agreement_valid_until, self.is_established)

    @property
    def mark(self) -> str:
        """The agreement the reader saw, for the answer to carry."""
        return Agreement.of(self.relationship).mark

    @property
    def proposes(self) -> bool:
        return Agreement.of(self.relationship) != Agreement()


@dataclass(frozen=True)
class ProviderList:
    """Everything of one reseller's page."""

    actor: Actor
    now: datetime
    after: Cursor | None = None
    before: Cursor | None = None

    @property
    def own_name(self) -> str:
        return self.actor.organisation.name

    @property
    def may_answer(self) -> bool:
        return bool(can(self.actor, Permission.REQUEST_ANSWER))

    @property
    def may_end(self) -> bool:
        return bool(can(self.actor, Permission.RELATIONSHIP_END))

    @cached_property
    def waiting(self) -> list[ProviderRow]:
        """Requests to answer, the oldest first: it lapses first."""
        rows = (
            self._own.filter(is_in(State.REQUESTED, self.now))
            .select_related("requested_by")
            .order_by("requested_at", "pk")
        )
        return [ProviderRow(row, self.now) for row in rows]

    @cached_property
    def page(self) -> Page[ResellerRelationship]:
        rows = speaking(self._own).exclude(is_in(State.REQUESTED, self.now))
        rows = rows.annotate(sort_name=F("provider__organisation__sort_name"))
        return page_of(rows, BY_NAME, size=PAGE_SIZE, after=self.after, before=self.before)

    @cached_property
    def rows(self) -> list[ProviderRow]:
        counts = designations_of(self.actor, [row.provider_id for row in self.page.rows], now=self.now)
        return [ProviderRow(row, self.now, counts.get(row.provider_id, 0)) for row in self.page.rows]

    @property
    def summary(self) -> str:
        text = ngettext("%(count)s provider", "%(count)s providers", len(self.rows))
        if self.page.before or self.page.after:
            text = _("%(first)s–%(last)s of your providers")
        numbers = {"count": len(self.rows), "first": self.page.start, "last": self.page.end}
        return text % {name: number(value) for name, value in numbers.items()}

    @property
    def previous_url(self) -> str:
        return self._url(before=self.page.before)

    @property
    def next_url(self) -> str:
        return self._url(after=self.page.after)

    def _url(self, **cursor: Cursor | None) -> str:
        query = {name: str(value) for name, value in cursor.items() if value}
        return f"{reverse('providers:list')}?{urlencode(query)}" if query else ""

    @property
    def _own(self) -> QuerySet[ResellerRelationship]:
        rows: QuerySet[ResellerRelationship] = ResellerRelationship.objects.visible_to(self.actor).filter(
            reseller_id=self.actor.organisation.pk
        )
        return rows.select_related("provider__organisation", "reseller__organisation")


def designations_of(actor: Actor, providers: list[uuid.UUID], *, now: datetime) -> dict[uuid.UUID, int]:
    """For each of these providers, how many of its subscriptions this reseller supports now, counted to JUDGED."""
    mine = Designation.objects.stored().filter(partner_id=actor.organisation.pk, provider=OuterRef("pk"))
    # Each looked up by its key: joined, all subscriptions there are would be read where a provider has many of them.
    one = Designation.objects.filter(pk=OuterRef("pk")).live().holding(now)
    counted = CappedCount(mine.filter(each(there_is(one))), cap=JUDGED)
    return dict(Partner.objects.filter(pk__in=providers).values_list("pk", counted))
