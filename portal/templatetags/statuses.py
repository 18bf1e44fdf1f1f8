"""The words a state is said in, with its icon and tone. One key per noun: French agrees with its noun."""

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Status(NamedTuple):
    """How a state is shown: never by colour alone."""

    icon: str
    tone: str  # ok, wait, warn, bad, off
    word: str | Promise


STATUSES: dict[str, Status] = {
    "subscription.none": Status("minus-circle", "off", pgettext_lazy("subscription", "No status")),
    "subscription.active": Status("check-circle", "ok", pgettext_lazy("subscription", "Active")),
    "subscription.pending": Status("clock", "wait", pgettext_lazy("subscription", "Pending")),
    "subscription.suspended": Status("pause-circle", "off", pgettext_lazy("subscription", "Suspended")),
    "subscription.expired": Status("minus-circle", "off", pgettext_lazy("subscription", "Expired")),
    "subscription.disabled": Status("minus-circle", "off", pgettext_lazy("subscription", "Disabled")),
    "subscription.deleted": Status("minus-circle", "off", pgettext_lazy("subscription", "Deleted")),
    "subscription.ended": Status("minus-circle", "off", pgettext_lazy("subscription", "Ended")),
    # a relationship between two organisations
    "relationship.established": Status("check-circle", "ok", pgettext_lazy("relationship", "Established")),
    "relationship.requested": Status("clock", "wait", pgettext_lazy("relationship", "Requested")),
    "relationship.waiting": Status("clock", "wait", pgettext_lazy("relationship", "Waiting for you")),
    "relationship.declined": Status("x-circle", "off", pgettext_lazy("relationship", "Declined")),
    "relationship.withdrawn": Status("minus-circle", "off", pgettext_lazy("relationship", "Withdrawn")),
    "relationship.lapsed": Status("minus-circle", "off", pgettext_lazy("relationship", "Lapsed")),
    "relationship.ended": Status("minus-circle", "off", pgettext_lazy("relationship", "Ended")),
    "relationship.missing": Status("link", "wait", _("No relationship")),
    "customer.established": Status("check-circle", "ok", _("Relationship established")),
    # delegated admin: "privilèges" in French
    "delegated_admin.active": Status("key", "ok", pgettext_lazy("delegated admin", "Active")),
    "delegated_admin.requested": Status("clock", "wait", pgettext_lazy("delegated admin", "Requested")),
    "delegated_admin.declined": Status("x-circle", "off", pgettext_lazy("delegated admin", "Declined")),
    "delegated_admin.withdrawn": Status("minus-circle", "off", pgettext_lazy("delegated admin", "Withdrawn")),
    "delegated_admin.lapsed": Status("minus-circle", "off", pgettext_lazy("delegated admin", "Lapsed")),
    "delegated_admin.expired": Status("minus-circle", "off", pgettext_lazy("delegated admin", "Expired")),
    "delegated_admin.ended": Status("minus-circle", "off", pgettext_lazy("delegated admin", "Ended")),
    "delegated_admin.missing": Status("shield-exclamation", "wait", _("No delegated admin")),
    "delegated_admin.none": Status("minus-circle", "off", pgettext_lazy("delegated admin", "None")),
    "delegated_admin.ends": Status("clock", "warn", _("Ends soon")),
    # a partner
    "reseller.eligible": Status("check-circle", "ok", _("Eligible")),
    "reseller.not_eligible": Status("exclamation-triangle", "warn", _("Not eligible")),
    "reseller.suspended": Status("no-symbol", "bad", pgettext_lazy("reseller", "Suspended")),
    "partner.no_telephone": Status("exclamation-triangle", "warn", _("No telephone")),
    "partner.open": Status("clock", "ok", _("Open now")),
    "partner.closed": Status("moon", "off", _("Closed")),
    "partner.no_hours": Status("question-mark-circle", "off", _("Hours not given")),
    # an integration
    "credential.active": Status("check-circle", "ok", pgettext_lazy("credential", "Active")),
    "credential.expires": Status("clock", "warn", _("Expires soon")),
    "credential.expired": Status("minus-circle", "off", pgettext_lazy("credential", "Expired")),
    "credential.revoked": Status("no-symbol", "off", pgettext_lazy("credential", "Revoked")),
    "credential.left": Status("exclamation-triangle", "warn", _("Its creator has left")),
    "credential.lacks": Status("exclamation-triangle", "warn", _("Its creator lost the role")),
    "credential.reduced": Status("exclamation-triangle", "warn", _("Acts with less")),
    # a webhook, and one event on its way to it
    "webhook.active": Status("check-circle", "ok", pgettext_lazy("webhook", "Active")),
    "webhook.failing": Status("exclamation-triangle", "warn", pgettext_lazy("webhook", "Failing")),
    "webhook.paused": Status("pause-circle", "off", pgettext_lazy("webhook", "Paused")),
    "webhook.stopped": Status("no-symbol", "bad", pgettext_lazy("webhook", "Stopped")),
    "delivery.waiting": Status("clock", "wait", pgettext_lazy("delivery", "Waiting")),
    "delivery.again": Status("arrow-path", "warn", pgettext_lazy("delivery", "Tried again")),
    "delivery.delivered": Status("check-circle", "ok", pgettext_lazy("delivery", "Delivered")),
    "delivery.failed": Status("exclamation-triangle", "bad", pgettext_lazy("delivery", "Failed")),
    "delivery.withheld": Status("minus-circle", "off", pgettext_lazy("delivery", "Not sent any more")),
    # a mail
    "mail.waiting": Status("clock", "wait", pgettext_lazy("mail", "Waiting")),
    "mail.sent": Status("check-circle", "ok", pgettext_lazy("mail", "Sent")),
    "mail.failed": Status("exclamation-triangle", "bad", pgettext_lazy("mail", "Failed")),
    "mail.unknown": Status(
        "question-mark-circle", "warn", pgettext_lazy("mail", "Not known whether it arrived")
    ),
    "mail.withheld": Status("minus-circle", "off", pgettext_lazy("mail", "Not sent any more")),
    # a customer or a contact in a list
    "contact.in_order": Status("check", "ok", _("In order")),
    "contact.needs_attention": Status("exclamation-triangle", "warn", _("Needs attention")),
    "contact.changed": Status("check-circle", "ok", _("Changed")),
    "contact.ends": Status("clock", "warn", _("Ends soon")),
    "contact.ended": Status("minus-circle", "off", pgettext_lazy("designation", "Ended")),
    "contact.subscription_ended": Status("minus-circle", "off", _("Subscription ended")),
    # why a designation is not in force
    "cause.relationship_ended": Status("exclamation-triangle", "warn", _("Relationship ended")),
    "cause.delegated_admin_expired": Status("exclamation-triangle", "warn", _("Delegated admin expired")),
    "cause.delegated_admin_ended": Status("exclamation-triangle", "warn", _("Delegated admin ended")),
    "cause.reseller_suspended": Status("exclamation-triangle", "warn", _("Reseller suspended")),
    "cause.declined": Status("exclamation-triangle", "warn", pgettext_lazy("cause", "Declined")),
    "cause.handed_back": Status("exclamation-triangle", "warn", pgettext_lazy("cause", "Handed back")),
    "cause.new_commerce": Status("exclamation-triangle", "warn", _("Moved to new commerce")),
    # a person's membership
    "member.invited": Status("clock", "wait", pgettext_lazy("member", "Invited")),
}

REASONS: dict[str, tuple[str, str]] = {  # R4 code -> icon, tone of the reason row
    "reseller_suspended": ("no-symbol", "bad"),
    "relationship_missing": ("link", "wait"),
    "relationship_requested": ("clock", "wait"),
    "relationship_declined": ("x-circle", "off"),
    "relationship_lapsed": ("minus-circle", "off"),
    "relationship_ended": ("minus-circle", "off"),
    "delegated_admin_missing": ("shield-exclamation", "wait"),
    "delegated_admin_requested": ("clock", "wait"),
    "delegated_admin_declined": ("x-circle", "off"),
    "delegated_admin_lapsed": ("minus-circle", "off"),
    "delegated_admin_expired": ("exclamation-triangle", "warn"),
    "delegated_admin_ended": ("minus-circle", "off"),
}

NOTICES: dict[str, tuple[str, str]] = {  # tone -> icon, attributes by which it is announced
    "ok": ("check-circle", ' role="status"'),
    "warn": ("exclamation-triangle", ""),
    "wait": ("clock", ""),
    "info": ("information-circle", ""),
    "bad": ("exclamation-circle", ' role="alert" tabindex="-1" autofocus'),
}
