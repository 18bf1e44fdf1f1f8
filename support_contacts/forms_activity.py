"""What may stand in the address of the activity log: it is the log's whole state."""

import uuid
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.identifiers import canonical_guid
from portal.keyset import CursorField
from portal.models import Channel
from support_contacts.activity.sentences import choices

#: Days outside these are typing errors.
FIRST, LAST = date(2000, 1, 1), date(2199, 12, 31)


class DayField(forms.DateField):
    """A day as browsers send it."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(required=False, widget=widget, input_formats=["%Y-%m-%d"], **kwargs)
        self.error_messages["invalid"] = _("This day does not exist. Write it as in 2026-11-20.")

    def clean(self, value: Any) -> date | None:
        day: date | None = super().clean(value)
        if day is not None and not FIRST <= day <= LAST:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return day


class WordsField(forms.CharField):
    """An id or words, on one line."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, max_length=200, strip=True, **kwargs)
        self.widget.attrs |= {"autocomplete": "off", "spellcheck": "false"}

    def clean(self, value: Any) -> str:
        text = str(super().clean(value))
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise ValidationError(_("The search has characters that cannot be searched for.")) from error
        return text


class ActivityForm(forms.Form):
    """Filters and page. `people` are the groups of the select: who has acted here, or still may."""

    since = DayField(label=_("From day"))
    until = DayField(label=_("To day"))
    person = forms.CharField(
        label=_("Person or integration"), required=False, max_length=64, widget=forms.Select
    )
    customer = WordsField(label=_("Customer"))
    subscription = WordsField(label=_("Subscription"))
    action = forms.ChoiceField(
        label=_("What happened"),
        required=False,
        error_messages={"invalid_choice": _("The log knows no such kind of event.")},
    )
    channel = forms.ChoiceField(
        label=_("Channel"),
        required=False,
        choices=[("", _("Every channel")), *Channel.choices],
        error_messages={"invalid_choice": _("The log knows no such channel.")},
    )
    after = CursorField()
    before = CursorField()

    def __init__(self, data: Any, *, people: list[tuple[str, list[tuple[str, str]]]]) -> None:
        super().__init__(data)
        cast(forms.ChoiceField, self.fields["action"]).choices = [("", _("Everything")), *choices()]
        cast(forms.Select, self.fields["person"].widget).choices = [
            ("", _("Everybody")),
            *self._with_chosen(people),
        ]

    def clean_person(self) -> uuid.UUID | None:
        """Anybody's id may be asked for: of people who are not ours the log has nothing to tell."""
        text = self.cleaned_data["person"]
        if text and canonical_guid(text) is None:
            raise ValidationError(_("Choose somebody of the list."), code="invalid")
        return canonical_guid(text)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        since, until = data.get("since"), data.get("until")
        if since and until and until < since:
            self.add_error("until", _("The last day is before the first one."))
        if self._names_no_customer(data):
            self.add_error("subscription", _("Enter the ID of a subscription, or choose its customer first."))
        return data

    @property
    def begins_at(self) -> datetime | None:
        """The first instant of the first day, where the person is."""
        return _midnight(self.cleaned_data["since"])

    @property
    def ends_at(self) -> datetime | None:
        """The first instant that is too late."""
        day = self.cleaned_data["until"]
        return _midnight(day + timedelta(days=1)) if day else None

    def _names_no_customer(self, data: dict[str, Any]) -> bool:
        text = data.get("subscription")
        return bool(text and canonical_guid(text) is None and not data.get("customer"))

    def _with_chosen(self, people: list[tuple[str, list[tuple[str, str]]]]) -> list[Any]:
        chosen = canonical_guid(self.data.get("person", ""))
        known = {value for _group, members in people for value, _name in members}
        if chosen is None or str(chosen) in known:
            return list(people)
        return [*people, (str(chosen), _("Somebody whose name is not kept"))]


def _midnight(day: date | None) -> datetime | None:
    if day is None:
        return None
    return datetime.combine(day, time.min, tzinfo=timezone.get_current_timezone()).astimezone(UTC)
