"""What happened: one event a change, that nobody can edit or delete (R9)."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.identifiers import uuid7
from portal.permissions import Role
from portal.tenancy import TenantQuerySet


class Channel(models.TextChoices):
    """The door a change came through."""

    PORTAL = "portal", _("portal")
    API = "api", _("API")
    BULK = "bulk", _("bulk")
    IMPORT = "import", _("import")
    RULE = "rule", _("rule")
    COMMAND = "command", _("operator")


class Action(models.TextChoices):
    """Every kind of change the log knows. Alphabetical; a new operation adds its line here."""

    AUDIT_RETENTION_APPLIED = "audit.retention_applied", _("Old record removed")
    CONTACT_REPORTED = "contact.reported", _("Contact reported as wrong")
    CONTACT_REPORT_ANSWERED = "contact.report_answered", _("Report answered")
    CREDENTIAL_CREATED = "credential.created", _("API credential created")
    CREDENTIAL_LIMIT_CHANGED = "credential.limit_changed", _("Highest role of integrations changed")
    CREDENTIAL_RENAMED = "credential.renamed", _("API credential renamed")
    CREDENTIAL_REVOKED = "credential.revoked", _("API credential revoked")
    CREDENTIAL_ROTATED = "credential.rotated", _("New secret for an API credential")
    CREDENTIAL_SECRET_ENDED = "credential.secret_ended", _("Former secret of an API credential ended")
    CUSTOMER_RELATIONSHIP_DECLINED = "customer_relationship.declined", _("Customer relationship declined")
    CUSTOMER_RELATIONSHIP_ENDED = "customer_relationship.ended", _("Customer relationship ended")
    CUSTOMER_RELATIONSHIP_ESTABLISHED = (
        "customer_relationship.established",
        _("Customer relationship established"),
    )
    CUSTOMER_RELATIONSHIP_REQUESTED = "customer_relationship.requested", _("Customer relationship requested")
    CUSTOMER_RELATIONSHIP_WITHDRAWN = "customer_relationship.withdrawn", _("Request withdrawn")
    DELEGATED_ADMIN_DECLINED = "delegated_admin.declined", _("Delegated admin declined")
    DELEGATED_ADMIN_ENDED = "delegated_admin.ended", _("Delegated admin ended")
    DELEGATED_ADMIN_ESTABLISHED = "delegated_admin.established", _("Delegated admin granted")
    DELEGATED_ADMIN_REQUESTED = "delegated_admin.requested", _("Delegated admin requested")
    DELEGATED_ADMIN_WITHDRAWN = "delegated_admin.withdrawn", _("Request for delegated admin withdrawn")
    DESIGNATION_ACKNOWLEDGED = "designation.acknowledged", _("Designation acknowledged")
    DESIGNATION_END_SEEN = "designation.end_seen", _("Seen how a designation ended")
    DESIGNATION_ENDED = "designation.ended", _("Back to provider")
    DESIGNATION_HAND_BACK_PLANNED = "designation.hand_back_planned", _("Hand-back announced")
    DESIGNATION_MADE = "designation.made", _("Support contact designated")
    IMPORT_RUN = "import.run", _("Import")
    MEMBER_INVITED = "member.invited", _("Member invited")
    MEMBER_JOINED = "member.joined", _("Member joined")
    MEMBER_REMOVED = "member.removed", _("Member removed")
    MEMBER_ROLES_CHANGED = "member.roles_changed", _("Roles changed")
    MEMBER_INVITATION_WITHDRAWN = "member.invitation_withdrawn", _("Invitation withdrawn")
    ORGANISATION_CREATED = "organisation.created", _("Organisation created")
    ORGANISATION_INVITED = "organisation.invited", _("Reseller invited")
    ORGANISATION_INVITATION_WITHDRAWN = (
        "organisation.invitation_withdrawn",
        _("Invitation of a reseller withdrawn"),
    )
    PARTNER_SUSPENDED = "partner.suspended", _("Partner suspended")
    PARTNER_SUSPENSION_LIFTED = "partner.suspension_lifted", _("Suspension lifted")
    PERSON_ERASED = "person.erased", _("Person erased")
    POLICY_CHANGED = "policy.changed", _("Policy changed")
    RESELLER_AGREEMENT_CHANGED = "reseller_agreement.changed", _("Support agreement changed")
    RESELLER_RELATIONSHIP_DECLINED = "reseller_relationship.declined", _("Reseller relationship declined")
    RESELLER_RELATIONSHIP_ENDED = "reseller_relationship.ended", _("Reseller relationship ended")
    RESELLER_RELATIONSHIP_ESTABLISHED = (
        "reseller_relationship.established",
        _("Reseller relationship established"),
    )
    RESELLER_RELATIONSHIP_REQUESTED = "reseller_relationship.requested", _("Reseller relationship requested")
    RESELLER_RELATIONSHIP_WITHDRAWN = "reseller_relationship.withdrawn", _("Request withdrawn")
    STEP_ASKED = "step.asked", _("Step asked for")
    STEP_DISMISSED = "step.dismissed", _("Step not needed")
    SUBSCRIPTION_MOVED = "subscription.moved_to_new_commerce", _("Moved to new commerce")
    SUBSCRIPTION_REGISTERED = "subscription.registered", _("Subscription registered for support")
    SUBSCRIPTION_REMOVED = "subscription.removed", _("Registered subscription removed")
    SUPPORT_PROFILE_CHANGED = "support_profile.changed", _("Support profile changed")
    WEBHOOK_CHANGED = "webhook.changed", _("Webhook changed")
    WEBHOOK_CREATED = "webhook.created", _("Webhook created")
    WEBHOOK_DELETED = "webhook.deleted", _("Webhook deleted")
    WEBHOOK_PAUSED = "webhook.paused", _("Webhook paused")
    WEBHOOK_RESUMED = "webhook.resumed", _("Webhook resumed")
    WEBHOOK_ROTATED = "webhook.rotated", _("New secret for a webhook")
    WEBHOOK_SECRET_ENDED = "webhook.secret_ended", _("Former secret of a webhook ended")
    WEBHOOK_STOPPED = "webhook.stopped", _("Webhook stopped by the portal")


class AuditEventQuerySet(TenantQuerySet["AuditEvent"]):
    def visible_to(self, actor):
        """An organisation sees its own record, nobody else's."""
        return self.filter(organisation_id=actor.organisation.pk)


class AuditEvent(models.Model):
    """One change: whose record, who did it in which role, what, before, after, note, channel, request, UTC instant.

    People are ids only, so that a name can be erased while the event stays; organisations are kept as they were
    called. The note may name people: it stands in a row of its own, its hash here. The database refuses UPDATE,
    DELETE and TRUNCATE; only retention (`portal.operations.retention`), as the tables' owner, takes old events away.
    A column that is added here is added to the seals too (`portal.seals.form`).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey("portal.Organisation", models.PROTECT, related_name="+")
    at = models.DateTimeField()
    action = models.CharField(max_length=60, choices=Action.choices)
    channel = models.CharField(max_length=10, choices=Channel.choices)
    # Who: a person, an integration, or the system. No foreign key, so that an account can go and the event stay.
    actor_kind = models.CharField(max_length=12)
    actor_id = models.UUIDField(null=True, blank=True)
    actor_role = models.CharField(max_length=30, blank=True)
    actor_organisation_id = models.UUIDField(null=True, blank=True)
    actor_organisation_name = models.CharField(max_length=200, blank=True)
    # What.
    customer_id = models.UUIDField(null=True, blank=True)
    subscription_id = models.UUIDField(null=True, blank=True)
    partner_ids = ArrayField(models.UUIDField(), default=list, blank=True)
    before = models.JSONField(default=dict, blank=True)
    after = models.JSONField(default=dict, blank=True)
    note_hash = models.CharField(max_length=64, blank=True)
    request_id = models.CharField(max_length=64, blank=True)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["organisation", "-at", "-id"], name="auditevent_org_at"),
            # One for each filter of the activity log, in its order: a page is read off the index at any size.
            models.Index(fields=["organisation", "customer_id", "-at", "-id"], name="auditevent_by_customer"),
            models.Index(
                fields=["organisation", "subscription_id", "-at", "-id"], name="auditevent_by_subscription"
            ),
            models.Index(
                fields=["organisation", "actor_id", "-at", "-id"],
                include=["actor_organisation_id"],
                name="auditevent_by_actor",
            ),
            models.Index(fields=["organisation", "action", "-at", "-id"], name="auditevent_by_action"),
            models.Index(fields=["organisation", "channel", "-at", "-id"], name="auditevent_by_channel"),
        ]

    def __str__(self):
        return f"{self.at:%Y-%m-%d %H:%M} {self.action}"

    @property
    def role_label(self) -> str:
        """The role that allowed the act, in the reader's words."""
        return str(Role(self.actor_role).label) if self.actor_role in Role.values else ""


class AuditNote(models.Model):
    """The words somebody added to a change, for their own organisation only."""

    event = models.OneToOneField("portal.AuditEvent", models.PROTECT, primary_key=True, related_name="note")
    text = models.TextField(max_length=2000)

    def __str__(self):
        return self.text
