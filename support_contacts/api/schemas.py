"""Support contacts as the documentation shows them. Answers are written in `shapes`, never through these."""

from typing import Any, Literal

from django.utils.translation import gettext_noop
from ninja import Schema
from pydantic import ConfigDict, Field

from portal.api.pages import NOTHING
from portal.api.schemas import Collection, CollectionAttributes, SelfLink, one_is_said
from portal.identifiers import PATTERN
from support_contacts.operations.batch import LARGEST


class Partner(Schema):
    """A partner; without `supportMpnId` where it has no PartnerID."""

    supportTenantId: str
    supportMpnId: str | None = None
    name: str


class ContactAttributes(Schema):
    etag: str
    objectType: Literal["SupportContact"]


class SupportContact(Partner):
    """Microsoft's SupportContact. The etag counts the choices; send it as If-Match to overwrite nobody's."""

    links: SelfLink
    attributes: ContactAttributes


class PastAttributes(Schema):
    objectType: Literal["SupportContact"]


class Contact(Partner):
    """The contact now, or with `at` the one of that instant."""

    links: SelfLink
    attributes: ContactAttributes | PastAttributes
    at: str | None = None
    kind: str | None = None
    start: str | None = None


_NAMES_A_PARTNER: dict[str, dict[str, Any]] = {
    "supportTenantId": {"type": "string", "pattern": PATTERN},
    "supportMpnId": {"type": ["string", "integer"], "pattern": r"\S"},
}


class SupportContactBody(Schema):
    """The tenant ID decides; a PartnerID alone is looked up; both must name the same partner. Other members, and those
    of a body got from here, are not read."""

    supportTenantId: str | None = Field(None, pattern=rf"{PATTERN}|^$")
    supportMpnId: str | int | None = None
    model_config = ConfigDict(json_schema_extra=one_is_said(*_NAMES_A_PARTNER, **_NAMES_A_PARTNER))


Kind = Literal["default", "designated", "fallback", "not_recorded", "new_commerce"]


class Interval(Schema):
    """`supportContact` is whom the customer was shown, `designated` whom somebody had chosen. They differ in a
    `fallback`: the choice stood without being in force, for this `reason`. Without `end` it lasts."""

    start: str
    end: str | None = None
    kind: Kind
    supportContact: Partner | None = None
    designated: Partner | None = None
    reason: str | None = None


class Day(Collection):
    """Every contact of a day in UTC, oldest first."""

    items: list[Interval]


class By(Schema):
    """As what, and for which organisation. Persons are not named."""

    kind: Literal["person", "integration", "operator", "system"]
    role: str | None = None
    organisationId: str | None = None
    organisationName: str | None = None


class Change(Schema):
    action: str
    at: str
    channel: Literal["portal", "api", "bulk", "import", "rule", "command"]
    by: By
    requestId: str | None = None
    version: int | None = None


class IntervalWithChange(Interval):
    """What began by itself (delegated admin ran out, say) has no `change`."""

    change: Change | None = None


class History(Collection):
    items: list[IntervalWithChange]


class Candidate(Partner):
    """Who may be chosen now (`eligible`), until when if nothing happens; or why not, since when, and what leads on."""

    eligible: bool
    isDefault: bool | None = None
    isCurrent: bool | None = None
    isResellerOfRecord: bool | None = None
    location: str | None = None
    until: str | None = None
    reason: str | None = None
    description: str | None = None
    since: str | None = None
    lapsesAt: str | None = None
    nextStep: (
        Literal[
            "ask_operator",
            "request_relationship",
            "await_reseller",
            "request_delegated_admin",
            "await_customer",
        ]
        | None
    ) = None
    nextStepDescription: str | None = None


class Candidates(Collection):
    items: list[Candidate]


class DesignationAttributes(Schema):
    etag: str
    objectType: Literal["Designation"]


class Designation(Schema):
    """A choice: `designated` by the caller, `inForce` or with the `reason` why not, `since` when it is so. Asked for
    with `changedSince`, it may have ended (`endedAs`). `supportContact` is whom the customer is shown."""

    customerId: str
    subscriptionId: str
    supportContact: Partner
    designated: Partner
    inForce: bool
    reason: str | None = None
    since: str
    until: str | None = None
    endedAs: str | None = None
    designatedAt: str
    channel: str
    version: int
    links: SelfLink
    attributes: DesignationAttributes


class Designations(Collection):
    items: list[Designation]


class BatchItem(SupportContactBody):
    """An item without ids, or with anything else that is wrong, is answered with its own error."""

    customerId: str | None = None
    subscriptionId: str | None = None
    etag: str | None = Field(
        None, description=gettext_noop("Only if the choice is still the one with this etag.")
    )
    note: str | None = Field(
        None, max_length=1000, description=gettext_noop("For the caller's own organisation.")
    )


class FaultInBatch(Schema):
    code: int
    description: str
    data: list[str]
    source: str


class BatchResult(Schema):
    """The answer to one item: a `supportContact`, or an `error` as the call for it alone would have given."""

    customerId: str | None = None
    subscriptionId: str | None = None
    status: Literal[200, 400, 404]
    changed: bool
    supportContact: SupportContact | None = None
    error: FaultInBatch | None = None


class BatchAnswer(Schema):
    totalCount: int
    items: list[BatchResult]
    attributes: CollectionAttributes


def _query(name: str, description: str, **schema: Any) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": description,
        "schema": schema or {"type": "string"},
    }


_MOMENT = {
    "anyOf": [NOTHING, {"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]
}
_TENANT = {"type": "string", "pattern": PATTERN}
AT = [
    _query(
        "at",
        gettext_noop("An instant, or a date for every contact of that day in UTC. Not one to come."),
        **_MOMENT,
    )
]
IF_MATCH = [
    {
        "name": "If-Match",
        "in": "header",
        "required": False,
        "description": gettext_noop(
            "The etag the choice was made on. A stale one is 400, code 2055. Without it the last wins. "
            "No part of what makes two calls the same: see MS-RequestId."
        ),
        "schema": {"type": "string"},
    }
]
LISTING = [
    _query(
        "attention",
        gettext_noop("Only those that are not in force."),
        enum=["true", "false", "1", "0", "yes", "no", ""],
    ),
    _query(
        "partner",
        gettext_noop("Only those of this partner: a tenant ID or a PartnerID."),
        anyOf=[_TENANT, {"type": "string", "pattern": "^[0-9]*$"}],
    ),
    _query(
        "changedSince",
        gettext_noop("Only those made, ended, lost or regained since: an instant, or a date in UTC."),
        **_MOMENT,
    ),
    _query("customer", gettext_noop("Only those at this customer: a tenant ID."), anyOf=[NOTHING, _TENANT]),
]


def _body(schema: dict[str, Any]) -> dict[str, Any]:
    """The body of an operation that reads it by itself."""
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


#: What PUT and the batch read, for the documentation.
CHOICE = {**_body(SupportContactBody.model_json_schema()), "parameters": IF_MATCH}
BATCH = _body(
    {
        "type": "object",
        "required": ["items"],
        "properties": {
            "items": {"type": "array", "maxItems": LARGEST, "items": BatchItem.model_json_schema()}
        },
    }
)
