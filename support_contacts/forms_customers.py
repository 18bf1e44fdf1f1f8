"""What may stand in the address of the customers list."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.keyset import CursorField
from support_contacts.filters import ORDERS

LONGEST_SEARCH = 200


class CustomerListForm(forms.Form):
    """The address of the customers list. It is the list's whole state."""

    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=LONGEST_SEARCH,
        error_messages={
            "max_length": _("The search is too long: %(show_value)d of %(limit_value)d characters.")
        },
    )
    country = forms.RegexField(
        r"^[A-Za-z]{2}$",
        label=_("Country"),
        required=False,
        error_messages={"invalid": _("A country is two letters, as in FR.")},
    )
    record = forms.CharField(label=_("Reseller of record"), required=False, max_length=40)
    designated = forms.ChoiceField(label=_("Reseller designated"), required=False, choices=[("1", "1")])
    attention = forms.ChoiceField(label=_("Needs attention"), required=False, choices=[("1", "1")])
    sort = forms.ChoiceField(label=_("Sort"), required=False, choices=[(name, name) for name in ORDERS])
    after = CursorField()
    before = CursorField()

    def clean_q(self) -> str:
        text = self.cleaned_data["q"]
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise ValidationError(_("The search has characters that cannot be searched for.")) from error
        return text

    def clean_country(self) -> str:
        return self.cleaned_data["country"].upper()

    def clean_record(self) -> str:
        text = self.cleaned_data["record"]
        if text and not (text.isascii() and text.isdigit()):
            raise ValidationError(_("A PartnerID has digits only."))
        return text

    def clean_sort(self) -> str:
        return self.cleaned_data["sort"] or "name"
