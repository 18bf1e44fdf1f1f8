"""Partners, their support profile, and the relationships between them."""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from portal.hours import SupportHours
from portal.identifiers import uuid7
from portal.models.lifecycle import Lifecycle, established
from portal.permissions import PARTNER_ROLES, Role
from portal.telephones import Telephone, read
from portal.tenancy import TenantQuerySet
from portal.websites import url_of


class PartnerQuerySet(TenantQuerySet["Partner"]):
    def visible_to(self, actor):
        """Itself, and partners it has or had a reseller relationship with, from either side."""
        own = actor.organisation.pk
        related = ResellerRelationship.objects.between(own)
        return self.filter(
            Q(pk=own) | Q(pk__in=related.values("provider_id")) | Q(pk__in=related.values("reseller_id"))
        )

    def suspended(self, at: datetime):
        """Partners whose account is suspended at `at`."""
        return self.filter(Exists(PartnerSuspension.objects.at(at).filter(partner=OuterRef("pk"))))


class Partner(models.Model):
    """An organisation in the programme. It *is* one or more of provider, direct partner, reseller: dual roles exist."""

    organisation = models.OneToOneField(
        "portal.Organisation", models.PROTECT, primary_key=True, related_name="partner"
    )
    partner_id = models.CharField(_("PartnerID"), max_length=20, blank=True, db_collation="C")
    is_indirect_provider = models.BooleanField(_("indirect provider"), default=False)
    is_direct_partner = models.BooleanField(_("direct partner"), default=False)
    is_indirect_reseller = models.BooleanField(_("indirect reseller"), default=False)
    # R8: designations that do not hold end by themselves after so many days; None leaves them to the agents.
    ends_stale_after_days = models.PositiveSmallIntegerField(null=True, blank=True)

    # The highest role an integration of this partner may act as (DESIGN §6).
    integrations_at_most = models.CharField(
        _("highest role for integrations"),
        max_length=30,
        choices=[(role.value, role.label) for role in PARTNER_ROLES],
        default=Role.ADMIN_AGENT,
    )

    objects = PartnerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(is_indirect_provider=True)
                | Q(is_direct_partner=True)
                | Q(is_indirect_reseller=True),
                name="partner_is_something",
                violation_error_message=_("A partner is a provider, a direct partner or a reseller."),
            ),
            models.CheckConstraint(
                condition=Q(partner_id="") | Q(partner_id__regex=r"^[0-9]+$"),
                name="partner_id_is_digits",
                violation_error_message=_("A PartnerID has digits only."),
            ),
            models.UniqueConstraint(
                fields=["partner_id"],
                condition=~Q(partner_id=""),
                name="partner_id_once",
                violation_error_message=_("Another partner has this PartnerID."),
            ),
            models.CheckConstraint(
                condition=Q(integrations_at_most__in=[role.value for role in PARTNER_ROLES]),
                name="partner_integrations_role",
                violation_error_message=_("This role does not exist."),
            ),
        ]
        indexes = [
            # Whoever acts as reseller no more is found among many thousands that do.
            models.Index(
                fields=["organisation"], condition=Q(is_indirect_reseller=False), name="partner_not_reseller"
            ),
        ]

    def __str__(self):
        return self.organisation.name

    @property
    def name(self) -> str:
        return self.organisation.name

    @property
    def country(self) -> str:
        return self.organisation.country

    @property
    def is_provider(self) -> bool:
        """Sells subscriptions, so it has agents and customers of its own."""
        return self.is_indirect_provider or self.is_direct_partner

    @property
    def kind_label(self) -> str:
        kinds = [
            (self.is_indirect_provider, _("Indirect provider")),
            (self.is_direct_partner, _("Direct partner")),
            (self.is_indirect_reseller, _("Reseller")),
        ]
        return " · ".join(str(label) for holds, label in kinds if holds)

    @property
    def profile(self) -> "SupportProfile":
        """What the partner tells its customers; an empty one where it has given nothing yet."""
        try:
            return self.support_profile
        except SupportProfile.DoesNotExist:
            return SupportProfile(partner=self)


class PartnerSuspensionQuerySet(models.QuerySet["PartnerSuspension"]):
    def at(self, at: datetime):
        """Suspensions in force at `at`."""
        return self.filter(Q(started_at__lte=at) & (Q(ended_at=None) | Q(ended_at__gt=at)))


class PartnerSuspension(models.Model):
    """A time of suspension. It takes eligibility away; a suspended provider stays a contact (R1)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    partner = models.ForeignKey("portal.Partner", models.PROTECT, related_name="suspensions")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=500, blank=True)

    objects = PartnerSuspensionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["partner"],
                condition=Q(ended_at=None),
                name="suspension_open_once",
                violation_error_message=_("This partner is suspended already."),
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=models.F("started_at")),
                name="suspension_ends_after_start",
                violation_error_message=_("It cannot end before it begins."),
            ),
        ]

    def __str__(self):
        return f"{self.partner} {self.started_at:%Y-%m-%d}"


class SupportProfile(models.Model):
    """What a partner tells its customers: the only source of telephone, mail and site that anyone is shown (R7).

    Telephones are kept as typed; what can be parsed with the partner's country gets a `tel:` link, the rest is text.
    """

    partner = models.OneToOneField(
        "portal.Partner", models.CASCADE, primary_key=True, related_name="support_profile"
    )
    email = models.EmailField(_("email"), max_length=254, blank=True)
    telephone = models.CharField(_("telephone"), max_length=50, blank=True)
    website = models.CharField(_("website"), max_length=300, blank=True)
    languages = ArrayField(
        models.CharField(max_length=10), verbose_name=_("languages"), default=list, blank=True
    )
    always_open = models.BooleanField(_("24 hours, every day"), default=False)
    week = models.JSONField(_("office hours"), default=dict, blank=True)
    closed_dates = ArrayField(models.DateField(), verbose_name=_("closed dates"), default=list, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True)
    urgent_telephone = models.CharField(_("urgent telephone"), max_length=50, blank=True)
    urgent_note = models.CharField(_("when to use it"), max_length=200, blank=True)
    updated_at = models.DateTimeField(null=True, blank=True)

    def __str__(self):
        return f"{self.partner}: {self.telephone or self.email or self.website}"

    @property
    def call(self) -> Telephone | None:
        return read(self.telephone, self.partner.organisation.country)

    @property
    def call_urgent(self) -> Telephone | None:
        return read(self.urgent_telephone, self.partner.organisation.country)

    @property
    def hours(self) -> SupportHours:
        zone = self.time_zone or self.partner.organisation.time_zone
        return SupportHours(
            week=self.week, always_open=self.always_open, closed_dates=tuple(self.closed_dates), zone=zone
        )

    @property
    def website_url(self) -> str:
        """The site as a link; empty where what was typed or imported is no web address."""
        return url_of(self.website)


class ResellerRelationshipQuerySet(TenantQuerySet["ResellerRelationship"]):
    def visible_to(self, actor):
        return self.between(actor.organisation.pk)

    def between(self, partner_pk):
        """Relationships this partner is part of, from either side."""
        return self.filter(Q(provider_id=partner_pk) | Q(reseller_id=partner_pk))

    def established(self, at: datetime):
        """Relationships in force at `at`."""
        return self.filter(established(at))


class ResellerRelationship(Lifecycle):
    """Provider ↔ reseller, with their support agreement. One open record per pair; older ones are history."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    provider = models.ForeignKey("portal.Partner", models.PROTECT, related_name="reseller_relationships")
    reseller = models.ForeignKey("portal.Partner", models.PROTECT, related_name="provider_relationships")
    agreement_reference = models.CharField(_("agreement reference"), max_length=100, blank=True)
    agreement_scope = models.CharField(_("scope"), max_length=300, blank=True)
    agreement_valid_until = models.DateField(_("valid until"), null=True, blank=True)
    escalation_contact = models.CharField(_("escalation contact"), max_length=300, blank=True)

    objects = ResellerRelationshipQuerySet.as_manager()

    class Meta:
        constraints = [
            *Lifecycle.constraints("reseller_rel"),
            models.UniqueConstraint(
                fields=["provider", "reseller"],
                condition=Q(ended_at=None),
                name="reseller_rel_open_once",
                violation_error_message=_("There is an open relationship or request already."),
            ),
            models.CheckConstraint(
                condition=~Q(provider=models.F("reseller")),
                name="reseller_rel_two_partners",
                violation_error_message=_("A partner cannot be its own reseller."),
            ),
        ]
        indexes = [
            models.Index(fields=["provider", "reseller"], name="reseller_rel_provider"),
            models.Index(fields=["reseller", "provider"], name="reseller_rel_reseller"),
        ]

    def __str__(self):
        return f"{self.provider} – {self.reseller}"
