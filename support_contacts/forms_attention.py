"""What may stand in the address of the support contacts list, and what its forms carry."""

import uuid
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.identifiers import canonical_guid
from portal.keyset import CursorField
from support_contacts.attention_list import CAUSES
from support_contacts.designation_filter import ORDERS
from support_contacts.forms import GuidField
from support_contacts.forms_customers import LONGEST_SEARCH

#: Longer than a thousand ids with their versions.
LONGEST_ROWS = 80_000


class AttentionListForm(forms.Form):
    """The address of the list. It is the list's whole state."""

    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=LONGEST_SEARCH,
        error_messages={
            "max_length": _("The search is too long: %(show_value)d of %(limit_value)d characters.")
        },
    )
    attention = forms.ChoiceField(label=_("Needs attention"), required=False, choices=[("1", "1")])
    ending = forms.ChoiceField(label=_("Ends within 31 days"), required=False, choices=[("1", "1")])
    holds = forms.ChoiceField(label=_("In force"), required=False, choices=[("1", "1")])
    ended = forms.ChoiceField(label=_("Ended"), required=False, choices=[("1", "1")])
    cause = forms.ChoiceField(label=_("Cause"), required=False, choices=[(name, name) for name in CAUSES])
    partner = GuidField(label=_("Supported by"), required=False)
    sort = forms.ChoiceField(label=_("Sort"), required=False, choices=[(name, name) for name in ORDERS])
    select = forms.ChoiceField(label=_("Selected"), required=False, choices=[("all", "all")])
    after = CursorField()
    before = CursorField()

    def clean_q(self) -> str:
        text: str = self.cleaned_data["q"]
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise ValidationError(_("The search has characters that cannot be searched for.")) from error
        return text

    def clean_sort(self) -> str:
        return self.cleaned_data["sort"] or "since"


class SelectionForm(forms.Form):
    """Rows that were ticked, or all that answer the filter; and what is to be done with them."""

    act = forms.ChoiceField(choices=[("provider", ""), ("replace", "")], initial="replace")
    all = forms.CharField(required=False)
    organisation = GuidField(required=False)

    @property
    def designations(self) -> list[uuid.UUID]:
        """The ids that were ticked; what is none is left out."""
        data: Any = self.data
        return [guid for guid in map(canonical_guid, data.getlist("designation")) if guid is not None]


class RepairForm(forms.Form):
    """A plan as it was shown: who is chosen, and the version of every row."""

    partner = GuidField(error_messages={"required": _("Choose who supports them.")})
    rows = forms.CharField(max_length=LONGEST_ROWS, error_messages={"required": _("Load the page again.")})
    organisation = GuidField(required=False)

    def clean_rows(self) -> dict[uuid.UUID, int]:
        found = {}
        for text in self.cleaned_data["rows"].split():
            guid, _separator, version = text.partition(":")
            parsed = canonical_guid(guid)
            if parsed is None or not (version.isascii() and version.isdigit() and len(version) < 10):
                raise ValidationError(_("Load the page again."))
            found[parsed] = int(version)
        return found


class PolicyForm(forms.Form):
    """End what has not held for so many days, or leave it to the agents."""

    mode = forms.ChoiceField(
        label=_("When a designation has stopped holding"),
        choices=[("off", _("It stays until an agent repairs it")), ("days", _("It ends by itself"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what happens.")},
    )
    days = forms.IntegerField(
        label=_("After this many days"),
        required=False,
        min_value=1,
        max_value=365,
        error_messages={
            "invalid": _("Enter a number of days."),
            "min_value": _("Enter a number of days between 1 and 365."),
            "max_value": _("Enter a number of days between 1 and 365."),
        },
    )

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if data.get("mode") == "days" and data.get("days") is None and "days" not in self.errors:
            self.add_error("days", _("Enter a number of days between 1 and 365."))
        return data

    @property
    def wanted(self) -> int | None:
        return self.cleaned_data["days"] if self.cleaned_data["mode"] == "days" else None
