"""Webhooks: address and events; a new secret."""

from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from portal.forms.rotation import FormerSecretForm
from portal.operations.webhooks import WANTED


class WebhookForm(forms.Form):
    url = forms.CharField(
        label=_("Address"),
        max_length=500,
        help_text=_("Where the portal sends to, as in https://hooks.company.example/portal."),
        error_messages={
            "required": _("Enter the address."),
            "max_length": _("This is too long: %(show_value)d of %(limit_value)d characters."),
        },
        widget=forms.TextInput(
            attrs={
                "type": "url",
                "inputmode": "url",
                "autocomplete": "off",
                "spellcheck": "false",
                "dir": "ltr",
            }
        ),
    )
    events = forms.MultipleChoiceField(
        label=_("Events"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": _("Choose at least one event."),
            "invalid_choice": _("Choose at least one event."),
        },
    )

    def __init__(self, data: Any = None, *, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial={"events": [event.value for event in WANTED]} | (initial or {}))
        self.fields["events"].choices = [  # type: ignore[attr-defined]
            (event.value, format_html('{}<small dir="ltr">{}</small>', event.label, event.value))
            for event in WANTED
        ]


class RotateWebhookForm(FormerSecretForm):
    """How long requests are signed with the former secret as well."""
