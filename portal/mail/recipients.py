"""Who is told: people by the roles they hold at this moment."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q

from portal.models import MailKind, Membership, Organisation, User
from portal.permissions import Role
from portal.zones import zone_for


@dataclass(frozen=True, slots=True)
class Reader:
    """One person, told on behalf of one organisation they belong to."""

    user: User
    organisation: Organisation

    @property
    def language(self) -> str:
        chosen: str = self.user.language
        return chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE

    @property
    def zone(self) -> ZoneInfo:
        return zone_for(self.user.time_zone, None, self.organisation.time_zone)


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
        .exclude(user_id=but)
        .select_related("user", "organisation")
        .order_by("pk")
    )
    return [Reader(row.user, row.organisation) for row in rows if may_be_mailed(row.user, kind)]


def member(
    organisation_id: uuid.UUID, user_id: uuid.UUID | None, *, kind: MailKind, but: uuid.UUID | None = None
) -> list[Reader]:
    """One person, while they are still a member: whoever asked is told of the answer."""
    if user_id is None:
        return []
    rows = Membership.objects.filter(Q(organisation_id=organisation_id, user_id=user_id) & ~Q(user_id=but))
    found = rows.select_related("user", "organisation")
    return [Reader(row.user, row.organisation) for row in found if may_be_mailed(row.user, kind)]


def once(*lists: Iterable[Reader]) -> list[Reader]:
    """All of them, each person once."""
    found: dict[uuid.UUID, Reader] = {}
    for readers in lists:
        for reader in readers:
            found.setdefault(reader.user.pk, reader)
    return list(found.values())
