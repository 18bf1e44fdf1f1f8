"""Steps that somebody asked a colleague to take."""

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.identifiers import uuid7
from portal.models import ResellerRelationship
from portal.tenancy import TenantQuerySet


class AskQuerySet(TenantQuerySet["Ask"]):
    def visible_to(self, actor):
        return self.filter(provider_id=actor.organisation.pk)

    def open(self):
        """Steps nobody has taken yet."""
        return self.filter(done_at=None).exclude(_related_since())

    def taken_since(self):
        """Steps that were taken without anybody crossing them off: a relationship is asked for in the kernel."""
        return self.filter(_related_since(), done_at=None)


def _related_since() -> Q:
    """A relationship was asked for, or came into being, after this step was asked for."""
    related = ResellerRelationship.objects.filter(
        provider=OuterRef("provider"), reseller=OuterRef("reseller")
    )
    asked_at = OuterRef("asked_at")
    since = Q(requested_at__gte=asked_at) | Q(established_at__gte=asked_at)
    return Q(Q(step="relationship"), Exists(related.filter(since)))


class Ask(models.Model):
    """A step somebody's role does not let them take, put on the list of those who may: one click, prefilled."""

    class Step(models.TextChoices):
        RELATIONSHIP = "relationship", _("Request relationship")
        DELEGATED_ADMIN = "delegated_admin", _("Request delegated admin")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    provider = models.ForeignKey("portal.Partner", models.CASCADE, related_name="+")
    reseller = models.ForeignKey("portal.Partner", models.CASCADE, related_name="+")
    customer = models.ForeignKey(
        "customers.Customer", models.CASCADE, null=True, blank=True, related_name="+"
    )
    step = models.CharField(max_length=20, choices=Step.choices)
    path = models.CharField(max_length=500)
    asked_by = models.ForeignKey("portal.User", models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True, blank=True)

    objects = AskQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "reseller", "customer", "step"],
                condition=Q(done_at=None),
                nulls_distinct=False,
                name="ask_open_once",
                violation_error_message=_("This was asked for already."),
            ),
        ]

    def __str__(self):
        return f"{self.step}: {self.reseller}"
