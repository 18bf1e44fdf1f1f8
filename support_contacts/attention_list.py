"""The list of a provider's designations as its template reads it: rows, chips, menus, pages, each with its address."""

from functools import cached_property

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext, pgettext_lazy

from portal.keyset import Page, page_of
from portal.models import Partner
from support_contacts.attention import AttentionRow, ReportRow, names_of
from support_contacts.counting import JUDGED
from support_contacts.designation_filter import STATES, DesignationFilter, Heading
from support_contacts.designation_lines import lines_of
from support_contacts.filters import LONGEST_MENU
from support_contacts.list_frame import ListFrame
from support_contacts.models import ContactReport, Designation, EndedAs, Lack
from support_contacts.operations.repair import LARGEST

PAGE_SIZE = 25
#: Reports of customers shown at once; the others follow as these are answered.
REPORTS = 10
#: What may be the matter with a designation that needs attention, as its filter calls it.
CAUSES: dict[str, str | Promise] = {
    Lack.RELATIONSHIP.value: gettext_lazy("Relationship"),
    Lack.DELEGATED_ADMIN.value: gettext_lazy("Delegated admin"),
    Lack.SUSPENDED.value: gettext_lazy("Reseller suspended"),
    Lack.HANDED_BACK.value: pgettext_lazy("cause", "Handed back"),
    EndedAs.DECLINED.value: pgettext_lazy("cause", "Declined"),
    EndedAs.NEW_COMMERCE.value: gettext_lazy("Moved to new commerce"),
}


class AttentionList(ListFrame[Designation]):
    """One page of the designations of one provider."""

    NAME = "contacts:list"
    STATE = ("q", *STATES, "cause", "partner", "sort")
    DEFAULTS = {"sort": "since"}

    @property
    def provider(self) -> Partner:
        return self.actor.organisation.partner

    # -- rows

    @cached_property
    def filter(self) -> DesignationFilter:
        return DesignationFilter.of(self.actor, self.now, self.data)

    @cached_property
    def page(self) -> Page[Designation]:
        return page_of(
            self.filter.told,
            self.filter.order,
            size=PAGE_SIZE,
            after=self.data["after"],
            before=self.data["before"],
        )

    @cached_property
    def lines(self) -> list[AttentionRow]:
        """The lines of the table. At most seven queries, whatever their number."""
        return lines_of(self.actor, self.page.rows, now=self.now, here=self.here)

    # -- reports of customers

    @cached_property
    def reports(self) -> list[ReportRow]:
        """Open reports, oldest first, on the first page of what needs attention."""
        narrowed = any(self.data[name] for name in ("after", "before", "q", "partner", "cause"))
        if self.filter.state != "attention" or narrowed or not self.heading.reports:
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
        return self.filter.heading()

    @property
    def total(self) -> int:
        counts = {"": "everything", "attention": "attention", "ending": "ending"}
        return getattr(self.heading, counts.get(self.filter.state, "chosen")) or 0

    @property
    def cap(self) -> int:
        return JUDGED

    @property
    def shows_ended(self) -> bool:
        """Only what is over: until when it was, instead of whom the customer calls now."""
        return self.filter.state == "ended"

    @property
    def table_name(self) -> str:
        """What the table is called to who does not see it."""
        if self.filter.state == "attention":
            return _("Needs attention")
        return self.further_state or _("Designations")

    @property
    def selectable(self) -> bool:
        """Rows can be ticked where there is something to repair."""
        return self.filter.state in ("attention", "ending") and bool(self.page.rows)

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

    def _counted(self) -> tuple[str, str]:
        return (
            ngettext("%(total)s designation", "%(total)s designations", self.total),
            ngettext(
                "%(first)s–%(last)s of %(total)s designation",
                "%(first)s–%(last)s of %(total)s designations",
                self.total,
            ),
        )

    @property
    def export_url(self) -> str:
        """The same rows, all of them, as CSV."""
        return reverse("contacts:export") + self._query()

    def _state_url(self, state: str) -> str:
        return self.url(**{name: "1" if name == state else "" for name in STATES}, cause="")

    @property
    def all_url(self) -> str:
        return self._state_url("")

    @property
    def attention_url(self) -> str:
        return self._state_url("attention")

    @property
    def ending_url(self) -> str:
        return self._state_url("ending")

    @property
    def holds_url(self) -> str:
        return self._state_url("holds")

    @property
    def ended_url(self) -> str:
        return self._state_url("ended")

    @property
    def further_state(self) -> str:
        """The state that is set, where phones fold its chip away."""
        labels = {
            "ending": _("Ends within 31 days"),
            "holds": pgettext("designations", "In force"),
            "ended": pgettext("designations", "Ended"),
        }
        return labels.get(self.filter.state, "")

    @property
    def clear_url(self) -> str:
        return self.url(q="", partner="", cause="")

    @property
    def select_all_url(self) -> str:
        return self.url(select="all")

    @property
    def is_searched(self) -> bool:
        return bool(self.data["q"] or self.data["partner"] or self.data["cause"])

    # -- sorts and menus

    @property
    def is_by_customer(self) -> bool:
        return self.data["sort"] == "customer"

    @property
    def by_customer_url(self) -> str:
        return self.url(sort="customer")

    @property
    def newest_url(self) -> str:
        return self.url(sort="since")

    @property
    def causes(self) -> list[tuple[str, str]]:
        """Narrows what needs attention, and only that."""
        if self.filter.state != "attention":
            return []
        return [(str(label), self.url(cause=cause)) for cause, label in CAUSES.items()]

    @property
    def cause_name(self) -> str:
        return str(CAUSES[self.data["cause"]]) if self.data["cause"] and self.causes else ""

    @property
    def without_cause_url(self) -> str:
        return self.url(cause="")

    @property
    def partner_name(self) -> str:
        return (
            (self.heading.partners or {}).get(str(self.data["partner"]), "") if self.data["partner"] else ""
        )

    @property
    def partners(self) -> list[tuple[str, str]]:
        """The menu of partners; none where it would be a list of its own, and the search finds them."""
        named = self.heading.partners or {}
        return (
            [(name, self.url(partner=pk)) for pk, name in named.items()] if len(named) <= LONGEST_MENU else []
        )

    @property
    def without_partner_url(self) -> str:
        return self.url(partner="")

    @property
    def nothing(self) -> str:
        """The one sentence that says what found nothing."""
        if self.data["q"]:
            return _("No designation matches “%(text)s”") % {"text": self.data["q"]}
        if self.is_searched:
            return _("No designation matches these filters")
        return {
            "attention": _("Nothing needs attention."),
            "ending": _("Nothing ends within 31 days."),
            "holds": _("No designation is in force."),
            "ended": _("No designation has ended."),
        }.get(self.filter.state) or _("No designations yet")
