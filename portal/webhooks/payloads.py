"""What is said of an event, composed when it goes out: by what its organisation may be told at that moment (R12).

Each resource is composed where it is known; rooms above the kernel are named. An answer of None is a no: the
organisation may not be told any more, and nothing is sent.
"""

import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from django.utils.module_loading import import_string

from portal.api.wire import instant
from portal.models.organisation import Organisation
from portal.models.partner import ResellerRelationship
from portal.models.webhooks import WebhookDelivery, WebhookEvent, WebhookResource
from portal.webhooks.events import ENDS

#: What a composer answers: `resourceUri`, perhaps `auditUri`, and the members of its resource.
Composer = Callable[[Organisation, WebhookEvent, Mapping[str, Any]], dict[str, Any] | None]
_COMPOSERS = {
    WebhookResource.SUPPORT_CONTACT: "support_contacts.webhooks.support_contact",
    WebhookResource.CUSTOMER_RELATIONSHIP: "customers.webhooks.relationship",
    WebhookResource.DELEGATED_ADMIN: "customers.webhooks.delegated_admin",
    WebhookResource.RESELLER_RELATIONSHIP: "portal.webhooks.payloads.reseller_relationship",
    WebhookResource.TEST: "portal.webhooks.payloads.test",
}


def body_of(delivery: WebhookDelivery) -> str | None:
    """The JSON of a delivery, the same at every try; None where its organisation may not be told any more."""
    event = WebhookEvent(delivery.event)
    composer: Composer = import_string(_COMPOSERS[WebhookResource(delivery.resource)])
    said = composer(delivery.endpoint.organisation, event, delivery.facts)
    if said is None:
        return None
    if delivery.body:
        return delivery.body
    members = {
        "eventId": str(delivery.event_id),
        "eventName": event.value,
        "resourceUri": said.pop("resourceUri"),
        "resourceName": delivery.resource,
        "resourceChangeUtcDate": instant(delivery.changed_at),
        **said,
    }
    return json.dumps(
        {name: value for name, value in members.items() if value not in (None, "")}, ensure_ascii=False
    )


def reseller_relationship(
    organisation: Organisation, event: WebhookEvent, facts: Mapping[str, Any]
) -> dict[str, Any] | None:
    """To either side: while the relationship or its request is open, and its end."""
    provider, reseller = uuid.UUID(facts["provider"]), facts["reseller"]
    rows = ResellerRelationship.objects.between(organisation.pk).filter(provider=provider, ended_at=None)
    if event not in ENDS and not rows.filter(reseller=reseller).exists():
        return None
    is_provider = provider == organisation.pk
    kind = "IsIndirectCloudSolutionProviderOf" if is_provider else "IsIndirectResellerOf"
    return {
        "resourceUri": f"/relationships?relationship_type={kind}",
        "providerId": str(provider),
        "resellerId": reseller,
    }


def test(organisation: Organisation, event: WebhookEvent, facts: Mapping[str, Any]) -> dict[str, Any]:
    """About nothing but the organisation itself."""
    return {"resourceUri": "/profiles/support"}
