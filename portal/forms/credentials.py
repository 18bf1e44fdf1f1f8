"""Integrations: a name, a role, until when; a new secret; the highest role."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from portal.forms.rotation import FormerSecretForm
from portal.operations.credentials import LONGEST
from portal.permissions import PARTNER_ROLES, Role
from portal.templatetags.ui import plain_date

ONE_YEAR = timedelta(days=365)
#: What a role is for an integration: only what the API offers.
MEANS: dict[Role, str | Promise] = {
    Role.GLOBAL_ADMIN: _("Everything the API offers."),
    Role.ADMIN_AGENT: _("Reads everything, changes support contacts and the support profile."),
    Role.HELPDESK_AGENT: _("Reads customers and subscriptions, changes support contacts."),
    Role.SALES_AGENT: _("Reads customers and subscriptions. Changes nothing."),
    Role.BILLING_ADMIN: _("Reads the support profile only."),
    Role.USER_ADMIN: _("Reads the support profile only."),
}


class NameForm(forms.Form):
    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        help_text=_("What it is for: everything it changes is told under this name."),
        error_messages={
            "required": _("Enter a name."),
            "max_length": _("This is too long: %(show_value)d of %(limit_value)d characters."),
        },
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class _ExpiryForm(forms.Form):
    """Until the end of a day, in the person's zone."""

    expires = forms.DateField(
        label=_("Works until the end of"),
        error_messages={"required": _("Choose a day."), "invalid": _("Choose a day.")},
        widget=forms.DateInput(attrs={"type": "date", "class": "input input-date"}, format="%Y-%m-%d"),
    )

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        now = timezone.localtime()
        self.first, self.last = now.date(), (now + LONGEST - timedelta(days=1)).date()
        suggested = {"expires": (now + ONE_YEAR).date()}
        super().__init__(data, initial=suggested | kwargs.pop("initial", {}), **kwargs)
        field = self.fields["expires"]
        field.help_text = _now("Two years at most.")
        field.widget.attrs |= {"min": self.first.isoformat(), "max": self.last.isoformat()}

    def clean_expires(self) -> date:
        day: date = self.cleaned_data["expires"]
        if not self.first <= day <= self.last:
            between = _now("Choose a date between %(first)s and %(last)s.")
            raise ValidationError(
                between % {"first": plain_date(self.first), "last": plain_date(self.last)}, code="invalid"
            )
        return day

    @property
    def expires_at(self) -> datetime:
        """The last second of the chosen day, so that it is also told as that day."""
        last = time(23, 59, 59)
        return datetime.combine(self.cleaned_data["expires"], last, tzinfo=timezone.get_current_timezone())


class CredentialForm(NameForm, _ExpiryForm):
    role = forms.ChoiceField(
        label=_("Role"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a role."), "invalid_choice": _("Choose a role.")},
    )
    field_order = ["name", "role", "expires"]

    def __init__(self, data: Any = None, *, roles: Sequence[Role]) -> None:
        super().__init__(data)
        cast(forms.ChoiceField, self.fields["role"]).choices = [
            (role.value, format_html("{}<small>{}</small>", role.label, MEANS[role])) for role in roles
        ]


class RotateForm(FormerSecretForm, _ExpiryForm):
    """`former` is asked only where a secret works that a client may be using."""

    field_order = ["former", "expires"]

    def __init__(self, data: Any = None, *, has_former: bool) -> None:
        super().__init__(data)
        if not has_former:
            del self.fields["former"]


class LimitForm(forms.Form):
    role = forms.ChoiceField(
        label=_("Highest role for integrations"),
        choices=[(role.value, role.label) for role in PARTNER_ROLES],
        error_messages={"required": _("Choose a role."), "invalid_choice": _("Choose a role.")},
    )
