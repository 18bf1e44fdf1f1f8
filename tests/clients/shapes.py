"""What Microsoft's SDKs declare of each resource, by its objectType: types, closed enumerations, what they read."""

import re
from collections.abc import Iterator
from typing import Any

GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?(Z|\+00:00)")

RELATIONSHIPS = ("is_indirect_reseller_of", "is_indirect_cloud_solution_provider_of")
Kind = str | tuple[str, ...]
# What a client reads whether it is there or not. A question mark: it may be left out, never null.
TYPES: dict[str, dict[str, Kind]] = {
    "Customer": {
        "id": "guid",
        "companyProfile": "CustomerCompanyProfile",
        "relationshipToPartner": (
            "unknown",
            "none",
            "reseller",
            "advisor",
            "syndication",
            "microsoftSupport",
        ),
        "allowDelegatedAccess": "bool?",
        "associatedPartnerId": "text?",
        "links": "links",
    },
    "CustomerCompanyProfile": {
        "tenantId": "guid",
        "domain": "text",
        "companyName": "text",
        "links": "links?",
    },
    "Subscription": {
        "id": "text",
        "offerId": "text",
        "offerName": "text?",
        "friendlyName": "text?",
        "orderId": "text?",
        "parentSubscriptionId": "text?",
        "partnerId": "text?",
        "quantity": "int",
        "unitType": "text?",
        "creationDate": "date",
        "effectiveStartDate": "date",
        "commitmentEndDate": "date",
        "status": ("none", "active", "suspended", "deleted"),
        "autoRenewEnabled": "bool",
        "hasPurchasableAddons": "bool?",
        "isTrial": "bool",
        "billingType": ("none", "usage", "license", "?"),
        "billingCycle": ("unknown", "monthly", "annual", "none", "one_time", "?"),
        "contractType": ("subscription", "productKey", "redemptionCode", "?"),
        "suspensionReasons": "list?",
        "links": "links",
    },
    "SupportContact": {"supportTenantId": "guid", "supportMpnId": "text", "name": "text", "links": "links"},
    "PartnerRelationship": {
        "id": "guid",
        "name": "text",
        "mpnId": "text",
        "relationshipType": RELATIONSHIPS,
        "state": "text?",
        "location": "text?",
    },
    "PartnerSupportProfile": {
        "email": "text",
        "telephone": "text",
        "website": "text",
        "profileType": ("support_profile",),
        "links": "links",
    },
    "MpnProfile": {"mpnId": "text", "partnerName": "text", "profileType": ("MpnProfile",), "links": "links"},
    "Collection": {"totalCount": "int", "items": "list", "links": "links?"},
}


def problems(document: Any, *, closed: bool, names_in_any_case: bool) -> Iterator[str]:
    """What keeps a client with declared types from reading this answer."""
    for where, value in _walk(document, ""):
        if value is None:
            yield f"{where} is null"
        if isinstance(value, dict):
            yield from _links(where, value)
            declared = TYPES.get(value.get("attributes", {}).get("objectType", ""))
            for name, kind in (declared or {}).items():
                found = _member(value, name, names_in_any_case)
                if (problem := _fault(found, kind, closed)) is not None:
                    yield f"{where}.{name} {problem}"


def _walk(value: Any, where: str) -> Iterator[tuple[str, Any]]:
    yield where, value
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _walk(member, f"{where}.{name}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _walk(item, f"{where}[{index}]")


def _member(value: dict[str, Any], name: str, any_case: bool) -> Any:
    if any_case:
        value = {key.lower(): member for key, member in value.items()}
    return value.get(name.lower() if any_case else name, ...)


def _fault(found: Any, kind: Kind, closed: bool) -> str | None:
    optional = "?" in kind
    if found is ...:
        return None if optional else "is missing"
    if isinstance(kind, tuple):
        return f"has the unknown value {found!r}" if closed and found not in kind else None
    right = {
        "text": lambda: isinstance(found, str),
        "guid": lambda: isinstance(found, str) and GUID.fullmatch(found),
        "int": lambda: type(found) is int,
        "bool": lambda: type(found) is bool,
        "date": lambda: isinstance(found, str) and DATE.fullmatch(found),
        "list": lambda: isinstance(found, list),
        "links": lambda: isinstance(found, dict) and "uri" in found.get("self", {}),
    }.get(kind.rstrip("?"), lambda: isinstance(found, dict))
    return None if right() else f"is {found!r}, no {kind.rstrip('?')}"


def _links(where: str, value: dict[str, Any]) -> Iterator[str]:
    """Clients put root and version in front: a link is relative and has neither."""
    uri = value.get("uri")
    if isinstance(uri, str) and "method" in value:
        if not uri.startswith("/") or uri.startswith(("//", "/v1/")):
            yield f"{where}.uri {uri!r} is not a path without version"
        if not isinstance(value.get("headers"), list):
            yield f"{where}.headers is no list"
