"""Links that lead somebody to what they are asked. Authority is role and organisation, never the link (R10)."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from portal.identifiers import uuid7
from portal.tenancy import TenantQuerySet


class AnswerLinkQuerySet(TenantQuerySet["AnswerLink"]):
    def visible_to(self, actor):
        """Those who are to answer. Whoever else opens the link learns nothing from it."""
        return self.filter(organisation_id=actor.organisation.pk)


class AnswerLink(models.Model):
    """Leads the people of one organisation to a request they may answer. Only the hash of its token is kept.

    A new link ends the one before. Opening it changes nothing.
    """

    class Kind(models.TextChoices):
        RESELLER_RELATIONSHIP = "reseller_relationship", _("Reseller relationship")
        CUSTOMER_RELATIONSHIP = "customer_relationship", _("Customer relationship")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    token_hash = models.CharField(max_length=64, unique=True, db_collation="C")
    kind = models.CharField(max_length=30, choices=Kind.choices)
    target_id = models.UUIDField()
    organisation = models.ForeignKey("portal.Organisation", models.CASCADE, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = AnswerLinkQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "target_id"],
                condition=Q(ended_at=None),
                name="answerlink_open_once",
                violation_error_message=_("There is an open link already."),
            ),
        ]

    def __str__(self):
        return f"{self.kind} {self.target_id}"


class OrganisationInvitationQuerySet(TenantQuerySet["OrganisationInvitation"]):
    def visible_to(self, actor):
        """The provider that invited; the invitee holds the link."""
        return self.filter(provider_id=actor.organisation.pk)


class OrganisationInvitation(models.Model):
    """A reseller that is not here yet, asked to come: its PartnerID or tenant id as the inviter typed it.

    The invitee confirms that id; organisation, first global admin and relationship come into being on acceptance.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    token_hash = models.CharField(max_length=64, unique=True, db_collation="C")
    provider = models.ForeignKey("portal.Partner", models.CASCADE, related_name="+")
    email = models.EmailField(_("email"), max_length=254)
    tenant_id = models.UUIDField(_("Microsoft ID"), null=True, blank=True)
    partner_id = models.CharField(_("PartnerID"), max_length=20, blank=True, db_collation="C")
    message = models.CharField(_("message"), max_length=500, blank=True)
    agreement_reference = models.CharField(_("agreement reference"), max_length=100, blank=True)
    agreement_scope = models.CharField(_("scope"), max_length=300, blank=True)
    agreement_valid_until = models.DateField(_("valid until"), null=True, blank=True)
    escalation_contact = models.CharField(_("escalation contact"), max_length=300, blank=True)
    invited_by = models.ForeignKey("portal.User", models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = OrganisationInvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(tenant_id__isnull=False) | ~Q(partner_id=""),
                name="organisation_invitation_names_it",
                violation_error_message=_("Give the PartnerID or the Microsoft ID of the reseller."),
            ),
            models.CheckConstraint(
                condition=Q(partner_id="") | Q(partner_id__regex=r"^[0-9]+$"),
                name="organisation_invitation_digits",
                violation_error_message=_("A PartnerID has digits only."),
            ),
        ]

    def __str__(self):
        return f"{self.provider} → {self.email}"
