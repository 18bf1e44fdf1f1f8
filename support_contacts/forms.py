"""What may be typed where a support contact is chosen."""

import uuid
from collections.abc import Iterable
from datetime import datetime

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.identifiers import canonical_guid
from portal.keyset import CursorField, newest
from portal.templatetags.ui import plain_date

LONGEST_NOTE = 1000
#: The parts of a history follow upon each other by where their lines begin.
PARTS = newest("start")


class GuidField(forms.CharField):
    """A GUID in any case and notation; anything else reads as not given."""

    def to_python(self, value):
        return canonical_guid(super().to_python(value) or "")

    def validate(self, value):
        if value is None and self.required:
            raise ValidationError(self.error_messages["required"], code="required")

    def run_validators(self, value):
        """A GUID has nothing left to validate."""


class VersionsField(forms.Field):
    """Rows to change along, each as "id:version". What is neither is left out; the rest is the operation's business."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: list[str] | None) -> dict[uuid.UUID, int]:
        return versions_of(value or [])


class ContactForm(forms.Form):
    """The choice of one subscription's support contact, as the page that offered it was loaded."""

    partner = GuidField(error_messages={"required": _("Choose who supports it.")})
    note = forms.CharField(
        label=_("Note"),
        required=False,
        strip=True,
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    organisation = GuidField(required=False)
    version = forms.IntegerField(
        min_value=0, max_value=2**31 - 1, error_messages={"required": _("Load the page again.")}
    )
    loaded = forms.DateTimeField(required=False)
    addon = VersionsField(required=False)

    def clean_note(self):
        note = self.cleaned_data["note"]
        if any(ord(character) < 32 and character not in "\r\n\t" for character in note):
            raise ValidationError(_("The note has characters that cannot be kept."))
        return note.replace("\r\n", "\n")


def versions_of(texts: Iterable[str]) -> dict[uuid.UUID, int]:
    """The rows and versions a form or a draft names."""
    return dict(filter(None, (_versioned(text) for text in texts)))


def _versioned(text: str) -> tuple[uuid.UUID, int] | None:
    guid, _separator, version = text.partition(":")
    parsed = canonical_guid(guid)
    if parsed is None or not (version.isascii() and version.isdigit() and len(version) < 10):
        return None
    return parsed, int(version)


class DayForm(forms.Form):
    """Who was the contact on a date."""

    on = forms.DateField(
        label=_("Who was the contact on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "class": "input input-date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args, first, last, **kwargs):
        super().__init__(*args, **kwargs)
        self.first, self.last = first, last
        self.fields["on"].widget.attrs |= {"min": first.isoformat(), "max": last.isoformat()}
        self.fields["on"].error_messages["invalid"] = self._between()

    def clean_on(self):
        day = self.cleaned_data["on"]
        if day is not None and not self.first <= day <= self.last:
            raise ValidationError(self._between(), code="invalid")
        return day

    def _between(self):
        return _("Choose a date between %(first)s and %(last)s.") % {
            "first": plain_date(self.first),
            "last": plain_date(self.last),
        }


class HistoryForm(forms.Form):
    """Which part of a history: the one after the line somebody saw last, towards its beginning."""

    after = CursorField(order=PARTS)

    @property
    def before(self) -> datetime | None:
        """The instant at which that line begins; None for the newest part."""
        cursor = self.cleaned_data.get("after") if self.is_valid() else None
        return PARTS.read(cursor.key) if cursor else None


class FindForm(forms.Form):
    """Find a reseller by name or PartnerID among those the page shows."""

    find = forms.CharField(
        label=_("Find a reseller by name or PartnerID"), required=False, max_length=100, strip=True
    )
