"""Customers written by hand, in Microsoft's shapes. A list has five hundred of them: nothing is looked up here."""

from typing import Any

from portal.api.wire import link

#: What a list needs, and nothing else. The first two are the page's.
LISTED = ("pk", "sort_name", "customer_id", "company_name", "domain")
#: What is needed of the one customer a call is about; then what is told of it by itself.
NAMED = (*LISTED, "country")
IN_FULL = (*NAMED, "domains", "reseller_of_record_id", "delegated")
_PROFILE = {"objectType": "CustomerCompanyProfile"}
_CUSTOMER = {"objectType": "Customer"}


def listed(row: tuple[Any, ...]) -> dict[str, Any]:
    """A customer of a list. Only established relationships are listed, so everybody's relationship is "reseller"."""
    tenant = str(row[2])
    uri = f"/customers/{tenant}"
    return {
        "id": tenant,
        "companyProfile": {
            "tenantId": tenant,
            "domain": row[4],
            "companyName": row[3] or tenant,
            "links": {"self": link(f"{uri}/profiles/company")},
            "attributes": _PROFILE,
        },
        "relationshipToPartner": "reseller",
        "links": {"self": link(uri)},
        "attributes": _CUSTOMER,
    }


def company_profile(row: Any) -> dict[str, Any]:
    """With the address, of which a country is known here."""
    profile: dict[str, Any] = listed(row)["companyProfile"]
    return profile | {"address": {"country": row.country} if row.country else None}


def in_full(row: Any) -> dict[str, Any]:
    """A customer by its id. commerceId and billingProfile are Microsoft's own records and are left out."""
    of_record = row.reseller_of_record_id
    return listed(row) | {
        "companyProfile": company_profile(row),
        "allowDelegatedAccess": row.delegated,
        "customDomains": row.domains,
        "associatedPartnerId": str(of_record) if of_record else None,
    }
