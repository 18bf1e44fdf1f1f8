"""The resellers of a provider as the list shows them: rows, chips, pages, each with its address."""

import uuid
from dataclasses import dataclass
from functools import cached_property

from django import forms
from django.db.models import Count, F, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from portal.among import among
from portal.identifiers import canonical_guid
from portal.keyset import CursorField, Order, Page, page_of
from portal.models import Partner, ResellerRelationship, State
from portal.names import query_words
from support_contacts.counting import GLANCED, CappedDistinct
from support_contacts.list_frame import ListFrame
from support_contacts.models import Designation
from support_contacts.reseller_rows import SOON, ResellerRow, is_in, loads_of, speaking

PAGE_SIZE = 25
LONGEST_SEARCH = 200
BY_NAME = Order("sort_name")
#: Marks a word begins after. Names are folded already.
_BEFORE_A_WORD = " -./&("
#: Chips beside *All* and *Needs attention*, in this order; those that count nothing are left out.
CHIPS: dict[str, str | Promise] = {
    "established": pgettext_lazy("relationship", "Established"),
    "requested": pgettext_lazy("relationship", "Requested"),
    "agreement": gettext_lazy("Agreement ends"),
    "declined": pgettext_lazy("relationship", "Declined"),
    "lapsed": pgettext_lazy("relationship", "Lapsed"),
    "withdrawn": pgettext_lazy("relationship", "Withdrawn"),
    "ended": pgettext_lazy("relationship", "Ended"),
}


class ResellerListForm(forms.Form):
    """The address of the list. It is the list's whole state."""

    q = forms.CharField(
        required=False,
        max_length=LONGEST_SEARCH,
        error_messages={
            "max_length": gettext_lazy(
                "The search is too long: %(show_value)d of %(limit_value)d characters."
            )
        },
    )
    show = forms.ChoiceField(required=False, choices=[(name, name) for name in ("attention", *CHIPS)])
    after = CursorField()
    before = CursorField()

    def clean_q(self) -> str:
        text: str = self.cleaned_data["q"]
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise forms.ValidationError(
                _("The search has characters that cannot be searched for.")
            ) from error
        return text


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter with its count and its address."""

    name: str
    label: str | Promise
    count: int
    url: str


class ResellerList(ListFrame[ResellerRelationship]):
    """One page of a provider's resellers."""

    NAME = "resellers:list"
    STATE = ("q", "show")

    @property
    def _me(self) -> uuid.UUID:
        return self.actor.organisation.pk

    @cached_property
    def _searched(self) -> QuerySet[ResellerRelationship]:
        own: QuerySet[ResellerRelationship] = ResellerRelationship.objects.visible_to(self.actor).filter(
            provider_id=self._me
        )
        rows = speaking(own).annotate(sort_name=F("reseller__organisation__sort_name"))
        return rows.filter(self._means(self.data["q"])) if self.data["q"] else rows

    def _means(self, text: str) -> Q:
        """Every word begins a word of the name; or the whole is a PartnerID, a domain or a Microsoft ID."""
        exact = text.strip().casefold()
        found = Q(reseller__organisation__domain=exact) | Q(reseller__partner_id=exact)
        if (guid := canonical_guid(text)) is not None:
            return found | Q(reseller_id=guid)
        words = query_words(text)
        named = Q(pk__isnull=not words)
        for word in words:
            begins = Q(sort_name__startswith=word)
            for mark in _BEFORE_A_WORD:
                begins |= Q(sort_name__contains=mark + word)
            named &= begins
        return found | named

    def _shown(self, name: str) -> Q:
        if name == "attention":
            return among("reseller", self._stale.values("partner_id"))
        if name == "agreement":
            last = timezone.localdate() + SOON
            return is_in(State.ESTABLISHED, self.now) & Q(agreement_valid_until__lte=last)
        return is_in(name, self.now)

    @property
    def _stale(self) -> QuerySet[Designation]:
        """Designations that need attention; to be counted, or looked up in."""
        rows: QuerySet[Designation] = Designation.objects.at_customers_of(self._me, self.now).stale(
            self._me, self.now
        )
        return rows

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many resellers answer the search: all of them, and by chip. One query, and another where what needs
        attention has to be looked up among those that were searched for."""
        by_chip = {name: Count("pk", filter=self._shown(name)) for name in CHIPS}
        found = self._searched.order_by().aggregate(everything=Count("pk"), **by_chip)
        needing = None
        if not self.is_filtered:
            few = CappedDistinct(self._stale.values("partner_id"), cap=GLANCED, rows=3 * GLANCED)
            needing = Partner.objects.filter(pk=self._me).values_list(few, flat=True).get()
        if needing is None:
            needing = self._searched.filter(self._shown("attention")).count()
        return {**found, "attention": needing}

    @cached_property
    def page(self) -> Page[ResellerRelationship]:
        rows = self._searched.select_related("reseller__organisation", "provider__organisation")
        if self.data["show"]:
            rows = rows.filter(self._shown(self.data["show"]))
        return page_of(rows, BY_NAME, size=PAGE_SIZE, after=self.data["after"], before=self.data["before"])

    @cached_property
    def rows(self) -> list[ResellerRow]:
        """The lines of the table: three queries more, however many there are."""
        found = self.page.rows
        established = [row.reseller_id for row in found if row.state(self.now) == State.ESTABLISHED]
        loads = loads_of(self._me, [row.reseller_id for row in found], established, now=self.now)
        suspended = set(Partner.objects.suspended(self.now).filter(pk__in=loads).values_list("pk", flat=True))
        return [
            ResellerRow(row, self.now, loads[row.reseller_id], row.reseller_id in suspended) for row in found
        ]

    # -- chips and pages

    @property
    def all_url(self) -> str:
        return self.url(show="")

    @property
    def attention_url(self) -> str:
        return self.url(show="attention")

    @property
    def clear_url(self) -> str:
        return reverse("resellers:list")

    @property
    def is_filtered(self) -> bool:
        return bool(self.data["q"] or self.data["show"])

    @property
    def chips(self) -> list[Chip]:
        return [
            Chip(name, label, self.counts[name], self.url(show=name))
            for name, label in CHIPS.items()
            if self.counts[name] or self.data["show"] == name
        ]

    @property
    def total(self) -> int:
        return self.counts[self.data["show"] or "everything"]

    def _counted(self) -> tuple[str, str]:
        return (
            ngettext("%(total)s reseller", "%(total)s resellers", self.total),
            ngettext(
                "%(first)s–%(last)s of %(total)s reseller",
                "%(first)s–%(last)s of %(total)s resellers",
                self.total,
            ),
        )

    @property
    def nothing(self) -> str:
        """The one sentence that says which search and filter found nothing."""
        if self.data["q"]:
            return _("No reseller matches “%(text)s”") % {"text": self.data["q"]}
        if self.data["show"] == "attention":
            return _("Nothing needs attention")
        return _("No reseller matches this filter") if self.data["show"] else _("You have no resellers yet.")
