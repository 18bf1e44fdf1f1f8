"""Many changes asked for at once, and what came of each."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.identifiers import uuid7
from portal.tenancy import TenantQuerySet


class RepairQuerySet(TenantQuerySet["Repair"]):
    def visible_to(self, actor):
        return self.filter(provider_id=actor.organisation.pk)


class Repair(models.Model):
    """One "back to provider" or "replace with …" for many subscriptions: selected, planned, submitted once.

    Until it is submitted it is a selection and changes nothing. `outcomes` maps subscriptions to what came of them
    (`Outcome`, and why); it grows chunk by chunk with the changes it tells of. Each change has its own audit event:
    this row is what the pages are read from.
    """

    class Outcome(models.TextChoices):
        CHANGED = "changed", _("Changed")
        ALREADY = "already", _("Already so")
        NOT_ELIGIBLE = "not_eligible", _("Not eligible")
        EXCLUDED = "excluded", _("Excluded")
        CONFLICT = "conflict", _("Changed meanwhile")
        BUSY = "busy", _("Held by somebody else")
        GONE = "gone", _("No longer yours")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    provider = models.ForeignKey("portal.Partner", models.CASCADE, related_name="+")
    # The chosen reseller; the provider itself for "back to provider".
    partner = models.ForeignKey("portal.Partner", models.CASCADE, null=True, blank=True, related_name="+")
    user = models.ForeignKey("portal.User", models.SET_NULL, null=True, related_name="+")
    selection = models.JSONField(default=list)
    # How many answered the filter, where more did than one repair takes.
    matched = models.PositiveIntegerField(default=0)
    origin = models.CharField(max_length=2000, blank=True)
    outcomes = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = RepairQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["provider", "-created_at"], name="repair_of_provider")]

    def __str__(self):
        return f"{self.provider} → {self.partner}: {len(self.selection)}"
