"""The support profile as people type it."""

import re
from datetime import date, datetime
from typing import Any, cast

from babel.dates import get_day_names
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from portal import zones
from portal.forms.zone_choice import ZoneField
from portal.models import Partner, SupportProfile
from portal.names import fold
from portal.opening_times import read_intervals, write_intervals
from portal.operations.profile import FIELDS
from portal.websites import url_of

MOST_CLOSED_DATES = 100
DAYS = range(7)


class SupportProfileForm(forms.Form):
    """Everything is optional; telephones that cannot be dialled are kept as they are and only flagged."""

    telephone = forms.CharField(
        label=_l("Telephone"),
        max_length=50,
        required=False,
        help_text=_l("With the country code, as in +33 1 99 00 47 10."),
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )
    email = forms.EmailField(
        label=_l("Email"),
        max_length=254,
        required=False,
        error_messages={"invalid": _l("Enter an email address like name@company.example.")},
    )
    website = forms.CharField(
        label=_l("Website"), max_length=300, required=False, help_text="www.example.com/support"
    )
    urgent_telephone = forms.CharField(
        label=_l("Urgent telephone"),
        max_length=50,
        required=False,
        help_text=_l("For emergencies outside your hours."),
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )
    urgent_note = forms.CharField(
        label=_l("When to use it"),
        max_length=200,
        required=False,
        help_text=_l("Customers read this beside the number."),
    )
    languages = forms.CharField(
        label=_l("Languages"),
        max_length=300,
        required=False,
        help_text=_l("With commas between: English, French."),
    )
    always_open = forms.BooleanField(label=_l("24 hours, every day"), required=False)
    closed_dates = forms.CharField(
        label=_l("Closed dates"),
        required=False,
        help_text=_l("One a line, as in 2026-12-25."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    time_zone = ZoneField(label=_l("Time zone of these hours"), required=False)

    def __init__(self, data: Any = None, *, partner: Partner) -> None:
        self.partner, self.stored = partner, partner.profile
        super().__init__(data, initial=_shown(self.stored))
        own = partner.organisation.time_zone
        known = dict(zones.choices())
        # A zone under an old name stays choosable as long as it is stored.
        extra = [(zone, zone) for zone in {own, self.stored.time_zone} if zone and zone not in known]
        cast(ZoneField, self.fields["time_zone"]).offer(*extra)
        names = get_day_names("wide", "stand-alone", locale=zones.locale_for())
        for day in DAYS:
            label = names[day][:1].upper() + names[day][1:]
            self.fields[f"day_{day}"] = forms.CharField(label=label, max_length=200, required=False)
        for field in self.fields.values():
            field.widget.attrs.setdefault("autocomplete", "off")
            if isinstance(field, forms.CharField) and field.max_length:
                field.error_messages["max_length"] = _(
                    "%(label)s is too long: %(n)s of %(max)s characters."
                ) % {
                    "label": field.label,
                    "n": "%(show_value)d",
                    "max": "%(limit_value)d",
                }

    @property
    def days(self) -> list[forms.BoundField]:
        return [self[f"day_{day}"] for day in DAYS]

    def clean_website(self) -> str:
        website: str = self.cleaned_data["website"].strip()
        if website:
            try:
                URLValidator(schemes=["http", "https"])(url_of(website))
            except ValidationError as error:
                raise ValidationError(_("Enter a web address like www.example.com/support.")) from error
        return website

    def clean_time_zone(self) -> str:
        zone: str = self.cleaned_data["time_zone"]
        # As long as nobody chose another one, the organisation's own zone is followed, not copied.
        return "" if not self.stored.time_zone and zone == self.partner.organisation.time_zone else zone

    def clean_languages(self) -> list[str]:
        codes: list[str] = []
        for word in re.split(r"[,;\n]", self.cleaned_data["languages"]):
            if not word.strip():
                continue
            code = _language_code(word, self.stored.languages)
            if code is None:
                raise ValidationError(
                    _("“%(word)s” is not a language we know. Write it as in English or French.")
                    % {"word": word.strip()[:40]}
                )
            if code not in codes:
                codes.append(code)
        return codes

    def clean_closed_dates(self) -> list[date]:
        found: set[date] = set()
        for word in re.split(r"[\s,;]+", self.cleaned_data["closed_dates"]):
            if not word:
                continue
            try:
                found.add(date.fromisoformat(word))
            except ValueError as error:
                raise ValidationError(
                    _("“%(text)s” is not a date like 2026-12-25.") % {"text": word[:40]}
                ) from error
        if len(found) > MOST_CLOSED_DATES:
            raise ValidationError(_("There can be at most %(n)s closed dates.") % {"n": MOST_CLOSED_DATES})
        return sorted(found)

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        week: dict[str, list[list[str]]] = {}
        for day in DAYS:
            try:
                if intervals := read_intervals(data.get(f"day_{day}", "")):
                    week[str(day)] = intervals
            except ValidationError as error:
                label = self.fields[f"day_{day}"].label
                problem = {"day": label, "problem": error.messages[0]}
                self.add_error(f"day_{day}", _("%(day)s: %(problem)s") % problem)
        data["week"] = week
        return data

    @property
    def values(self) -> dict[str, Any]:
        """The fields of the profile that were understood; of a refused form, what can be shown of it."""
        bad_week = any(name.startswith("day_") for name in self.errors)
        return {
            field: self.cleaned_data[field]
            for field in FIELDS
            if field in self.cleaned_data and not (field == "week" and bad_week)
        }

    @property
    def profile(self) -> SupportProfile:
        """The profile as it would be, never saved: for the preview. What was not understood stays as it is stored."""
        shown = SupportProfile(partner=self.partner, updated_at=self.stored.updated_at)
        values = self.values if self.is_bound and self.is_valid() is not None else {}
        for field in FIELDS:
            setattr(shown, field, values.get(field, getattr(self.stored, field)))
        return shown


def version_of(text: str) -> datetime | None:
    """When the profile that a form was loaded with had been written; None for one never written."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _shown(profile: SupportProfile) -> dict[str, Any]:
    names = zones.locale_for().languages
    return {
        **{field: getattr(profile, field) for field in FIELDS},
        "languages": ", ".join(names.get(code.replace("-", "_"), code) for code in profile.languages),
        "closed_dates": "\n".join(day.isoformat() for day in profile.closed_dates),
        "time_zone": profile.time_zone or profile.partner.organisation.time_zone,
        **{f"day_{day}": write_intervals(profile.week.get(str(day), ())) for day in DAYS},
    }


def _language_code(word: str, stored: list[str]) -> str | None:
    """The code of a language named in the reader's language, in English, in French, or by its code."""
    wanted = fold(word)
    for code in stored:
        if wanted == fold(code):
            return code
    for locale in (zones.locale_for(), zones.locale_for("en"), zones.locale_for("fr")):
        for code, name in locale.languages.items():
            if fold(name) == wanted or code.lower().replace("_", "-") == wanted.replace("_", "-"):
                return code.replace("_", "-")
    return None
