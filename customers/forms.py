"""What is typed when something is asked of a customer: for whom, what, how long, and why."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from customers.operations import LONGEST
from portal.forms.relationships import TOO_LONG

DAYS = (
    ("90", _("90 days")),
    ("180", _("180 days")),
    ("365", _("365 days, a year")),
    ("730", _("730 days, two years: the longest")),
    ("other", _("Another number of days")),
)
RELATIONSHIP, DELEGATED_ADMIN = "relationship", "delegated_admin"
BETWEEN = _("Enter a number of days between 1 and 730.")


class AskForm(forms.Form):
    """What to ask a customer for. `may_grant` says whether this person may ask for delegated admin at all."""

    what = forms.ChoiceField(
        label=_("What to ask for"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose what to ask for."),
            "invalid_choice": _("Choose what to ask for."),
        },
    )
    days = forms.ChoiceField(
        label=_("For how long"),
        choices=DAYS,
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": _("Choose for how long.")},
    )
    other_days = forms.IntegerField(
        label=_("Number of days"),
        required=False,
        min_value=1,
        max_value=LONGEST,
        error_messages={"invalid": BETWEEN, "min_value": BETWEEN, "max_value": BETWEEN},
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "class": "input input-short"}),
    )
    message = forms.CharField(
        label=_("Message"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"max_length": format_lazy(TOO_LONG, label=_("Message"))},
    )

    def __init__(self, *args: Any, what: Sequence[tuple[str, Any]], **kwargs: Any) -> None:
        kwargs["initial"] = {"what": what[-1][0], "days": "365", **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
        self.fields["what"].choices = list(what)  # type: ignore[attr-defined]
        self.asks_rights = any(value == DELEGATED_ADMIN for value, _label in what)
        if len(what) == 1:
            self.fields["what"].required = False
        if not self.asks_rights:
            del self.fields["days"], self.fields["other_days"]

    def clean_message(self) -> str:
        text: str = self.cleaned_data["message"]
        if any(ord(character) < 32 and character not in "\r\n\t" for character in text):
            raise ValidationError(_("The message has characters that cannot be kept."))
        return text.replace("\r\n", "\n")

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        data["what"] = data.get("what") or self.fields["what"].choices[0][0]  # type: ignore[attr-defined]
        if data["what"] != DELEGATED_ADMIN:
            data["days"] = None
            return data
        if self.errors.keys() & {"days", "other_days"}:
            return data
        if data.get("days") == "other":
            if data.get("other_days") is None:
                self.add_error("other_days", BETWEEN)
            data["days"] = data.get("other_days")
        elif data.get("days"):
            data["days"] = int(data["days"])
        else:
            self.add_error("days", _("Choose for how long."))
        return data


class FindCustomerForm(forms.Form):
    """Which customer: exactly its domain or Microsoft ID. It stands in the address."""

    find = forms.CharField(
        label=_("Domain or Microsoft ID of the customer"),
        max_length=253,
        error_messages={"required": _("Enter the domain or the Microsoft ID of the customer.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class FirstAdminForm(forms.Form):
    """Who is to be a customer's first global admin."""

    email = forms.EmailField(
        label=_("Email"),
        max_length=254,
        error_messages={
            "required": _("Enter Email."),
            "invalid": _("Enter an email address like name@company.example."),
        },
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    name = forms.CharField(
        label=_("Name"),
        max_length=150,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class NoteForm(forms.Form):
    """A word on why, when something ends."""

    note = forms.CharField(
        label=_("Note"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"max_length": format_lazy(TOO_LONG, label=_("Note"))},
    )
