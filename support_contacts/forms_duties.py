"""What a reseller looks for among its duties, and how it answers one."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.templatetags.ui import plain_date
from support_contacts.forms import GuidField
from support_contacts.forms_reports import printable

#: How far ahead a duty may be handed back.
FURTHEST = timedelta(days=365)


class DutiesForm(forms.Form):
    """The address of the list; what is not understood shows everything."""

    show = forms.ChoiceField(required=False, choices=[("earlier", ""), ("waiting", ""), ("ending", "")])
    q = forms.CharField(required=False, max_length=200, strip=True)

    def clean_q(self) -> str:
        text: str = self.cleaned_data["q"]
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise ValidationError(_("The search has characters that cannot be searched for.")) from error
        return text

    @property
    def state(self) -> tuple[str, str]:
        self.is_valid()
        return self.cleaned_data.get("show") or "", self.cleaned_data.get("q") or ""


class DeclineForm(forms.Form):
    """A no needs a reason: the provider has to find somebody else."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Enter a reason; the provider reads it.")},
    )
    organisation = GuidField(required=False)
    prefix = "decline"

    def clean_reason(self) -> str:
        return printable(self.cleaned_data["reason"])


class HandBackForm(forms.Form):
    """The first day on which it is no longer ours."""

    day = forms.DateField(
        label=_("Hand back by"), widget=forms.DateInput(attrs={"type": "date", "class": "input input-date"})
    )
    reason = forms.CharField(
        label=_("Reason"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )
    organisation = GuidField(required=False)
    prefix = "back"

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.first, self.last = today, today + FURTHEST
        self.fields["day"].widget.attrs |= {"min": self.first.isoformat(), "max": self.last.isoformat()}
        self.fields["day"].error_messages |= {"required": self._between(), "invalid": self._between()}

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"]
        if not self.first <= day <= self.last:
            raise ValidationError(self._between(), code="invalid")
        return day

    def clean_reason(self) -> str:
        return printable(self.cleaned_data["reason"])

    @property
    def at(self) -> datetime:
        """The beginning of that day, where the person is."""
        return datetime.combine(self.cleaned_data["day"], time.min, tzinfo=timezone.get_current_timezone())

    def _between(self) -> str:
        return _("Choose a date between %(first)s and %(last)s.") % {
            "first": plain_date(self.first),
            "last": plain_date(self.last),
        }
