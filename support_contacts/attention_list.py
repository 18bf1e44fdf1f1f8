"""The list of a provider's designations as its template reads it: rows, chips, menu, pages, each with its address."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Q, QuerySet
from django.db.models.functions import JSONObject
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from customers.models import CustomerRelationship
from portal.actor import Actor
from portal.identifiers import canonical_guid
from portal.keyset import Page, newest, page_of
from portal.models import Action, AuditEvent, Partner
from portal.names import fold, query_words
from portal.templatetags.ui import number
from subscriptions.models import LIVE, Subscription
from support_contacts.attention import ENDS, SOON, AttentionRow, Cause, ReportRow, cause_of, names_of, needing
from support_contacts.contacts import standings_of
from support_contacts.counting import COUNTED, CappedCount, among
from support_contacts.filters import LONGEST_MENU
from support_contacts.models import ENDED_BY_OTHERS, ContactReport, Designation, force
from support_contacts.operations.repair import LARGEST

PAGE_SIZE = 25
#: Reports of customers shown at once; the others follow as these are answered.
REPORTS = 10
ORDER = newest("started_at")
STATE = ("q", "attention", "ending", "partner")
_STANDS = Q(ended_at=None, subscription__status__in=LIVE)
_UNSEEN = Q(ended_as__in=ENDED_BY_OTHERS, end_seen_at=None, subscription__status__in=LIVE)


@dataclass(frozen=True, slots=True)
class Heading:
    """Counts of the chips, and the partners that may be filtered by."""

    everything: int = 0
    attention: int = 0
    ending: int = 0
    reports: int = 0
    partners: Mapping[str, str] | None = None


@dataclass(frozen=True)
class AttentionList:
    """One page of the list of one provider, for an address that has been validated."""

    actor: Actor
    now: datetime
    data: Mapping[str, Any]

    def url(self, **changes: object) -> str:
        kept = {**{name: self.data[name] for name in STATE}, **changes}
        query = {name: value for name, value in kept.items() if value}
        return reverse("contacts:list") + (f"?{urlencode(query)}" if query else "")

    @property
    def provider(self) -> Partner:
        return self.actor.organisation.partner

    # -- rows

    @property
    def _searched(self) -> QuerySet[Designation]:
        rows: Any = Designation.objects.at_customers_of(self.provider.pk, self.now)
        if self.data["partner"]:
            rows = rows.filter(partner_id=self.data["partner"])
        return rows.filter(self._means(self.data["q"])) if self.data["q"] else rows

    def _means(self, text: str) -> Q:
        """An id means one thing; words are looked for in customer, offer and partner."""
        guid, me = canonical_guid(text), self.provider.pk
        if guid is not None:
            own = Subscription.objects.sold_by(me).identified(text)
            return (
                Q(subscription__customer_id=guid) | Q(subscription__in=own.values("pk")) | Q(partner_id=guid)
            )
        words, folded = query_words(text), fold(text)
        if not words or not folded:
            return Q(pk__in=[])
        known = CustomerRelationship.objects.matching(me, words)
        return (
            Q(subscription__customer_id__in=known.values("customer_id"))
            | Q(subscription__sort_name__contains=folded)
            | Q(partner__organisation__sort_name__contains=folded)
        )

    @cached_property
    def _needing(self) -> list[uuid.UUID]:
        return needing(self.provider.pk, at=self.now)

    @property
    def _attention(self) -> QuerySet[Designation]:
        return self._searched.filter(pk__in=among(self._needing))

    @property
    def _ending(self) -> QuerySet[Designation]:
        rows: Any = self._searched
        return rows.touched(self.provider.pk, self.now, self.now + SOON).ending(self.now, SOON)

    @property
    def rows(self) -> QuerySet[Designation]:
        """What the chip shows."""
        if self.data["attention"]:
            return self._attention
        if self.data["ending"]:
            return self._ending
        return self._searched.filter(_STANDS | _UNSEEN)

    @cached_property
    def page(self) -> Page[Designation]:
        rows = self.rows.select_related("subscription", "partner__organisation")
        return page_of(rows, ORDER, size=PAGE_SIZE, after=self.data["after"], before=self.data["before"])

    @cached_property
    def lines(self) -> list[AttentionRow]:
        """The lines of the table. At most six queries, whatever their number."""
        found = self.page.rows
        standings = standings_of([row for row in found if row.ended_at is None])
        names = names_of(self.provider.pk, {row.subscription.customer_id for row in found})
        notes = self._notes([row for row in found if row.ended_at is not None])
        here = self.url(after=self.data["after"], before=self.data["before"])
        return [self._line(row, standings, names, notes, here) for row in found]

    def _line(
        self, row: Designation, standings: Mapping, names: Mapping, notes: Mapping, here: str
    ) -> AttentionRow:
        customer_id = row.subscription.customer_id
        named = names.get(customer_id, str(customer_id))
        if row.ended_at is not None:
            cause = Cause(ENDS[row.ended_as], row.ended_at)
            note = notes.get((row.subscription_id, row.ended_at), "")
            return AttentionRow(row, named, False, here, cause=cause, note=note)
        standing = standings[row.provider_id, row.partner_id, customer_id]
        judged = force(
            row, standing, at=self.now
        )  # in memory: as SQL it would be asked of more than these rows
        if not judged or row.subscription.is_new_commerce:
            return AttentionRow(row, named, False, here, cause=cause_of(row, standing, at=self.now))
        ends = judged.grant_ends_at
        return AttentionRow(row, named, True, here, ends=ends if ends and ends - self.now <= SOON else None)

    def _notes(self, ended: Sequence[Designation]) -> dict[tuple, str]:
        """What the resellers said when they ended these."""
        if not ended:
            return {}
        events = AuditEvent.objects.visible_to(self.actor).filter(
            action=Action.DESIGNATION_ENDED,
            subscription_id__in=[row.subscription_id for row in ended],
            at__in=[row.ended_at for row in ended],
        )
        return {
            (event.subscription_id, event.at): event.note.text
            for event in events.select_related("note")
            if event.note_hash
        }

    # -- reports of customers

    @cached_property
    def reports(self) -> list[ReportRow]:
        """Open reports, oldest first, on the first page of what needs attention."""
        narrowed = any(self.data[name] for name in ("after", "before", "q", "partner"))
        if not self.data["attention"] or narrowed or not self.heading.reports:
            return []
        rows = list(
            ContactReport.objects.open()
            .at_customers_of(self.provider.pk, self.now)
            .select_related("partner__organisation")
            .order_by("reported_at", "pk")[:REPORTS]
        )
        names = names_of(self.provider.pk, {row.customer_id for row in rows})
        return [ReportRow(row, names.get(row.customer_id, str(row.customer_id))) for row in rows]

    @property
    def more_reports(self) -> int:
        return max(0, self.heading.reports - len(self.reports)) if self.reports else 0

    # -- counts, chips, pages

    @cached_property
    def heading(self) -> Heading:
        """All counts and the menu in one query, beside the one that finds what needs attention."""
        me = self.provider.pk
        stored = Designation.objects.at_customers_of(me, self.now).stored()
        row = (
            Partner.objects.filter(pk=me)
            .annotate(
                everything=CappedCount(self._searched.filter(_STANDS | _UNSEEN)),
                needing=CappedCount(self._attention),
                soon=CappedCount(self._ending),
                reported=CappedCount(ContactReport.objects.open().at_customers_of(me, self.now)),
                partners=ArraySubquery(
                    Partner.objects.filter(
                        Q(pk__in=stored.values("partner_id"))
                        | Q(pk=self.data["partner"])
                        & Q(pk__in=Partner.objects.visible_to(self.actor).values("pk"))
                    )
                    .order_by("organisation__sort_name", "pk")
                    .values_list(JSONObject(id="pk", name="organisation__name"), flat=True)[:LONGEST_MENU]
                ),
            )
            .values("everything", "needing", "soon", "reported", "partners")
            .first()
        )
        if row is None:
            return Heading()
        partners = {one["id"]: one["name"] for one in row["partners"]}
        return Heading(row["everything"], row["needing"], row["soon"], row["reported"], partners)

    @property
    def total(self) -> int:
        heading = self.heading
        if self.data["attention"]:
            return heading.attention
        return heading.ending if self.data["ending"] else heading.everything

    @property
    def selectable(self) -> bool:
        """Rows can be ticked where there is something to repair."""
        return bool(self.data["attention"] or self.data["ending"]) and bool(self.page.rows)

    @property
    def selects_all(self) -> bool:
        return self.selectable and self.data["select"] == "all"

    @property
    def selectable_total(self) -> int:
        return min(self.total, LARGEST)

    @property
    def selects_part(self) -> bool:
        """More answer than one repair takes."""
        return self.total > LARGEST

    @property
    def summary(self) -> str:
        if self.total == len(self.page.rows):
            return ngettext("%(n)s designation", "%(n)s designations", self.total) % {"n": number(self.total)}
        text = ngettext("%(a)s–%(b)s of %(n)s designation", "%(a)s–%(b)s of %(n)s designations", self.total)
        return text % {
            "a": number(self.page.start),
            "b": number(self.page.end),
            "n": number(self.total, COUNTED),
        }

    @property
    def said(self) -> str:
        return ngettext("%(count)s result", "%(count)s results", self.total) % {
            "count": number(self.total, COUNTED)
        }

    @property
    def previous_url(self) -> str:
        return self.url(before=self.page.before) if self.page.before else ""

    @property
    def next_url(self) -> str:
        return self.url(after=self.page.after) if self.page.after else ""

    @property
    def all_url(self) -> str:
        return self.url(attention="", ending="")

    @property
    def attention_url(self) -> str:
        return self.url(attention="1", ending="")

    @property
    def ending_url(self) -> str:
        return self.url(attention="", ending="1")

    @property
    def clear_url(self) -> str:
        return self.url(q="", partner="")

    @property
    def select_all_url(self) -> str:
        return self.url(select="all")

    @property
    def is_searched(self) -> bool:
        return bool(self.data["q"] or self.data["partner"])

    @property
    def partner_name(self) -> str:
        return (
            (self.heading.partners or {}).get(str(self.data["partner"]), "") if self.data["partner"] else ""
        )

    @property
    def partners(self) -> list[tuple[str, str]]:
        return [(name, self.url(partner=pk)) for pk, name in (self.heading.partners or {}).items()]

    @property
    def without_partner_url(self) -> str:
        return self.url(partner="")

    @property
    def nothing(self) -> str:
        """The one sentence that says what found nothing."""
        if self.data["q"]:
            return _("No designation matches “%(text)s”") % {"text": self.data["q"]}
        if self.data["partner"]:
            return _("No designation matches these filters")
        if self.data["attention"]:
            return _("Nothing needs attention.")
        return _("Nothing ends within 31 days.") if self.data["ending"] else _("No designations yet")
