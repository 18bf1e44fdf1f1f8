"""What would have been recorded, had the invented history happened: events and notes as `portal.audit` writes them.

It is the one other place that adds to the record, and only ever events of organisations invented in the same run.
"""

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from portal.models import Action, AuditEvent, AuditNote, Channel
from portal.permissions import Role
from support_contacts.generating.chance import Chance
from support_contacts.generating.copying import NULL, Table, array, as_json, instant

if TYPE_CHECKING:
    from collections.abc import Mapping


class Named(Protocol):
    """An organisation whose record it is."""

    id: str
    name: str


class Record:
    """Events, each with its actor. `agent` is the person who acts for the first provider."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self.people: dict[str, str] = {}
        self.events = Table(
            AuditEvent,
            *("id", "organisation_id", "at", "action", "channel", "actor_kind", "actor_id", "actor_role"),
            *("actor_organisation_id", "actor_organisation_name", "customer_id", "subscription_id"),
            *("partner_ids", "before", "after", "note_hash"),
        )
        self.notes = Table(AuditNote, "event_id", "text")

    @property
    def tables(self) -> list[Table]:
        return [self.events, self.notes]

    def plain(
        self,
        whose: Named,
        action: Action,
        at: int,
        *,
        after: "Mapping[str, object] | None" = None,
        partners: Sequence[str] = (),
        customer: str = NULL,
    ) -> None:
        """What an operator's command or import did."""
        self.events.add(
            *(self._chance.id_at(at), whose.id, instant(at), action.value, Channel.IMPORT.value, "operator"),
            *(
                NULL,
                "",
                whose.id,
                whose.name,
                customer,
                NULL,
                array(*partners),
                "{}",
                as_json(after or {}),
                "",
            ),
        )

    def choice(
        self,
        whose: Named,
        action: Action,
        at: int,
        *,
        customer: str,
        subscription: str,
        partners: str,
        before: str,
        after: str,
        note: str = "",
        channel: str = "",
    ) -> None:
        """A choice of an agent, an integration or an import; `before` and `after` are JSON already."""
        event = self._chance.id_at(at)
        channel = (
            channel or ("portal", "portal", "portal", "bulk", "import", "api")[int(self._chance.random() * 6)]
        )
        kind, who, role = "person", self.people.get(whose.id, NULL), Role.ADMIN_AGENT.value
        if channel == "import":
            kind, who, role = "operator", NULL, ""
        elif channel == "api":
            kind, who = "integration", NULL
        self.events.add(
            *(event, whose.id, instant(at), action.value, channel, kind, who, role, whose.id, whose.name),
            *(customer, subscription, partners, before, after),
            hashlib.sha256(note.encode()).hexdigest() if note else "",
        )
        if note:
            self.notes.add(event, note)
