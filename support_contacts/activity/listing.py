"""The activity log as its template reads it: entries, filters that are set, pages, each with its address."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.actor import Actor
from portal.keyset import Page, newest, page_of
from portal.models import AuditEvent
from portal.templatetags.ui import number
from support_contacts.activity.chosen import Found, Wanted, counted, events
from support_contacts.activity.entries import Entry, entries
from support_contacts.counting import COUNTED

PAGE_SIZE = 50
ORDER = newest("at")


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several that words can mean, with the address that says which."""

    label: str
    url: str


@dataclass(frozen=True)
class ActivityList:
    """One page of the log of one organisation, for an address that has been validated."""

    actor: Actor
    now: datetime
    data: Mapping[str, Any]
    wanted: Wanted

    def url(self, name: str = "activity:list", /, **changes: object) -> str:
        """The address of this list with changes; what words were found to mean stands there as an id."""
        kept = {**self.state, **changes}
        query = {key: str(value) for key, value in kept.items() if value}
        return reverse(name) + (f"?{urlencode(query)}" if query else "")

    @property
    def state(self) -> dict[str, object]:
        since, until = self.data["since"], self.data["until"]
        return {
            "since": since.isoformat() if since else "",
            "until": until.isoformat() if until else "",
            "person": self.data["person"],
            "customer": _id_or(self.wanted.customer, self.data["customer"]),
            "subscription": _id_or(self.wanted.subscription, self.data["subscription"]),
            "action": self.data["action"],
            "channel": self.data["channel"],
        }

    # -- rows

    @cached_property
    def page(self) -> Page[AuditEvent]:
        rows = events(self.actor, self.wanted).select_related("note")
        return page_of(rows, ORDER, size=PAGE_SIZE, after=self.data["after"], before=self.data["before"])

    @cached_property
    def entries(self) -> list[Entry]:
        if not self.wanted.is_clear:
            return []
        here = self.url(after=self.data["after"], before=self.data["before"])
        return entries(self.actor, self.page.rows, now=self.now, origin=here)

    @cached_property
    def lines(self) -> list[tuple[Entry, str]]:
        """Each entry with the address of the log of who did it alone."""
        return [(entry, self.url(person=entry.who_id) if entry.who_id else "") for entry in self.entries]

    @cached_property
    def total(self) -> int:
        """Counted to the cap and one more."""
        return counted(events(self.actor, self.wanted)).count() if self.wanted.is_clear else 0

    # -- what the filters mean

    @property
    def customer(self) -> Found | None:
        """The customer the log is narrowed to."""
        return self._one(self.wanted.customer)

    @property
    def subscription(self) -> Found | None:
        return self._one(self.wanted.subscription)

    @property
    def without_customer_url(self) -> str:
        """A subscription of words is one of that customer's, so it goes with it; the one found stays."""
        return self.url(customer="")

    @property
    def without_subscription_url(self) -> str:
        return self.url(subscription="")

    @property
    def choices(self) -> list[Choice]:
        """Which of several is meant: first the customer, then its subscription."""
        for name, found in (("customer", self.wanted.customer), ("subscription", self.wanted.subscription)):
            if found is not None and found.several:
                return [Choice(label, self.url("activity:list", **{name: pk})) for pk, label in found.several]
        return []

    @property
    def is_filtered(self) -> bool:
        return any(self.state.values())

    # -- words

    @property
    def summary(self) -> str:
        if self.total == len(self.page.rows):
            return ngettext("%(n)s event", "%(n)s events", self.total) % {"n": number(self.total)}
        text = ngettext("%(a)s–%(b)s of %(n)s event", "%(a)s–%(b)s of %(n)s events", self.total)
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
    def nothing(self) -> str:
        """The one sentence that says what found nothing."""
        if self.choices:
            text = self.data["customer"] if not self.customer else self.data["subscription"]
            return _("“%(text)s” can mean several. Which one?") % {"text": text}
        if self.wanted.customer and not self.wanted.customer.is_one:
            return _("No customer matches “%(text)s”") % {"text": self.data["customer"]}
        if self.wanted.subscription and not self.wanted.subscription.is_one:
            return _("No subscription of this customer matches “%(text)s”") % {
                "text": self.data["subscription"]
            }
        return _("No event matches these filters") if self.is_filtered else _("Nothing happened yet")

    # -- pages

    @property
    def previous_url(self) -> str:
        return self.url(before=self.page.before) if self.page.before else ""

    @property
    def next_url(self) -> str:
        return self.url(after=self.page.after) if self.page.after else ""

    @property
    def export_url(self) -> str:
        return self.url("activity:export")

    @staticmethod
    def _one(found: Found | None) -> Found | None:
        return found if found is not None and found.is_one else None


def _id_or(found: Found | None, text: str) -> str | uuid.UUID:
    return found.id if found is not None and found.id is not None else text
