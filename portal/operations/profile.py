"""The support profile: what a partner tells its customers."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.actor import Actor
from portal.audit import record
from portal.authority import still
from portal.errors import Conflict, NotVisible
from portal.locks import patience
from portal.models import Action, AuditEvent, Partner, SupportProfile
from portal.permissions import Permission, require

FIELDS = (
    "email",
    "telephone",
    "website",
    "languages",
    "always_open",
    "week",
    "closed_dates",
    "time_zone",
    "urgent_telephone",
    "urgent_note",
)


class Version(Enum):
    """The version of somebody who loaded none: a client of the API, where the last write wins."""

    WHATEVER = "whatever"


@patience()
@transaction.atomic(durable=True)
def change_support_profile(
    partner: Partner, *, values: Mapping[str, Any], version: datetime | Version | None, acting: Actor
) -> AuditEvent | None:
    """Write these fields of the actor's own profile. Nothing different: nothing is written.

    `version` is `updated_at` as the form was loaded with: what somebody else wrote since is not overwritten unseen.
    """
    return change_support_profile_here(partner, values=values, version=version, acting=acting)


def change_support_profile_here(
    partner: Partner, *, values: Mapping[str, Any], version: datetime | Version | None, acting: Actor
) -> AuditEvent | None:
    """The same inside the caller's transaction."""
    require(acting, Permission.PROFILE_EDIT)
    if partner.pk != acting.organisation.pk:
        raise NotVisible
    acting = still(acting, Permission.PROFILE_EDIT)
    wanted = {field: values[field] for field in FIELDS if field in values}
    profile = _locked(partner)
    if not _differing(profile, wanted):
        return None
    if profile._state.adding:
        SupportProfile.objects.get_or_create(partner=partner)
        profile = _locked(partner)
    changed = _differing(profile, wanted)
    if not changed:
        return None
    if version is not Version.WHATEVER and profile.updated_at != version:
        raise Conflict(_("Somebody changed the support profile after you opened it."), profile=profile)
    before = {field: _plain(getattr(profile, field)) for field in changed}
    now = timezone.now()
    for field, value in changed.items():
        setattr(profile, field, value)
    profile.updated_at = now
    profile.save(update_fields=[*changed, "updated_at"])
    return record(
        Action.SUPPORT_PROFILE_CHANGED,
        acting=acting,
        organisation=acting.organisation,
        at=now,
        permission=Permission.PROFILE_EDIT,
        before=before,
        after={field: _plain(value) for field, value in changed.items()},
        partner_ids=[partner.pk],
    )


def _locked(partner: Partner) -> SupportProfile:
    """The stored profile, held; an empty one where there is none yet."""
    return SupportProfile.objects.select_for_update().filter(partner=partner).first() or SupportProfile(
        partner=partner
    )


def _differing(profile: SupportProfile, wanted: Mapping[str, Any]) -> dict[str, Any]:
    return {field: value for field, value in wanted.items() if getattr(profile, field) != value}


def _plain(value: object) -> object:
    if isinstance(value, list):
        return [item.isoformat() if isinstance(item, date) else item for item in value]
    return value
