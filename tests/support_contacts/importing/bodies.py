"""Bodies in Microsoft's documented shapes, with their quirks: what the importer meets, under ids of our own."""

import copy
import json
from typing import Any

CUSTOMER = "6f0c1b52-7a0e-4d0f-9c55-0d1f6a3e2b10"
OTHER = "0b7c4a91-33aa-4c39-8f00-7f7f1ad1c0de"
RESELLER = "2c1a7d64-9d7c-4f0d-8f57-2f3f5d8a0b11"
SECOND_RESELLER = "b7f1a4e2-51c7-4a2e-9c55-91b7c1f0e4d2"
SUBSCRIPTION = "5a1f2c3d-0b1a-4f6e-8d7c-9e0f1a2b3c4d"
ADDON = "9e0d1c2b-3a49-4586-97a8-b9cadbecfd0e"
MODERN = "7d9b3a52-40f6-4c3c-9c36-5b7d2f0a9e61"


def self_link(uri: str) -> dict[str, Any]:
    return {"self": {"uri": uri, "method": "GET", "headers": []}}


def collection(*items: Any, uri: str = "", total: int = 37) -> dict[str, Any]:
    body = {"totalCount": total, "items": list(items), "attributes": {"objectType": "Collection"}}
    return body | ({"links": self_link(uri)} if uri else {})


def customer(tenant: str = CUSTOMER, name: str = "Harbour Clinic", **members: Any) -> dict[str, Any]:
    return {
        "id": tenant,
        "companyProfile": {
            "tenantId": tenant,
            "domain": "HarbourClinic.onmicrosoft.com",
            "companyName": name,
            "links": self_link(f"/customers/{tenant}/profiles/company"),
            "attributes": {"objectType": "CustomerCompanyProfile"},
        },
        "relationshipToPartner": "reseller",
        "links": self_link(f"/customers/{tenant}"),
        "attributes": {"objectType": "Customer"},
    } | members


def customer_detail(tenant: str = CUSTOMER, **members: Any) -> dict[str, Any]:
    body = customer(tenant)
    body["companyProfile"]["address"] = {"country": "US", "city": "redmond", "phoneNumber": "1234567890"}
    body["billingProfile"] = {"companyName": "Not the customer's name", "defaultAddress": {"country": "CA"}}
    return (
        body
        | {"commerceId": OTHER, "allowDelegatedAccess": True, "customDomains": ["clinic.example"]}
        | members
    )


def subscription(pk: str = SUBSCRIPTION, tenant: str = CUSTOMER, **members: Any) -> dict[str, Any]:
    return {
        "id": pk.upper(),
        "entitlementId": "42226ED6-070A-4E0F-B80C-4CDFB3E97AA7",
        "offerId": "031C9E47-4802-4248-838E-778FB1D2CC05",
        "offerName": "Office 365 Business Standard",
        "friendlyName": "Front desk",
        "quantity": 12,
        "unitType": "Licenses",
        "creationDate": "2020-03-02T10:11:12.1234567Z",
        "effectiveStartDate": "2020-03-02T00:00:00Z",
        "commitmentEndDate": "2029-03-15T00:00:00Z",
        "status": "active",
        "autoRenewEnabled": True,
        "billingType": "license",
        "billingCycle": "monthly",
        "partnerId": "5550123",
        "contractType": "subscription",
        "links": {
            "offer": {"uri": "/offers/031C9E47-4802-4248-838E-778FB1D2CC05?country=US", "method": "GET"},
            **self_link(f"/customers/{tenant}/subscriptions/{pk.upper()}"),
        },
        "orderId": "B1C2D3E4-0000-4AAA-9BBB-CCCCDDDDEEEE",
        "attributes": {"etag": "eyJpZCI6IjVh", "objectType": "Subscription"},
    } | members


def listed_subscription(**members: Any) -> dict[str, Any]:
    """As lists show it: no offer but in a link, spaces inside times, placeholders, no customer anywhere."""
    return {
        "id": SUBSCRIPTION,
        "friendlyName": "nickname",
        "quantity": 1,
        "unitType": "none",
        "creationDate": "2015-11-25T06: 41: 12Z",
        "effectiveStartDate": "2015-11-24T08: 00: 00Z",
        "commitmentEndDate": "2030-12-12T08: 00: 00Z",
        "status": "active",
        "autoRenewEnabled": False,
        "billingType": "none",
        "contractType": "subscription",
        "links": {
            "offer": {"uri": "/v1/offers/0CCA44D6-68E9-4762-94EE-31ECE98783B9", "method": "GET"},
            **self_link("/subscriptions?key=<key>"),
        },
        "orderId": "{id-for-order}",
        "attributes": {"etag": "<etag>", "objectType": "Subscription"},
    } | members


def addon(**members: Any) -> dict[str, Any]:
    body = subscription(
        ADDON, offerName="Exchange Online Archiving", parentSubscriptionId=SUBSCRIPTION.upper()
    )
    body["links"]["parentSubscription"] = {
        "uri": f"/customers/{CUSTOMER}/subscriptions/{SUBSCRIPTION.upper()}",
        "method": "GET",
    }
    return body | members


def modern(pk: str = MODERN, tenant: str = CUSTOMER, **members: Any) -> dict[str, Any]:
    return {
        "id": pk,
        "offerId": "CFQ7TTC0LH18:0001:CFQ7TTC0K971",
        "offerName": "Microsoft 365 Business Basic",
        "friendlyName": "Microsoft 365 Business Basic",
        "productType": {"id": "OnlineServicesNCE", "displayName": "OnlineServicesNCE"},
        "quantity": 3,
        "unitType": "Licenses",
        "creationDate": "2024-01-14T16:57:15.0966728Z",
        "effectiveStartDate": "2024-01-14T00:00:00Z",
        "commitmentEndDate": "2030-01-13T00:00:00Z",
        "status": "active",
        "autoRenewEnabled": True,
        "billingType": "license",
        "billingCycle": "annual",
        "termDuration": "P1Y",
        "renewalTermDuration": "",
        "partnerId": "",
        "links": {
            "product": {"uri": "/products/CFQ7TTC0LH18?country=US", "method": "GET"},
            "sku": {"uri": "/products/CFQ7TTC0LH18/skus/0001?country=US", "method": "GET"},
            **self_link(f"/customers/{tenant}/subscriptions/{pk}"),
        },
        "orderId": "1a2b3c4d5e6f",
        "attributes": {"objectType": "Subscription"},
    } | members


def relationship(tenant: str = RESELLER, number: str = "5550123", **members: Any) -> dict[str, Any]:
    """As in a customer's list of resellers: no state, no location."""
    return {
        "id": tenant,
        "name": "Northwind Managed IT",
        "relationshipType": "is_indirect_cloud_solution_provider_of",
        "mpnId": number,
        "attributes": {"objectType": "PartnerRelationship"},
    } | members


def reseller(tenant: str = RESELLER, number: str = "5550123", **members: Any) -> dict[str, Any]:
    """As in the provider's own list."""
    return relationship(tenant, number, state="Active", location="CA") | members


def support_contact(pk: str = SUBSCRIPTION, tenant: str = CUSTOMER, **members: Any) -> dict[str, Any]:
    return {
        "supportTenantId": RESELLER.upper(),
        "supportMpnId": "5550123",
        "name": "Northwind Managed IT",
        "links": self_link(f"/customers/{tenant.upper()}/subscriptions/{pk.upper()}/supportcontact"),
        "attributes": {"objectType": "SupportContact"},
    } | members


def support_profile(**members: Any) -> dict[str, Any]:
    return {
        "email": "email@sample.example",
        "telephone": "4255555555",
        "website": "www.sample.example",
        "profileType": "support_profile",
        "links": self_link("/v1/profiles/support"),
        "attributes": {"objectType": "PartnerSupportProfile"},
    } | members


def graph(
    status: str = "active", source: str = "g-1", tenant: str = CUSTOMER, **members: Any
) -> dict[str, Any]:
    return {
        "@odata.etag": 'W/"x"',
        "id": source,
        "displayName": "Harbour Clinic support",
        "duration": "P730D",
        "customer": {"tenantId": tenant, "displayName": "Harbour Clinic"},
        "accessDetails": {"unifiedRoles": [{"roleDefinitionId": "29232cdf-9323-42fd-ade2-1d097af3e4de"}]},
        "status": status,
        "autoExtendDuration": "PT0S",
        "createdDateTime": "2025-02-10T11:24:42.3148266Z",
        "lastModifiedDateTime": "2025-02-10T11:26:44.9941884Z",
        "activatedDateTime": "2025-02-10T11:26:44.9941884Z",
        "endDateTime": "2029-02-10T11:24:42.3148266Z",
    } | members


def table(*rows: str, header: str = "Customer,PARTNER,From,until") -> bytes:
    return "\n".join([header, *rows]).encode()


def data(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def without(body: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: copy.deepcopy(value) for name, value in body.items() if name not in names}
