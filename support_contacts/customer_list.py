"""The customers list as its template reads it: rows, chips, menus, pages, each with its address."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from customers.models import CustomerRelationship
from portal.keyset import Page, page_of
from portal.names import fold
from portal.templatetags.ui import country
from support_contacts.counting import JUDGED
from support_contacts.customer_rows import CustomerRow, rows_for
from support_contacts.filters import ORDERS, CustomerFilter, Heading
from support_contacts.list_frame import ListFrame

PAGE_SIZE = 25


@dataclass(frozen=True, slots=True)
class Choice:
    """A line of a menu, or the filter that is set."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of the table, in the page at address `here`."""

    row: CustomerRow
    here: str

    @property
    def anchor(self) -> str:
        return f"c-{self.row.relationship.customer_id}"

    @property
    def url(self) -> str:
        return self._from(reverse("customers:detail", args=[self.row.relationship.customer_id]))

    @property
    def hit_url(self) -> str:
        """Straight to the subscription whose id was searched for."""
        customer_id, hit = self.row.relationship.customer_id, self.row.hit
        return self._from(reverse("customers:subscription", args=[customer_id, hit.public_id])) if hit else ""

    def _from(self, url: str) -> str:
        return f"{url}?{urlencode({'from': f'{self.here}#{self.anchor}'})}"


class CustomerList(ListFrame[CustomerRelationship]):
    """One page of the customers of one partner."""

    NAME = "customers:list"
    STATE = ("q", "country", "record", "designated", "attention", "sort")
    DEFAULTS = {"sort": "name"}

    @cached_property
    def filter(self) -> CustomerFilter:
        return CustomerFilter.of(self.actor, self.now, dict(self.data))

    @cached_property
    def heading(self) -> Heading:
        return self.filter.heading

    @cached_property
    def page(self) -> Page[CustomerRelationship]:
        return page_of(
            self.filter.rows,
            ORDERS[self.data["sort"]],
            size=PAGE_SIZE,
            after=self.data["after"],
            before=self.data["before"],
        )

    @cached_property
    def rows(self) -> list["Listed"]:
        """The lines of the table. Their addresses remember this page and row, to come back to."""
        found = rows_for(
            self.actor.organisation.partner, self.page.rows, now=self.now, hit=self.filter.exact_subscription
        )
        return [Listed(row, self.here) for row in found]

    # -- pages

    @property
    def total(self) -> int:
        heading = self.heading
        if self.filter.attention:  # what needs attention is designated
            return heading.attention or 0
        return heading.designated or 0 if self.filter.designated else heading.everything

    @property
    def cap(self) -> int:
        return JUDGED if self.filter.attention or self.filter.designated else super().cap

    def _counted(self) -> tuple[str, str]:
        return (
            ngettext("%(total)s customer", "%(total)s customers", self.total),
            ngettext(
                "%(first)s–%(last)s of %(total)s customer",
                "%(first)s–%(last)s of %(total)s customers",
                self.total,
            ),
        )

    # -- chips and menus

    @property
    def all_url(self) -> str:
        return self.url(attention="", designated="")

    @property
    def attention_url(self) -> str:
        return self.url(attention="1", designated="")

    @property
    def designated_url(self) -> str:
        return self.url(attention="", designated="1")

    @property
    def clear_url(self) -> str:
        return self.url(q="", country="", record="", designated="", attention="")

    @property
    def is_filtered(self) -> bool:
        return self.url(sort="") != reverse("customers:list")

    @property
    def finds_nothing(self) -> bool:
        """Nothing answers: only what is set is offered, to be taken away again."""
        return self.is_filtered and not self.page.rows

    @cached_property
    def countries(self) -> list[Choice]:
        named = sorted((fold(country(code)), country(code), code) for code in self.heading.countries)
        return [Choice(name, self.url(country=code)) for _folded, name, code in named]

    @property
    def country(self) -> Choice | None:
        """The country that is set, and the address without it."""
        code = self.data["country"]
        return Choice(country(code), self.url(country="")) if code else None

    @property
    def _names(self) -> Mapping[str, str]:
        return self.heading.names

    @cached_property
    def records(self) -> list[Choice]:
        names = {pid: self._names.get(pid, pid) for pid in self.heading.partner_ids}
        ordered = sorted(names, key=lambda pid: (fold(names[pid]), pid))
        return [Choice(names[pid], self.url(record=pid)) for pid in ordered]

    @property
    def record(self) -> Choice | None:
        partner_id = self.data["record"]
        return Choice(self._names.get(partner_id, partner_id), self.url(record="")) if partner_id else None

    @property
    def by_name_url(self) -> str:
        return self.url(sort="name")

    @property
    def newest_url(self) -> str:
        return self.url(sort="newest")

    @property
    def is_by_name(self) -> bool:
        return self.data["sort"] == "name"

    # -- nothing there

    @property
    def nothing(self) -> str:
        """The one sentence that says which search and filter found nothing."""
        words = {"text": self.data["q"], "country": country(self.data["country"])}
        if words["text"] and words["country"]:
            return _("No customer matches “%(text)s” in %(country)s") % words
        if words["text"]:
            return _("No customer matches “%(text)s”") % words
        if self.filter.attention and not (words["country"] or self.data["record"]):
            return _("Nothing needs attention")
        return _("No customer matches these filters") if self.is_filtered else _("No customers yet")

    @property
    def without_country_url(self) -> str:
        return self.url(country="") if self.data["country"] and self.data["q"] else ""
