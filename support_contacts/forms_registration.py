"""Registering a subscription that was bought elsewhere (R13)."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from subscriptions.models import PurchasedThrough
from support_contacts.forms import GuidField
from support_contacts.forms_reports import printable


class RegistrationForm(forms.Form):
    """What it is called, its id where one is known, and who sold it where."""

    name = forms.CharField(
        label=_("Name"),
        max_length=300,
        error_messages={"required": _("Enter the name of the subscription.")},
    )
    subscription_id = forms.CharField(label=_("Subscription ID"), required=False, max_length=120)
    purchased_through = forms.ChoiceField(
        label=_("Bought through"),
        choices=[choice for choice in PurchasedThrough.choices if choice[0] != PurchasedThrough.PARTNER],
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Say where it was bought."),
            "invalid_choice": _("Say where it was bought."),
        },
    )
    seller_name = forms.CharField(
        label=_("Sold by"),
        max_length=200,
        error_messages={"required": _("Enter who sold it.")},
    )
    new_commerce = forms.BooleanField(label=_("It is a new-commerce subscription"), required=False)
    organisation = GuidField(required=False)

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        for name in ("name", "subscription_id", "seller_name"):
            if data.get(name):
                data[name] = " ".join(printable(data[name]).split())
        return data
