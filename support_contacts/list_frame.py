"""What every list of ours is for its template: one page of rows at an address that is its whole state."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar, Generic
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import ngettext

from portal.actor import Actor
from portal.keyset import Page, Row
from portal.templatetags.ui import number
from support_contacts.counting import COUNTED


@dataclass(frozen=True)
class ListFrame(ABC, Generic[Row]):
    """One page of a list, for one address that has been validated.

    A list says what it is called, what its address keeps, which rows its page has and how many there are.
    """

    actor: Actor
    now: datetime
    data: Mapping[str, Any]

    #: The name of its address.
    NAME: ClassVar[str]
    #: What the address keeps, in this order; cursors are added where a page is meant.
    STATE: ClassVar[tuple[str, ...]]
    #: What the address leaves out, since it means the same.
    DEFAULTS: ClassVar[Mapping[str, str]] = {}

    @cached_property
    @abstractmethod
    def page(self) -> Page[Row]:
        """The rows of this page."""

    @property
    @abstractmethod
    def total(self) -> int:
        """How many rows answer the address; one more than the cap where there are more than that."""

    @property
    def cap(self) -> int:
        """How far the total is counted."""
        return COUNTED

    @abstractmethod
    def _counted(self) -> tuple[str, str]:
        """What the rows are, in words for `total` of them: on one page, and on one of several."""

    def url(self, **changes: object) -> str:
        """The address of this list with changes; pages are never kept."""
        return self._path + self._query(**changes)

    @cached_property
    def _path(self) -> str:
        return reverse(self.NAME)

    def _query(self, **changes: object) -> str:
        kept = {**{name: self.data[name] for name in self.STATE}, **changes}
        query = {name: value for name, value in kept.items() if value and value != self.DEFAULTS.get(name)}
        return f"?{urlencode(query)}" if query else ""

    @cached_property
    def here(self) -> str:
        """The address of this very page, to come back to."""
        return self.url(after=self.data["after"], before=self.data["before"])

    @property
    def summary(self) -> str:
        whole, part = self._counted()
        if self.total == len(self.page.rows):
            return whole % {"total": number(self.total)}
        return part % {
            "first": number(self.page.start),
            "last": number(self.page.end),
            "total": number(self.total, self.cap),
        }

    @property
    def said(self) -> str:
        """What a screen reader hears after a search."""
        return ngettext("%(count)s result", "%(count)s results", self.total) % {
            "count": number(self.total, self.cap)
        }

    @property
    def previous_url(self) -> str:
        return self.url(before=self.page.before) if self.page.before else ""

    @property
    def next_url(self) -> str:
        return self.url(after=self.page.after) if self.page.after else ""
