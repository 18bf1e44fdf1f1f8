from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0003_relationships_answered"),
    ]

    operations = [
        migrations.AlterField(
            model_name="auditevent",
            name="action",
            field=models.CharField(
                choices=[
                    ("contact.reported", "Contact reported as wrong"),
                    ("contact.report_answered", "Report answered"),
                    ("customer_relationship.declined", "Customer relationship declined"),
                    ("customer_relationship.ended", "Customer relationship ended"),
                    ("customer_relationship.established", "Customer relationship established"),
                    ("customer_relationship.requested", "Customer relationship requested"),
                    ("customer_relationship.withdrawn", "Request withdrawn"),
                    ("delegated_admin.declined", "Delegated admin declined"),
                    ("delegated_admin.ended", "Delegated admin ended"),
                    ("delegated_admin.established", "Delegated admin granted"),
                    ("delegated_admin.requested", "Delegated admin requested"),
                    ("delegated_admin.withdrawn", "Request for delegated admin withdrawn"),
                    ("designation.acknowledged", "Designation acknowledged"),
                    ("designation.ended", "Back to provider"),
                    ("designation.hand_back_planned", "Hand-back announced"),
                    ("designation.made", "Support contact designated"),
                    ("import.run", "Import"),
                    ("member.invited", "Member invited"),
                    ("member.joined", "Member joined"),
                    ("member.removed", "Member removed"),
                    ("member.roles_changed", "Roles changed"),
                    ("member.invitation_withdrawn", "Invitation withdrawn"),
                    ("organisation.created", "Organisation created"),
                    ("organisation.invited", "Reseller invited"),
                    ("organisation.invitation_withdrawn", "Invitation of a reseller withdrawn"),
                    ("partner.suspended", "Partner suspended"),
                    ("partner.suspension_lifted", "Suspension lifted"),
                    ("policy.changed", "Policy changed"),
                    ("reseller_agreement.changed", "Support agreement changed"),
                    ("reseller_relationship.declined", "Reseller relationship declined"),
                    ("reseller_relationship.ended", "Reseller relationship ended"),
                    ("reseller_relationship.established", "Reseller relationship established"),
                    ("reseller_relationship.requested", "Reseller relationship requested"),
                    ("reseller_relationship.withdrawn", "Request withdrawn"),
                    ("subscription.moved_to_new_commerce", "Moved to new commerce"),
                    ("subscription.registered", "Subscription registered for support"),
                    ("subscription.removed", "Registered subscription removed"),
                    ("support_profile.changed", "Support profile changed"),
                ],
                max_length=60,
            ),
        ),
    ]
