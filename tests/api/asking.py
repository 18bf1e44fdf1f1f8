"""What an API client asks, and what it is answered."""

import json
from urllib.parse import urlencode

from tests.factories import CustomerRelationshipFactory

UNKNOWN = "0b7c4a91-33aa-4c39-8f00-7f7f1ad1c0de"
TOKEN = "MS-ContinuationToken"


def named(provider, *names, **more):
    return [CustomerRelationshipFactory(partner=provider, company_name=name, **more) for name in names]


def names(response):
    assert response.status_code == 200, response.content
    return [item["companyProfile"]["companyName"] for item in response.json()["items"]]


def filtered(client, field, value, operator="starts_with", **more):
    said = json.dumps({"Field": field, "Value": value, "Operator": operator} | more)
    return client.get(f"/v1/customers?size=0&{urlencode({'filter': said})}")


def refused(response, code, *reasons, status=400):
    """The fault: Microsoft's number, and our reasons among what it says."""
    assert response.status_code == status, response.content
    fault = response.json()
    assert fault["code"] == code
    assert set(reasons) <= set(fault["data"])
    return fault
