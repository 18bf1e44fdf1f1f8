"""A new secret beside the present one: how long both work. The same question for credentials and for webhooks."""

from datetime import datetime, timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

#: Hours the former secret goes on; a week is the most the operations allow.
OVERLAPS = [
    ("0", _("At once: it is in wrong hands, or nobody uses it")),
    ("1", _("In 1 hour")),
    ("24", _("In 24 hours")),
    ("72", _("In 3 days")),
    ("168", _("In 7 days")),
]


class FormerSecretForm(forms.Form):
    """When the present secret stops. A form that has nothing to ask takes the field out: it stops at once."""

    former = forms.ChoiceField(
        label=_("The present secret stops"),
        choices=OVERLAPS,
        widget=forms.RadioSelect,
        initial="24",
        error_messages={"required": _("Choose when it stops."), "invalid_choice": _("Choose when it stops.")},
    )

    def former_until(self, now: datetime) -> datetime:
        return now + timedelta(hours=int(self.cleaned_data.get("former", "0")))
