"""Who is told: people by the roles they hold at this moment."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.conf import settings

from portal.models import MailKind, Membership, Organisation, User
from portal.permissions import Role
from portal.zones import zone_for


@dataclass(frozen=True, slots=True)
class Reader:
    """One person, told of one organisation they belong to."""

    user: User
    organisation: Organisation

    @property
    def address(self) -> str:
        return self.user.email

    @property
    def language(self) -> str:
        return language_of(self.user)

    @property
    def zone(self) -> ZoneInfo:
        return zone_for(self.user.time_zone, None, self.organisation.time_zone)


@dataclass(frozen=True, slots=True)
class Outsider:
    """Somebody without an account, invited by an organisation: read to in the language of whoever invites."""

    address: str
    organisation: Organisation
    language: str
    user: None = None

    @property
    def zone(self) -> ZoneInfo:
        return zone_for(None, None, self.organisation.time_zone)


def language_of(user: User | None) -> str:
    """A person's own language, else the portal's."""
    chosen: str = user.language if user else ""
    return chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def may_be_mailed(user: User, kind: MailKind | str) -> bool:
    """Whether this person is to get mails of this kind at all: there, wanting them, and no figure of the demo."""
    return user.is_active and kind not in user.mail_off and (settings.DEMO or not user.is_demo)


def people(
    organisation_id: uuid.UUID, *roles: Role, kind: MailKind, but: uuid.UUID | None = None
) -> list[Reader]:
    """Members holding one of these roles who want this kind of mail; nobody is told of their own act (`but`)."""
    rows = (
        Membership.objects.filter(
            organisation_id=organisation_id, roles__overlap=[role.value for role in roles]
        )
        .select_related("user", "organisation")
        .order_by("pk")
    )
    return [
        Reader(row.user, row.organisation)
        for row in rows
        if row.user_id != but and may_be_mailed(row.user, kind)
    ]


def member(
    organisation_id: uuid.UUID, user_id: uuid.UUID | None, *, kind: MailKind, but: uuid.UUID | None = None
) -> list[Reader]:
    """One person, while they are still a member: whoever asked is told of the answer."""
    if user_id is None or user_id == but:
        return []
    rows = Membership.objects.filter(organisation_id=organisation_id, user_id=user_id)
    found = rows.select_related("user", "organisation")
    return [Reader(row.user, row.organisation) for row in found if may_be_mailed(row.user, kind)]


def once(*lists: Iterable[Reader]) -> list[Reader]:
    """All of them, each person once."""
    found: dict[uuid.UUID, Reader] = {}
    for readers in lists:
        for reader in readers:
            found.setdefault(reader.user.pk, reader)
    return list(found.values())
