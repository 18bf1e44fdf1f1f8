"""The admin rights customers have granted to partners."""

from datetime import datetime

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from customers.models.relationship import CustomerRelationship
from portal.identifiers import uuid7
from portal.models import Lifecycle, State, established
from portal.tenancy import TenantQuerySet


def _active(at: datetime) -> Q:
    return established(at) & (Q(ends_at=None) | Q(ends_at__gt=at))


class DelegatedAdminQuerySet(TenantQuerySet["DelegatedAdmin"]):
    def visible_to(self, actor):
        """As the relationship it belongs to; a grant not asked for us is told only while it is active (R4)."""
        me, now = actor.organisation.pk, timezone.now()
        relationships = CustomerRelationship.objects.visible_to(actor)
        return self.filter(relationship__in=relationships).filter(
            Q(relationship__partner_id=me)
            | Q(relationship__customer_id=me)
            | Q(requested_for_id=me)
            | _active(now)
        )

    def active(self, at: datetime):
        """Grants in force at `at`: begun, not ended, before the agreed end. No job has to run for that (R7)."""
        return self.filter(_active(at))

    def of(self, partner, customer):
        """Grants of one partner at one customer; each may be an id or an outer reference."""
        return self.filter(relationship__partner=partner, relationship__customer=customer)


class DelegatedAdmin(Lifecycle):
    """A customer's grant of admin rights to a partner. Several may be in force at once, as GDAP allows.

    `ends_at` is what was agreed, `ended_at` what happened. Only imported DAP has no agreed end.
    """

    class Kind(models.TextChoices):
        DAP = "dap", "DAP"
        GDAP = "gdap", "GDAP"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    relationship = models.ForeignKey(
        "customers.CustomerRelationship", models.PROTECT, related_name="delegated_admins"
    )
    kind = models.CharField(max_length=4, choices=Kind.choices, default=Kind.GDAP)
    source_id = models.CharField(max_length=100, blank=True)
    requested_for = models.ForeignKey(
        "portal.Partner", models.PROTECT, null=True, blank=True, related_name="+"
    )
    # Asked for: how many days it lasts from the moment the customer accepts (Microsoft: at most two years).
    days = models.PositiveSmallIntegerField(_("days"), null=True, blank=True)
    ends_at = models.DateTimeField(_("ends"), null=True, blank=True)

    objects = DelegatedAdminQuerySet.as_manager()

    class Meta:
        constraints = [
            *Lifecycle.constraints("delegated_admin"),
            models.CheckConstraint(
                condition=Q(kind="dap") | Q(ends_at__isnull=False) | Q(established_at=None),
                name="delegated_admin_has_end",
                violation_error_message=_("Delegated admin has an end date."),
            ),
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(established_at=None) | Q(ends_at__gte=F("established_at")),
                name="delegated_admin_agreed_end",
                violation_error_message=_("It cannot end before it begins."),
            ),
            models.CheckConstraint(
                condition=Q(days=None) | Q(days__range=(1, 730)),
                name="delegated_admin_days",
                violation_error_message=_("Delegated admin lasts between 1 and 730 days."),
            ),
            models.UniqueConstraint(
                fields=["relationship"],
                condition=Q(kind="dap", ended_at=None),
                name="delegated_admin_dap_once",
                violation_error_message=_("This partner has delegated admin (DAP) here already."),
            ),
            models.UniqueConstraint(
                fields=["relationship", "source_id"],
                condition=~Q(source_id=""),
                name="delegated_admin_source_once",
                violation_error_message=_("This delegated admin relationship is here already."),
            ),
        ]
        indexes = [
            models.Index(fields=["relationship", "established_at"], name="delegated_admin_rel"),
            # What has run out or was ended, and what soon will be: found from the end, among all grants there are.
            models.Index(fields=["ends_at"], name="delegated_admin_ends"),
            models.Index(
                fields=["ended_at"], condition=Q(ended_at__isnull=False), name="delegated_admin_ended"
            ),
        ]

    def __str__(self):
        return f"{self.relationship.partner} @ {self.relationship}"

    def ends(self) -> datetime | None:
        """When it stops counting: what happened, or else what was agreed; None for never."""
        known = [instant for instant in (self.ended_at, self.ends_at) if instant is not None]
        return min(known, default=None)

    def is_active(self, at: datetime) -> bool:
        return self.state(at) == State.ESTABLISHED

    def state(self, at: datetime) -> State:
        base = super().state(at)
        if base == State.ESTABLISHED and self.ends_at is not None and self.ends_at <= at:
            return State.EXPIRED
        return base

    def changed_at(self, at: datetime) -> datetime:
        last = super().changed_at(at)
        if self.state(at) == State.EXPIRED and self.ends_at is not None and self.ended_at is None:
            return max(last, self.ends_at)
        return last


def active_grant(partner: OuterRef | F, customer: OuterRef | F, at: datetime) -> Exists:
    """Does this partner hold delegated admin at this customer at `at`? For use in larger questions."""
    return Exists(DelegatedAdmin.objects.active(at).of(partner, customer))
