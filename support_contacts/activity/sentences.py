"""One sentence for every kind of event, and the kinds they are grouped by. Names in them are as they were."""

import re
from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.models import Action

#: Of an action's value, what stands before the point: the groups of the filter, in this order.
KINDS: Mapping[str, str | Promise] = {
    "designation": _("Support contacts"),
    "contact": _("Reports of customers"),
    "subscription": _("Subscriptions"),
    "customer_relationship": _("Customer relationships"),
    "delegated_admin": _("Delegated admin"),
    "reseller_relationship": _("Reseller relationships"),
    "reseller_agreement": _("Reseller relationships"),
    "step": _("Steps for a colleague"),
    "member": _("Members"),
    "organisation": _("Organisation"),
    "support_profile": _("Organisation"),
    "policy": _("Organisation"),
    "partner": _("Organisation"),
    "credential": _("API credentials"),
    "webhook": _("Webhooks"),
    "import": _("Imports"),
}
#: Where no kind is known.
OTHER = _("Other")

SENTENCES: Mapping[str, str | Promise] = {
    Action.CONTACT_REPORTED: _("Contact %(contact)s reported as wrong: %(reason)s"),
    Action.CONTACT_REPORT_ANSWERED: _("Report on %(contact)s answered"),
    Action.CREDENTIAL_CREATED: _("API credential %(name)s created, acting as %(role)s"),
    Action.CREDENTIAL_LIMIT_CHANGED: _("Highest role of integrations changed"),
    Action.CREDENTIAL_RENAMED: _("API credential renamed"),
    Action.CREDENTIAL_REVOKED: _("API credential %(name)s revoked"),
    Action.CREDENTIAL_ROTATED: _("New secret for API credential %(name)s"),
    Action.CREDENTIAL_SECRET_ENDED: _("Former secret of API credential %(name)s ended"),
    Action.CUSTOMER_RELATIONSHIP_DECLINED: _("Relationship of %(partner)s with %(customer)s declined"),
    Action.CUSTOMER_RELATIONSHIP_ENDED: _("Relationship of %(partner)s with %(customer)s ended"),
    Action.CUSTOMER_RELATIONSHIP_ESTABLISHED: _("Relationship of %(partner)s with %(customer)s established"),
    Action.CUSTOMER_RELATIONSHIP_REQUESTED: _("Relationship of %(partner)s with %(customer)s requested"),
    Action.CUSTOMER_RELATIONSHIP_WITHDRAWN: _("Request of %(partner)s to %(customer)s withdrawn"),
    Action.DELEGATED_ADMIN_DECLINED: _("Delegated admin of %(partner)s at %(customer)s declined"),
    Action.DELEGATED_ADMIN_ENDED: _("Delegated admin of %(partner)s at %(customer)s ended"),
    Action.DELEGATED_ADMIN_ESTABLISHED: _("Delegated admin of %(partner)s at %(customer)s granted"),
    Action.DELEGATED_ADMIN_REQUESTED: _("Delegated admin of %(partner)s at %(customer)s requested"),
    Action.DELEGATED_ADMIN_WITHDRAWN: _(
        "Request for delegated admin of %(partner)s at %(customer)s withdrawn"
    ),
    Action.DESIGNATION_ACKNOWLEDGED: _("%(designated)s acknowledged the designation"),
    Action.DESIGNATION_END_SEEN: _("Seen how the designation of %(designated)s ended"),
    Action.DESIGNATION_ENDED: _("Designation of %(designated)s ended, back to %(contact)s"),
    Action.DESIGNATION_HAND_BACK_PLANNED: _("Date on which %(designated)s hands it back changed"),
    Action.DESIGNATION_MADE: _("%(designated)s designated as support contact"),
    Action.IMPORT_RUN: _("Import of %(files)s"),
    Action.MEMBER_INVITED: _("Somebody invited as %(roles)s"),
    Action.MEMBER_JOINED: _("%(person)s joined as %(roles)s"),
    Action.MEMBER_REMOVED: _("%(person)s removed from the members"),
    Action.MEMBER_ROLES_CHANGED: _("Roles of %(person)s changed"),
    Action.MEMBER_INVITATION_WITHDRAWN: _("Invitation as %(roles)s withdrawn"),
    Action.ORGANISATION_CREATED: _("%(name)s added to the portal"),
    Action.ORGANISATION_INVITED: _("Reseller with PartnerID %(partner_id)s invited"),
    Action.ORGANISATION_INVITATION_WITHDRAWN: _(
        "Invitation of the reseller with PartnerID %(partner_id)s withdrawn"
    ),
    Action.PARTNER_SUSPENDED: _("%(name)s suspended"),
    Action.PARTNER_SUSPENSION_LIFTED: _("Suspension of %(name)s lifted"),
    Action.POLICY_CHANGED: _("Policy on designations that no longer hold changed"),
    Action.RESELLER_AGREEMENT_CHANGED: _("Support agreement with %(reseller)s changed"),
    Action.RESELLER_RELATIONSHIP_DECLINED: _("Reseller relationship with %(reseller)s declined"),
    Action.RESELLER_RELATIONSHIP_ENDED: _("Reseller relationship with %(reseller)s ended"),
    Action.RESELLER_RELATIONSHIP_ESTABLISHED: _("Reseller relationship with %(reseller)s established"),
    Action.RESELLER_RELATIONSHIP_REQUESTED: _("Reseller relationship with %(reseller)s requested"),
    Action.RESELLER_RELATIONSHIP_WITHDRAWN: _("Request to the reseller %(reseller)s withdrawn"),
    Action.STEP_ASKED: _("Colleagues asked for a step concerning %(reseller)s: %(step)s"),
    Action.STEP_DISMISSED: _("Step concerning %(reseller)s not needed: %(step)s"),
    Action.SUBSCRIPTION_MOVED: _("Subscription moved to new commerce"),
    Action.SUBSCRIPTION_REGISTERED: _("%(offer)s registered for support"),
    Action.SUBSCRIPTION_REMOVED: _("Registered subscription removed"),
    Action.SUPPORT_PROFILE_CHANGED: _("Support profile changed"),
    Action.WEBHOOK_CHANGED: _("Webhook to %(address)s changed"),
    Action.WEBHOOK_CREATED: _("Webhook to %(address)s created"),
    Action.WEBHOOK_DELETED: _("Webhook to %(address)s deleted"),
    Action.WEBHOOK_PAUSED: _("Webhook to %(address)s paused"),
    Action.WEBHOOK_RESUMED: _("Webhook to %(address)s resumed"),
    Action.WEBHOOK_ROTATED: _("New secret for the webhook to %(address)s"),
    Action.WEBHOOK_SECRET_ENDED: _("Former secret of the webhook to %(address)s ended"),
    Action.WEBHOOK_STOPPED: _("Webhook to %(address)s stopped by the portal"),
}
#: A designation ends in more ways than one.
ENDED: Mapping[str, str | Promise] = {
    "declined": _("%(designated)s declined to support it"),
    "handed_back": _("%(designated)s handed it back"),
    "policy": _("Designation of %(designated)s ended by policy: it had not held for too long"),
}
_NAMED = re.compile(r"%\((\w+)\)s")


def sentence(event_action: str, names: Mapping[str, str], *, ended_as: str = "") -> str:
    """The sentence of this kind of event with these names; where one is missing, only what kind it was."""
    template = str(ENDED.get(ended_as) or SENTENCES.get(event_action, ""))
    if template and all(names.get(name) for name in _NAMED.findall(template)):
        return template % names
    return str(Action(event_action).label) if event_action in Action.values else event_action


def kind_of(event_action: str) -> str:
    """The group an action belongs to, in the reader's words."""
    return str(KINDS.get(event_action.partition(".")[0], OTHER))


def choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Every action by its kind, as a select offers them."""
    groups: dict[str, list[tuple[str, str]]] = {str(label): [] for label in KINDS.values()}
    for action in Action:
        groups.setdefault(kind_of(action), []).append((action.value, str(action.label)))
    return [(kind, sorted(actions, key=lambda one: one[1])) for kind, actions in groups.items() if actions]
