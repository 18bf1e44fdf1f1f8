"""An example of every request and answer, out of the shapes: what a shape says itself, else what its name means."""

from collections.abc import Mapping
from typing import Any

TENANT = "6f0c1b52-7a0e-4d0f-9c55-0d1f6a3e2b10"
SUBSCRIPTION = "5a1f2c3d-0b1a-4f6e-8d7c-9e0f1a2b3c4d"
RESELLER = "0d6f1c1e-7a55-4d0e-8a2a-3a5b7d9c1e2f"
INSTANT = "2026-11-22T09:00:00.123Z"
DEEPEST = 8

#: By the name of a member or a parameter: values of one small world, those of Microsoft's own pages.
NAMED: dict[str, Any] = {
    "addressLine1": "1 rue du Port",
    "action": "designation.made",
    "associatedPartnerId": RESELLER,
    "at": INSTANT,
    "changedSince": "2026-11-01",
    "city": "Marseille",
    "client_id": "01a203ea-5f77-7e53-b442-f812db2351bf",
    "client_secret": "portal_…",
    "companyName": "Harbour Clinic",
    "country": "FR",
    "customer": TENANT,
    "customerId": TENANT,
    "description": "No relationship with you.",
    "domain": "harbourclinic.example",
    "email": "help@northwind.example",
    "end": "2027-01-31T00:00:00.000Z",
    "etag": "eyJpZCI6IjVhMWYyYzNkLTBiMWEtNGY2ZS04ZDdjLTllMGYxYTJiM2M0ZCIsInZlcnNpb24iOjF9",
    "friendlyName": "Front desk",
    "If-Match": '"eyJpZCI6IjVhMWYyYzNkLTBiMWEtNGY2ZS04ZDdjLTllMGYxYTJiM2M0ZCIsInZlcnNpb24iOjF9"',
    "location": "FR",
    "method": "GET",
    "mpnId": "5550123",
    "mpn_id": "5550123",
    "name": "Northwind Managed IT",
    "offerId": "031c9e47-4802-4248-838e-778fb1d2cc05",
    "offerName": "Office 365 Business Standard",
    "orderId": "b1c2d3e4-0000-4aaa-9bbb-ccccddddeeee",
    "order_id": "b1c2d3e4-0000-4aaa-9bbb-ccccddddeeee",
    "organisationName": "Fabrikam Distribution",
    "partner": RESELLER,
    "partnerId": "5550123",
    "partnerName": "Northwind Managed IT",
    "quantity": 12,
    "reason": "relationship_missing",
    "relationship_type": "IsIndirectCloudSolutionProviderOf",
    "role": "admin_agent",
    "scope": "https://portal.example/.default",
    "size": 40,
    "start": INSTANT,
    "subscription": SUBSCRIPTION,
    "subscriptionId": SUBSCRIPTION,
    "supportMpnId": "5550123",
    "supportTenantId": RESELLER,
    "telephone": "+33 1 99 00 47 10",
    "tenant": TENANT,
    "tenantId": TENANT,
    "totalCount": 1,
    "unitType": "Licenses",
    "uri": f"/customers/{TENANT}",
    "version": 1,
    "website": "www.northwind.example",
}
#: By the name of the shape it stands in, where the name alone says another thing.
IDS = {"Relationship": RESELLER, "CustomersPartner": RESELLER, "Subscription": SUBSCRIPTION}


def add_to(document: dict[str, Any]) -> None:
    """Give every operation an example of its body, its answer and its parameters; what it has itself stays."""
    schemas: dict[str, Any] = document["components"]["schemas"]
    for path, item in document["paths"].items():
        own = path.removeprefix("/v1").format_map(NAMED) if path.startswith("/v1") else ""
        for operation in item.values():
            bodies = [operation.get("requestBody", {}), *map(_body_of, operation["responses"].values())]
            for body in bodies:
                for media in body.get("content", {}).values():
                    if "example" not in media and "examples" not in media:
                        media["example"] = _at(own, of(media["schema"], schemas))
            for parameter in operation["parameters"]:
                if (
                    parameter.get("name") in NAMED
                    and "example" not in parameter
                    and "examples" not in parameter
                ):
                    parameter["example"] = NAMED[parameter["name"]]


def of(
    schema: Mapping[str, Any], schemas: Mapping[str, Any], name: str = "", depth: int = 0, shape: str = ""
) -> Any:
    """An example of this schema. `name` is what it is called where it stands, `shape` in which shape that is."""
    if "$ref" in schema:
        shape = str(schema["$ref"]).rpartition("/")[2]
        return of(schemas.get(shape, {}), schemas, name, depth, shape)
    for said in ("example", "const"):
        if said in schema:
            return schema[said]
    for said in ("examples", "enum"):
        if schema.get(said):
            return schema[said][0]
    for said in ("anyOf", "oneOf", "allOf"):
        if schema.get(said):
            first: Mapping[str, Any] = next((one for one in schema[said] if one.get("type") != "null"), {})
            return of(first, schemas, name, depth, shape)
    if schema.get("type") == "object" or "properties" in schema:
        return _object(schema, schemas, depth, shape)
    if schema.get("type") == "array":
        return (
            []
            if depth > DEEPEST or name == "headers"
            else [of(schema.get("items", {}), schemas, name, depth + 1)]
        )
    return _value(schema, name, shape)


def _at(path: str, example: Any) -> Any:
    """The example as the resource at this path: its own link leads there."""
    links = example.get("links") if isinstance(example, dict) else None
    if isinstance(links, dict) and "self" in links:
        links["self"] = {**links["self"], "uri": path}
    return example


def _object(schema: Mapping[str, Any], schemas: Mapping[str, Any], depth: int, shape: str) -> dict[str, Any]:
    if depth > DEEPEST:
        return {}
    members = schema.get("properties", {})
    # The last page: what is not there is left out.
    left_out = {"next", "previous", "continuationToken"} if "items" in members or "self" in members else set()
    return {
        name: of(member, schemas, name, depth + 1, shape)
        for name, member in members.items()
        if name not in left_out
    }


def _value(schema: Mapping[str, Any], name: str, shape: str) -> Any:
    kind = schema.get("type")
    if name == "id":
        return IDS.get(shape, TENANT)
    if name in NAMED:
        named = NAMED[name]
        if kind == "string" or not isinstance(named, str):
            return str(named) if kind == "string" else named
    if schema.get("default") is not None:
        return schema["default"]
    if kind in ("integer", "number"):
        return 1
    if kind == "boolean":
        return True
    if schema.get("format") == "uuid":
        return TENANT
    dated = ("Date", "At", "DateTime", "Since", "since", "until")
    return INSTANT if schema.get("format") == "date-time" or name.endswith(dated) else name


def _body_of(response: Mapping[str, Any]) -> Mapping[str, Any]:
    return {} if "$ref" in response else response
