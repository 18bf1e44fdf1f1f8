"""What a customer may say of a contact, and what a provider may answer."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from support_contacts.forms import GuidField
from support_contacts.models import ContactReport


def printable(text: str) -> str:
    """Words that can be kept: line ends as one, no control characters."""
    if any(ord(character) < 32 and character not in "\r\n\t" for character in text):
        raise ValidationError(_("There are characters that cannot be kept."))
    return text.replace("\r\n", "\n")


class ReportForm(forms.Form):
    """Why a contact is wrong, in one choice and a few words."""

    reason = forms.ChoiceField(
        label=_("What is wrong?"),
        choices=ContactReport.Reason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what is wrong."), "invalid_choice": _("Choose what is wrong.")},
    )
    detail = forms.CharField(
        label=_("In a few words"),
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    organisation = GuidField(required=False)

    def clean_detail(self) -> str:
        return printable(self.cleaned_data["detail"])


class AnswerForm(forms.Form):
    """A note the customer reads on its card."""

    answer = forms.CharField(
        label=_("Your answer"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Enter your answer.")},
    )
    organisation = GuidField(required=False)

    def clean_answer(self) -> str:
        return printable(self.cleaned_data["answer"])
