"""What is typed when organisations ask something of each other: requests, agreements, reasons, invitations."""

import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any, cast

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from portal import zones
from portal.forms.entry import PASSWORD_HINT
from portal.forms.zone_choice import ZoneField
from portal.identifiers import canonical_guid
from portal.models import OrganisationInvitation, User
from portal.names import fold
from portal.operations.resellers import Agreement
from portal.templatetags.ui import plain_date

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)
#: Codes of Babel's table that are no countries: unions, outlying and unknown regions, and pseudo-locales.
NOT_COUNTRIES = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})

TOO_LONG = _("{label} is too long: %(show_value)d of %(limit_value)d characters.")


def _text(label: Any, longest: int, *, rows: int = 0, hint: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=longest,
        required=False,
        help_text=hint,
        widget=forms.Textarea(attrs={"rows": rows})
        if rows
        else forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"max_length": format_lazy(TOO_LONG, label=label)},
    )


class AgreementForm(forms.Form):
    """The support agreement: text and a date, all of it optional.

    `seen` is the mark of the agreement the form was loaded with.
    """

    agreement_reference = _text(_("Agreement reference"), 100)
    agreement_scope = _text(_("What it covers"), 300, rows=2)
    agreement_valid_until = forms.DateField(
        label=_("Valid until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "class": "input input-date"}, format="%Y-%m-%d"),
    )
    escalation_contact = _text(
        _("Escalation contact"),
        300,
        hint=_("Whom either of you calls when support is stuck. Customers do not see it."),
    )
    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["agreement_valid_until"]
        field.widget.attrs |= {"min": FIRST_DAY.isoformat(), "max": LAST_DAY.isoformat()}
        field.error_messages["invalid"] = self._between()

    @classmethod
    def showing(cls, agreement: Agreement) -> "AgreementForm":
        """The form filled in with an agreement, which it remembers."""
        return cls(initial={**fields_of(agreement), "seen": agreement.mark})

    def clean_agreement_valid_until(self) -> date | None:
        day: date | None = self.cleaned_data["agreement_valid_until"]
        if day is not None and not FIRST_DAY <= day <= LAST_DAY:
            raise ValidationError(self._between(), code="invalid")
        return day

    def _between(self) -> str:
        between = _("Choose a date between %(first)s and %(last)s.")
        return str(between) % {"first": plain_date(FIRST_DAY), "last": plain_date(LAST_DAY)}

    @property
    def agreement(self) -> Agreement:
        return Agreement(**{name: self.cleaned_data[name] for name in Agreement.__slots__})


class RequestForm(AgreementForm):
    """A request to a reseller that is here: a message, and the agreement proposed with it."""

    message = _text(_("Message"), 500, rows=3)
    field_order = ["message"]


class LookUpForm(forms.Form):
    """Which reseller: exactly its PartnerID or domain. It stands in the address."""

    find = forms.CharField(
        label=_("PartnerID or domain of the reseller"),
        max_length=253,
        error_messages={"required": _("Enter the PartnerID or domain of the reseller.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class InviteResellerForm(RequestForm):
    """An organisation that is not here yet: where to write to, and the id it has to confirm."""

    email = forms.EmailField(
        label=_("Email"),
        max_length=254,
        help_text=_("This person becomes the first global admin of the reseller here."),
        error_messages={
            "required": _("Enter Email."),
            "invalid": _("Enter an email address like name@company.example."),
        },
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    identity = forms.CharField(
        label=_("PartnerID or Microsoft ID of the reseller"),
        max_length=80,
        help_text=_("Whoever accepts has to type the same ID."),
        error_messages={"required": _("Enter the PartnerID or the Microsoft ID of the reseller.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    field_order = ["identity", "email", "message"]

    def clean_identity(self) -> str:
        text: str = self.cleaned_data["identity"]
        digits = text.isascii() and text.isdigit() and len(text) <= 20
        if not digits and canonical_guid(text) is None:
            raise ValidationError(
                _("A PartnerID has digits only; a Microsoft ID looks like %(example)s."),
                code="invalid",
                params={"example": "3f8a2c1e-0b7d-4e65-9a41-5c2d7e9b1f08"},
            )
        return text

    @property
    def ids(self) -> Mapping[str, Any]:
        """What was typed, as PartnerID or as Microsoft ID."""
        tenant: uuid.UUID | None = canonical_guid(self.cleaned_data["identity"])
        # Thirty-two digits may be a GUID without its dashes; a PartnerID is never that long.
        return {"tenant_id": tenant} if tenant else {"partner_id": self.cleaned_data["identity"]}


class ReasonForm(forms.Form):
    """A word on why, when something is declined or ended."""

    note = _text(_("Reason"), 1000, rows=3)


class ArrivalForm(forms.Form):
    """What an invited reseller says: the id it confirms, its organisation, and its first person.

    A signed-in person needs no name and no password.
    """

    confirmed = forms.CharField(
        max_length=80, widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
    )
    organisation = forms.CharField(
        label=_("Name of your organisation"),
        max_length=200,
        error_messages={"required": _("Enter the name of your organisation.")},
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    country = forms.ChoiceField(
        label=_("Country"),
        error_messages={"required": _("Choose the country."), "invalid_choice": _("Choose the country.")},
        widget=forms.Select(attrs={"autocomplete": "country"}),
    )
    time_zone = ZoneField(
        label=_("Time zone"),
        error_messages={"required": _("Choose the time zone."), "invalid_choice": _("Choose the time zone.")},
    )
    name = forms.CharField(
        label=_("Your name"),
        max_length=150,
        error_messages={"required": _("Enter your name.")},
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    password1 = forms.CharField(
        label=_("Password"),
        strip=False,
        help_text=PASSWORD_HINT,
        error_messages={"required": _("Enter Password.")},
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    password2 = forms.CharField(
        label=_("Password, again"),
        strip=False,
        error_messages={"required": _("Enter Password, again.")},
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(
        self, *args: Any, invitation: OrganisationInvitation, user: User | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.invitation = invitation
        by_partner_id = bool(invitation.partner_id)
        confirmed = self.fields["confirmed"]
        confirmed.label = (
            _("PartnerID of your organisation") if by_partner_id else _("Microsoft ID of your organisation")
        )
        confirmed.error_messages["required"] = (
            _("Enter the PartnerID of your organisation.")
            if by_partner_id
            else _("Enter the Microsoft ID of your organisation.")
        )
        cast(forms.ChoiceField, self.fields["country"]).choices = [("", ""), *countries()]
        cast(ZoneField, self.fields["time_zone"]).offer()
        if user is not None:
            for name in ("name", "password1", "password2"):
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        password = data.get("password1")
        if not password:
            return data
        if data.get("password2") and data["password2"] != password:
            self.add_error("password2", _("The two passwords are not the same."))
        person = User(email=self.invitation.email, name=data.get("name", ""))
        person.password_context = [data.get("organisation", "")]  # type: ignore[attr-defined]
        try:
            validate_password(password, person)
        except ValidationError as error:
            self.add_error("password1", error)
        return data


def fields_of(agreement: Agreement) -> dict[str, Any]:
    return {name: getattr(agreement, name) for name in Agreement.__slots__}


def countries() -> list[tuple[str, str]]:
    """Countries to choose from, by name in the active language."""
    named = [
        (code, name)
        for code, name in zones.locale_for().territories.items()
        if len(code) == 2 and code.isalpha() and code not in NOT_COUNTRIES
    ]
    return sorted(named, key=lambda country: fold(country[1]))
