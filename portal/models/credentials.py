"""API credentials: integrations that act for a partner organisation, and the secrets they prove themselves with."""

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from portal.identifiers import uuid7
from portal.permissions import PARTNER_ROLES, Role, capped
from portal.tenancy import TenantQuerySet

#: What secret scanners look for: this and 64 hexadecimal digits, 256 random bits.
PREFIX = "portal_"
_ROLES = [(role.value, role.label) for role in PARTNER_ROLES]


class CredentialQuerySet(TenantQuerySet["Credential"]):
    def visible_to(self, actor):
        """An organisation's own integrations, nobody else's."""
        return self.filter(organisation_id=actor.organisation.pk)

    def unrevoked(self):
        """Those nobody has revoked; some may have expired."""
        return self.filter(revoked_at=None)


class Credential(models.Model):
    """A named integration with one role of its own. Its id is the client id of the token endpoint.

    `carried_by` is whose roles it rests on: who made it, then who last rotated it. It goes on working when that
    person leaves, since it is the organisation's, and says so until somebody who is there rotates it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey("portal.Organisation", models.PROTECT, related_name="credentials")
    name = models.CharField(_("name"), max_length=100)
    role = models.CharField(_("role"), max_length=30, choices=_ROLES)
    created_by = models.ForeignKey("portal.User", models.SET_NULL, null=True, blank=True, related_name="+")
    carried_by = models.ForeignKey("portal.User", models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(_("expires"))
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey("portal.User", models.SET_NULL, null=True, blank=True, related_name="+")

    objects = CredentialQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(name=""),
                name="credential_has_name",
                violation_error_message=_("An integration needs a name."),
            ),
            models.CheckConstraint(
                condition=Q(role__in=[role.value for role in PARTNER_ROLES]),
                name="credential_partner_role",
                violation_error_message=_("This role does not exist."),
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("created_at")),
                name="credential_expires_after_start",
                violation_error_message=_("It cannot end before it begins."),
            ),
            models.UniqueConstraint(
                "organisation",
                Lower("name"),
                condition=Q(revoked_at=None),
                name="credential_name_once",
                violation_error_message=_("Another integration has this name."),
            ),
        ]

    def __str__(self):
        return self.name

    @property
    def roles(self) -> frozenset[Role]:
        """What it may act as: its role, or as much of it as the organisation lets integrations have."""
        return capped(Role(self.role), Role(self.organisation.partner.integrations_at_most))

    @property
    def is_reduced(self) -> bool:
        """Its role holds more than the organisation lets integrations have."""
        return Role(self.role) not in self.roles

    def has_expired(self, at: datetime) -> bool:
        return self.expires_at <= at

    def works(self, at: datetime) -> bool:
        """Neither revoked nor expired at `at`."""
        return self.revoked_at is None and not self.has_expired(at)

    def live_secrets(self, at: datetime) -> list["CredentialSecret"]:
        """Those that open something at `at`, newest first."""
        if not self.works(at):
            return []
        live = [secret for secret in self.secrets.all() if secret.ends_at > at]
        return sorted(live, key=lambda secret: (secret.created_at, secret.pk), reverse=True)

    def secret_in_use(self, at: datetime) -> "CredentialSecret | None":
        """The one that stays beside a new secret: of two the newer, unless nobody has used it yet."""
        live = self.live_secrets(at)
        if len(live) > 1 and live[0].last_used_at is None:
            return live[1]
        return live[0] if live else None


class CredentialSecret(models.Model):
    """One secret of an integration; while it is being rotated there are two. Only the hash is kept.

    `ends_at` only ever moves nearer: a secret that has ended is not brought back by a later expiry.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    credential = models.ForeignKey("portal.Credential", models.CASCADE, related_name="secrets")
    hash = models.CharField(max_length=64, unique=True, db_collation="C")
    # The last four characters, so that people can tell two secrets apart; 240 bits stay unknown.
    ending = models.CharField(max_length=4)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    ends_at = models.DateTimeField()
    # Written at most once a minute, without waiting for anybody (portal.credentials).
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["credential", "-created_at"], name="credentialsecret_credential")]

    def __str__(self):
        return f"{self.credential} …{self.ending}"

    def works(self, at: datetime) -> bool:
        """Opens something at `at`: this secret has not ended, and the integration neither."""
        return self.ends_at > at and self.credential.works(at)
