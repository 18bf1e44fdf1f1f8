"""Webhooks in the OpenAPI document: what a receiver is sent, and what it has to answer.

The document is the same for everybody, as its operations are; who is told what, `portal.webhooks.events` says. What is
composed when it goes out (`portal.webhooks.payloads`) is held to these shapes by a test.
"""

from typing import Any

from django.utils.translation import gettext_noop as _

from portal.api.examples import INSTANT, RESELLER, SUBSCRIPTION, TENANT
from portal.api.meanings import NOT_ELIGIBLE
from portal.models.webhooks import WebhookEvent, WebhookResource
from portal.webhooks.signing import SIGNATURE

TAG = _("Webhooks")
TEXT = _("What the portal sends to an address of yours, made under Organisation, Webhooks.")
PROVIDER = "6e2d94b1-0c57-4f3a-a8d2-91b7e5c40f16"
EVENT = "019ab4c2-7d0f-7a11-8c44-2b6f1e0d9a83"
_AT_CONTACT = f"/customers/{TENANT}/subscriptions/{SUBSCRIPTION}/supportcontact"
_GUID = {"type": "string", "format": "uuid"}
_PATH = {"type": "string", "description": "Relative, without /v1, as links are."}
_RELATIONSHIPS = (WebhookResource.RESELLER_RELATIONSHIP, WebhookResource.CUSTOMER_RELATIONSHIP)

#: By event: a sentence, what it may be about, and the members it has beside those of its resource.
EVENTS: dict[WebhookEvent, tuple[str, tuple[WebhookResource, ...], dict[str, Any]]] = {
    WebhookEvent.SUPPORT_CONTACT_UPDATED: (
        _("Somebody, or an import, chose another support contact, or the choice ended."),
        (WebhookResource.SUPPORT_CONTACT,),
        {"auditUri": {**_PATH, "examples": [f"{_AT_CONTACT}/history"]}},
    ),
    WebhookEvent.SUPPORT_CONTACT_ATTENTION: (
        _(
            "The chosen contact lost what it rests on: customers are shown the provider. Found within a minute."
        ),
        (WebhookResource.SUPPORT_CONTACT,),
        {"reason": {"type": "string", "enum": [*NOT_ELIGIBLE, "handed_back"]}},
    ),
    WebhookEvent.SUPPORT_CONTACT_RESTORED: (
        _(
            "The chosen contact holds again, without a new choice: customers are shown it as before. Found within a "
            "minute; what stopped and came back within one minute is told as this alone."
        ),
        (WebhookResource.SUPPORT_CONTACT,),
        {},
    ),
    WebhookEvent.RELATIONSHIP_REQUESTED: (_("A relationship was requested."), _RELATIONSHIPS, {}),
    WebhookEvent.RELATIONSHIP_ESTABLISHED: (_("A relationship was established."), _RELATIONSHIPS, {}),
    WebhookEvent.RELATIONSHIP_DECLINED: (_("A relationship was declined."), _RELATIONSHIPS, {}),
    WebhookEvent.RELATIONSHIP_WITHDRAWN: (_("A request was withdrawn."), _RELATIONSHIPS, {}),
    WebhookEvent.RELATIONSHIP_ENDED: (_("A relationship ended."), _RELATIONSHIPS, {}),
    **{
        event: (text, (WebhookResource.DELEGATED_ADMIN,), {})
        for event, text in (
            (WebhookEvent.DELEGATED_ADMIN_REQUESTED, _("Delegated admin was requested.")),
            (WebhookEvent.DELEGATED_ADMIN_ESTABLISHED, _("Delegated admin was granted.")),
            (WebhookEvent.DELEGATED_ADMIN_DECLINED, _("Delegated admin was declined.")),
            (WebhookEvent.DELEGATED_ADMIN_WITHDRAWN, _("A request for delegated admin was withdrawn.")),
            (WebhookEvent.DELEGATED_ADMIN_ENDED, _("Delegated admin ended.")),
            (
                WebhookEvent.DELEGATED_ADMIN_EXPIRED,
                _("The agreed end of delegated admin came. Found within a minute."),
            ),
        )
    },
    WebhookEvent.TEST_CREATED: (_("Somebody pressed Send a test event."), (WebhookResource.TEST,), {}),
}
#: By resource: its members, and those that may be missing.
_MEMBERS: dict[WebhookResource, tuple[dict[str, Any], tuple[str, ...]]] = {
    WebhookResource.SUPPORT_CONTACT: (
        {
            "resourceUri": {**_PATH, "examples": [_AT_CONTACT]},
            "customerId": {**_GUID, "examples": [TENANT]},
            "subscriptionId": {"type": "string", "examples": [SUBSCRIPTION]},
            "version": {"type": "integer", "minimum": 0, "description": "As in the contact's etag."},
        },
        ("version",),
    ),
    WebhookResource.RESELLER_RELATIONSHIP: (
        {
            "resourceUri": {
                **_PATH,
                "examples": ["/relationships?relationship_type=IsIndirectCloudSolutionProviderOf"],
            },
            "providerId": {**_GUID, "examples": [PROVIDER]},
            "resellerId": {**_GUID, "examples": [RESELLER]},
        },
        (),
    ),
    WebhookResource.CUSTOMER_RELATIONSHIP: (
        {
            "resourceUri": {**_PATH, "examples": [f"/customers/{TENANT}"]},
            "customerId": {**_GUID, "examples": [TENANT]},
            "partnerId": {**_GUID, "description": "Tenant ID of the partner.", "examples": [RESELLER]},
        },
        (),
    ),
    WebhookResource.DELEGATED_ADMIN: (
        {
            "resourceUri": {**_PATH, "examples": [f"/customers/{TENANT}/relationships"]},
            "customerId": {**_GUID, "examples": [TENANT]},
            "partnerId": {**_GUID, "description": "Tenant ID of the partner.", "examples": [RESELLER]},
        },
        (),
    ),
    WebhookResource.TEST: ({"resourceUri": {**_PATH, "examples": ["/profiles/support"]}}, ()),
}
HEADERS: dict[str, dict[str, Any]] = {
    "X-Portal-Event": {
        "description": _("The event, as eventName says it."),
        "schema": {"type": "string", "enum": [event.value for event in EVENTS]},
        "example": WebhookEvent.SUPPORT_CONTACT_UPDATED.value,
    },
    "X-Portal-Delivery": {
        "description": _("Which delivery this is: the same at every try and when it is sent again."),
        "schema": _GUID,
        "example": "019ab4c2-7d10-7c3e-9a55-1f2e3d4c5b6a",
    },
    SIGNATURE: {
        "description": _(
            "t=<seconds since 1970> and a v1=<hex> for each secret that signs, two while one is rotated: "
            "HMAC-SHA256, with the secret as key, of t, a full stop and the body. Refuse what is more than 300 "
            "seconds off."
        ),
        "schema": {"type": "string", "pattern": "^t=[0-9]+(,v1=[0-9a-f]{64})+$"},
        "example": "t=1795514400,v1=5f0c0b3a9e6d4c1f8a7b2e5d0c9f8e7a6b5d4c3f2e1d0c9b8a7f6e5d4c3b2a19",
    },
}
#: What a receiver in Python does. Nothing to install; run by a test as it stands.
VERIFY = '''import hmac, time

SECRET = "portal_whs_…"


def is_from_the_portal(header: str, body: bytes) -> bool:
    """`header` is X-Portal-Signature, `body` the bytes as they came, before any parsing."""
    parts = [part.partition("=")[::2] for part in header.split(",")]
    at = dict(parts).get("t", "")
    if not (at.isdecimal() and len(at) < 12 and abs(time.time() - int(at)) <= 300):
        return False
    right = hmac.new(SECRET.encode(), at.encode() + b"." + body, "sha256").hexdigest().encode()
    return any(name == "v1" and hmac.compare_digest(right, said.encode()) for name, said in parts)'''


def shapes() -> dict[str, Any]:
    """Of every event, by resource it may be about: the schema of its body."""
    return {
        _name(event, resource): _shape(event, resource)
        for event, (_text, resources, _own) in EVENTS.items()
        for resource in resources
    }


def parameters() -> dict[str, Any]:
    """The headers of a request, for the document's components."""
    return {
        _key(name): {"name": name, "in": "header", "required": True, **said} for name, said in HEADERS.items()
    }


def described() -> dict[str, Any]:
    """The `webhooks` of the document, by the name of the event."""
    return {
        event.value: {"post": _operation(event, text, resources)}
        for event, (text, resources, _own) in EVENTS.items()
    }


def _operation(event: WebhookEvent, text: str, resources: tuple[WebhookResource, ...]) -> dict[str, Any]:
    found = [{"$ref": f"#/components/schemas/{_name(event, resource)}"} for resource in resources]
    return {
        "operationId": "told_" + event.value.replace("-", "_"),
        "tags": [TAG],
        "summary": text,
        "security": [],
        "parameters": [{"$ref": f"#/components/parameters/{_key(name)}"} for name in HEADERS],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": found[0] if len(found) == 1 else {"oneOf": found},
                    "example": _example(_shape(event, resources[0])),
                }
            },
        },
        "responses": {
            "2XX": {
                "description": "It arrived. Answer within 10 seconds; what the answer holds does not matter."
            },
            "default": {
                "description": "It did not. Tried again for 24 hours, about thirteen times, with the same body; "
                "redirects are not followed. An event may come twice, and out of order: its `eventId` is the same."
            },
        },
    }


def _shape(event: WebhookEvent, resource: WebhookResource) -> dict[str, Any]:
    members, optional = _MEMBERS[resource]
    properties: dict[str, Any] = {
        "eventId": {**_GUID, "description": "The same however often it comes.", "examples": [EVENT]},
        "eventName": {"const": event.value},
        "resourceUri": members["resourceUri"],
        "resourceName": {"const": resource.value},
        "resourceChangeUtcDate": {"type": "string", "format": "date-time", "examples": [INSTANT]},
        **members,
        **EVENTS[event][2],
    }
    return {
        "type": "object",
        "required": [name for name in properties if name not in optional],
        "properties": properties,
    }


def _example(shape: dict[str, Any]) -> dict[str, Any]:
    return {
        name: said.get("const") or (said.get("examples") or said.get("enum") or [1])[0]
        for name, said in shape["properties"].items()
    }


def _name(event: WebhookEvent, resource: WebhookResource) -> str:
    """SupportContactUpdatedEvent; where an event has several resources, the resource says which."""
    named = "".join(word.capitalize() for word in event.value.split("-"))
    about = "" if len(EVENTS[event][1]) == 1 else f"Of{resource.value}"
    return f"{named}Event{about}"


def _key(name: str) -> str:
    return name.replace("-", "")
