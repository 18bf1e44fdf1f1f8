"""How integrations stand, as an organisation's pages tell it: state, what they may do, who answers for them."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.models import Credential, CredentialSecret, Membership
from portal.permissions import Role, covers, role_labels

SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Integration:
    """One integration at an instant. Nothing here asks the database."""

    row: Credential
    state: str  # of portal.templatetags.statuses
    word: str
    role: str
    acts_as: list[str]
    live: list[CredentialSecret]
    last_used_at: datetime | None
    #: Why nobody who is here answers for it: "left", "lacks" (the role), or nothing.
    unanswered: str
    carrier: str

    @property
    def works(self) -> bool:
        return bool(self.live)

    @property
    def former(self) -> CredentialSecret | None:
        """The secret that goes on working beside the newest."""
        return self.live[1] if len(self.live) > 1 else None


def described(rows: Sequence[Credential], now: datetime) -> list[Integration]:
    """These integrations with everything told of them: one query more for all of their carriers."""
    roles = _roles_of_carriers(rows)
    return [_described(row, roles, now) for row in rows]


def _described(row: Credential, roles: dict[uuid.UUID, frozenset[Role]], now: datetime) -> Integration:
    state, word = _state(row, now)
    role, works = Role(row.role), row.works(now)
    held = roles.get(row.carried_by_id) if row.carried_by_id else None
    unanswered = "" if held is not None and covers(held, role) else "left" if held is None else "lacks"
    return Integration(
        row=row,
        state=state,
        word=word,
        role=str(role.label),
        acts_as=_acts_as(row) if row.is_reduced else [],
        live=row.live_secrets(now),
        last_used_at=max((s.last_used_at for s in row.secrets.all() if s.last_used_at), default=None),
        unanswered=unanswered if works else "",
        carrier=str(row.carried_by or ""),
    )


def _acts_as(row: Credential) -> list[str]:
    """The roles left to it, without those that another of them holds anyway."""
    left = row.roles
    return role_labels(
        role for role in Role if role in left and not any(covers([other], role) for other in left - {role})
    )


def _state(row: Credential, now: datetime) -> tuple[str, str]:
    """The key of the state and, where it has one, its own word."""
    if row.revoked_at is not None:
        return "credential.revoked", ""
    if row.has_expired(now):
        return "credential.expired", ""
    left = row.expires_at - now
    if left > SOON:
        return "credential.active", ""
    text = ngettext("Expires in %(n)s day", "Expires in %(n)s days", left.days)
    return "credential.expires", text % {"n": left.days} if left.days else _("Expires today")


def _roles_of_carriers(rows: Iterable[Credential]) -> dict[uuid.UUID, frozenset[Role]]:
    """What those who carry integrations are now; who has left is not in it."""
    people = {row.carried_by_id for row in rows if row.carried_by_id}
    organisations = {row.organisation_id for row in rows}
    if not people:
        return {}
    found = Membership.objects.filter(organisation__in=organisations, user__in=people, user__is_active=True)
    return {member.user_id: frozenset(Role(role) for role in member.roles) for member in found}
