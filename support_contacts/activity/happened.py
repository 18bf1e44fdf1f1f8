"""What an event says in the reader's words: a sentence, before and after. Every timeline and list draws on it.

An event is never changed, and its data outlives the code that wrote it: what is missing or of another shape is left
out, never an error.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from customers.models import Ask
from portal.identifiers import canonical_guid
from portal.models import Action, AuditEvent, ResellerRelationship, SupportProfile, WebhookEvent
from portal.permissions import Role
from portal.templatetags.ui import join_words, number, plain_date
from support_contacts.activity.sentences import sentence
from support_contacts.models import ContactReport

#: Whom the customer calls: what these events are about.
CONTACTS = (Action.DESIGNATION_MADE, Action.DESIGNATION_ENDED, Action.SUBSCRIPTION_REMOVED)
_AGREEMENT = ("agreement_reference", "agreement_scope", "agreement_valid_until", "escalation_contact")
#: What is said of these is only that they changed: a week of hours is no line of text.
_LONG = ("week", "closed_dates")


@dataclass(frozen=True, slots=True)
class Change:
    """What was, and what is. `label` says of which field, where there are several; of some only that they changed."""

    label: str = ""
    before: str = ""
    after: str = ""
    only_label: bool = False

    def __str__(self) -> str:
        if self.only_label:
            return self.label
        values = f"{self.before or '–'} → {self.after or '–'}"
        return f"{self.label}: {values}" if self.label else values


@dataclass(frozen=True, slots=True)
class Happened:
    """One event in words."""

    sentence: str
    changes: Sequence[Change] = ()


def happened(event: AuditEvent, *, people: Mapping[uuid.UUID, str], customer: str = "") -> Happened:
    """This event in words. `people` are names of the organisation's own; `customer` what it calls the customer."""
    names = _names(event, people, customer)
    ended_as = str(event.after.get("ended_as") or "") if event.action == Action.DESIGNATION_ENDED else ""
    return Happened(sentence(event.action, names, ended_as=ended_as), _changes(event))


def people_in(events: Iterable[AuditEvent]) -> set[uuid.UUID]:
    """Members whom these events are about."""
    found = (canonical_guid(side.get("user")) for event in events for side in (event.before, event.after))
    return {pk for pk in found if pk is not None}


def contact_line(event: AuditEvent | None, who: str) -> str:
    """How a contact came about, in one line beneath its name: what was done, by whom, in which role, which way.

    Empty for an event that is about something else.
    """
    if event is None or event.action not in (*CONTACTS, Action.SUBSCRIPTION_REGISTERED):
        return ""
    said = {"who": who, "role": event.role_label, "channel": event.get_channel_display()}
    if event.action == Action.DESIGNATION_MADE:
        if who and who != event.role_label:
            return _("Designated by %(who)s, %(role)s · %(channel)s") % said
        return (_("Designated by %(who)s · %(channel)s") if who else _("Designated · %(channel)s")) % said
    ended_as, partner = event.after.get("ended_as"), {"partner": event.actor_organisation_name}
    if ended_as == "declined":
        return _("Declined by %(partner)s") % partner
    if ended_as == "handed_back":
        return _("Handed back by %(partner)s") % partner
    if ended_as == "policy":
        return _("Back to provider: it had not held for too long · rule")
    if event.action == Action.SUBSCRIPTION_REMOVED:
        return _("Removed by the customer")
    if event.action == Action.SUBSCRIPTION_REGISTERED:
        return _("Registered for support by %(who)s") % said if who else _("Registered for support")
    if who and who != event.role_label:
        return _("Back to provider by %(who)s, %(role)s · %(channel)s") % said
    return (
        _("Back to provider by %(who)s · %(channel)s") if who else _("Back to provider · %(channel)s")
    ) % said


# -- the names of a sentence


def _names(event: AuditEvent, people: Mapping[uuid.UUID, str], customer: str) -> dict[str, str]:
    both = {**event.before, **event.after}
    names = {key: text for key, value in both.items() if (text := _name(value))}
    names["partner"] = _name(both.get("partner")) or _name(both.get("reseller"))
    names["reseller"] = _name(both.get("reseller")) or _name(both.get("partner"))
    names["designated"] = _name(event.after.get("designated")) or _name(event.before.get("designated"))
    names["customer"] = customer or _name(both.get("customer"))
    if event.action in (Action.PARTNER_SUSPENDED, Action.PARTNER_SUSPENSION_LIFTED):
        names["name"] = _name(both.get("name"))
    names["roles"] = _roles(both.get("roles"))
    names["role"] = _roles([both.get("role")])
    names["reason"] = _label(ContactReport.Reason, both.get("reason"))
    names["step"] = _label(Ask.Step, both.get("step"))
    files = both.get("files")
    names["files"] = join_words(files) if isinstance(files, list) else ""
    subject = canonical_guid(both.get("user"))
    names["person"] = (people.get(subject, "") if subject else "") or _("Somebody whose name is not kept")
    return names


def _name(value: object) -> str:
    """A name as it was: of an organisation with its id, or by itself."""
    if isinstance(value, dict):
        value = value.get("name")
    return value if isinstance(value, str) else ""


def _label(choices: Any, value: object) -> str:
    return str(choices(value).label) if value in choices.values else ""


def _roles(values: object) -> str:
    held = values if isinstance(values, list) else []
    return join_words([Role(role).label for role in held if role in Role.values])


# -- before and after


def _changes(event: AuditEvent) -> list[Change]:
    before, after = event.before, event.after
    match event.action:
        case Action.DESIGNATION_MADE | Action.DESIGNATION_ENDED | Action.SUBSCRIPTION_REMOVED:
            return _differing([Change("", _name(before.get("contact")), _name(after.get("contact")))])
        case Action.MEMBER_ROLES_CHANGED:
            return _differing([Change("", _roles(before.get("roles")), _roles(after.get("roles")))])
        case Action.CREDENTIAL_LIMIT_CHANGED:
            held, holds = (_roles([side.get("integrations_at_most")]) for side in (before, after))
            return _differing([Change("", held, holds)])
        case Action.CREDENTIAL_RENAMED:
            return _differing([Change("", _name(before.get("name")), _name(after.get("name")))])
        case Action.CREDENTIAL_ROTATED:
            return _differing([Change(_("Expires"), *_days_of(event, "expires_at"))])
        case Action.DESIGNATION_HAND_BACK_PLANNED:
            return _differing([Change("", *_days_of(event, "hands_back_at"))])
        case Action.POLICY_CHANGED:
            return _differing([Change("", _patience(before), _patience(after))])
        case Action.WEBHOOK_CHANGED:
            return _webhook(event)
        case Action.RESELLER_AGREEMENT_CHANGED:
            return _differing([_field(ResellerRelationship, name, before, after) for name in _AGREEMENT])
        case Action.SUPPORT_PROFILE_CHANGED:
            known = {one.name for one in SupportProfile._meta.get_fields()}
            fields = [name for name in {**before, **after} if name in known]
            return _differing([_field(SupportProfile, name, before, after) for name in fields])
    return []


def _differing(changes: Iterable[Change]) -> list[Change]:
    return [change for change in changes if change.only_label or change.before != change.after]


def _days_of(event: AuditEvent, key: str) -> tuple[str, str]:
    return _day(event.before.get(key)), _day(event.after.get(key))


def _day(value: object) -> str:
    try:
        return plain_date(datetime.fromisoformat(value)) if isinstance(value, str) and value else ""
    except ValueError:
        return ""


def _patience(side: Mapping[str, Any]) -> str:
    days = side.get("ends_stale_after_days")
    if not isinstance(days, int):
        return _("never back by itself")
    return ngettext("back after %(n)s day", "back after %(n)s days", days) % {"n": number(days)}


def _webhook(event: AuditEvent) -> list[Change]:
    before, after = event.before, event.after
    changes = [Change(_("Events"), _events(before.get("events")), _events(after.get("events")))]
    if after.get("moved"):
        # The host alone is on record: another path at the same host is a change without values.
        was, now = _name(before.get("address")), _name(after.get("address"))
        changes.append(Change(_("Address"), was, now, only_label=was == now))
    return _differing(changes)


def _events(values: object) -> str:
    known = [value for value in values if value in WebhookEvent.values] if isinstance(values, list) else []
    return join_words([WebhookEvent(value).label for value in known])


def _field(model: Any, name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Change:
    label = str(model._meta.get_field(name).verbose_name)
    label = label[:1].upper() + label[1:]
    if name in _LONG:
        return Change(label, only_label=before.get(name) != after.get(name))
    return Change(label, _plain(before.get(name)), _plain(after.get(name)))


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return "" if value is None else str(value)
