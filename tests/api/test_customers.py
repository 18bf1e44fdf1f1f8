"""`GET /v1/customers…`: Microsoft's shapes, whose customers they are, and what they cost."""

import uuid
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customers.models import CustomerRelationship
from portal.permissions import Role
from tests.api.asking import UNKNOWN, named, names, refused
from tests.factories import (
    CustomerRelationshipFactory,
    DelegatedAdminFactory,
    ProviderFactory,
    ResellerFactory,
    ResellerRelationshipFactory,
)

pytestmark = pytest.mark.django_db


# -- shape


def test_list_item_has_what_clients_read(client, contoso):
    """§9.3, traps 6, 8, 9.1.5, 9.1.11: camelCase, no null, relative links without /v1, enums in lower case."""
    tenant = str(contoso.customer_id)
    assert client.get("/v1/customers").json() == {
        "totalCount": 1,
        "items": [
            {
                "id": tenant,
                "companyProfile": {
                    "tenantId": tenant,
                    "domain": "contoso.example",
                    "companyName": "Contoso",
                    "links": {
                        "self": {
                            "uri": f"/customers/{tenant}/profiles/company",
                            "method": "GET",
                            "headers": [],
                        }
                    },
                    "attributes": {"objectType": "CustomerCompanyProfile"},
                },
                "relationshipToPartner": "reseller",
                "links": {"self": {"uri": f"/customers/{tenant}", "method": "GET", "headers": []}},
                "attributes": {"objectType": "Customer"},
            }
        ],
        "links": {"self": {"uri": "/customers", "method": "GET", "headers": []}},
        "attributes": {"objectType": "Collection"},
    }


def test_customer_nobody_has_named_has_texts_and_no_null(client, provider):
    """Trap 6: what clients read as text is text; a name not known is the tenant id, as on our pages."""
    row = CustomerRelationshipFactory(partner=provider, company_name="", domain="")
    profile = client.get("/v1/customers").json()["items"][0]["companyProfile"]
    assert (profile["companyName"], profile["domain"]) == (str(row.customer_id), "")


def test_customer_by_id_has_members_that_lists_have_not(client, contoso, provider):
    """Trap 22: allowDelegatedAccess only by id; §2.1: address, customDomains, associatedPartnerId."""
    record = uuid.uuid4()
    CustomerRelationship.objects.filter(pk=contoso.pk).update(
        domains=["contoso.example", "contoso.fr"], reseller_of_record_id=record
    )
    body = client.get(f"/v1/customers/{contoso.customer_id}").json()
    assert body["companyProfile"]["address"] == {"country": "FR"}
    assert body["customDomains"] == ["contoso.example", "contoso.fr"]
    assert body["associatedPartnerId"] == str(record)
    assert body["allowDelegatedAccess"] is False
    assert not {"commerceId", "billingProfile"} & body.keys()
    listed = client.get("/v1/customers").json()["items"][0]
    assert not {"allowDelegatedAccess", "customDomains", "associatedPartnerId"} & listed.keys()


def test_reseller_of_record_that_is_not_known_is_left_out(client, contoso):
    """Trap 6."""
    assert "associatedPartnerId" not in client.get(f"/v1/customers/{contoso.customer_id}").json()


def test_delegated_access_is_the_callers_own_and_active(client, contoso, provider):
    """Trap 22: it speaks of the caller's delegated admin, never of a reseller's."""
    reseller = ResellerFactory()
    ResellerRelationshipFactory(provider=provider, reseller=reseller)
    theirs = CustomerRelationshipFactory(partner=reseller, customer=contoso.customer)
    DelegatedAdminFactory(relationship=theirs)
    path = f"/v1/customers/{contoso.customer_id}"
    assert client.get(path).json()["allowDelegatedAccess"] is False
    grant = DelegatedAdminFactory(relationship=contoso)
    assert client.get(path).json()["allowDelegatedAccess"] is True
    grant.ends_at = timezone.now()
    grant.save()
    assert client.get(path).json()["allowDelegatedAccess"] is False


def test_company_profile_is_where_its_link_says(client, contoso):
    uri = client.get("/v1/customers").json()["items"][0]["companyProfile"]["links"]["self"]["uri"]
    body = client.get(f"/v1{uri}").json()
    assert body["companyName"] == "Contoso"
    assert body["address"] == {"country": "FR"}


@pytest.mark.parametrize("written", ["{id}", "{ID}", "{{{id}}}", "{plain}"])
def test_customer_by_id_in_every_notation(client, contoso, written):
    """Trap 5: GUIDs in any case, in braces, without dashes; fixed segments in any case; a trailing slash."""
    tenant = str(contoso.customer_id)
    said = written.format(id=tenant, ID=tenant.upper(), plain=contoso.customer_id.hex)
    assert client.get(f"/v1/Customers/{said}/").json()["id"] == tenant


# -- whose


def test_only_the_callers_own_established_customers(client, provider, contoso):
    """R11, R12: others' customers, requests and ended relationships are not there, in the list or by id."""
    other = CustomerRelationshipFactory(company_name="Somebody else's")
    asked = CustomerRelationshipFactory(
        partner=provider, company_name="Asked", established_at=None, requested_at=timezone.now()
    )
    ended = CustomerRelationshipFactory(
        partner=provider, company_name="Ended", ended_at=timezone.now(), ended_as="ended"
    )
    assert names(client.get("/v1/customers")) == ["Contoso"]
    for row in (other, asked, ended):
        for below in ("", "/subscriptions", "/relationships", "/profiles/company"):
            response = client.get(f"/v1/customers/{row.customer_id}{below}")
            refused(response, 20002, "not_found", status=404)


def test_resellers_customers_are_not_the_providers(client, provider):
    """A provider sees its resellers' relationships at its customers, and no customer because of them."""
    reseller = ResellerFactory()
    ResellerRelationshipFactory(provider=provider, reseller=reseller)
    CustomerRelationshipFactory(partner=reseller, company_name="Theirs")
    assert names(client.get("/v1/customers")) == []


def test_foreign_and_unknown_customer_are_one_answer(client, provider):
    """R11: same body, same queries."""
    foreign = CustomerRelationshipFactory()
    client.get("/v1/customers")  # the use of the secret is written down once a minute
    said = []
    for tenant in (foreign.customer_id, UNKNOWN):
        with CaptureQueriesContext(connection) as captured:
            response = client.get(f"/v1/customers/{tenant}")
        said.append((refused(response, 20002, status=404), len(captured)))
    assert said[0] == said[1]


@pytest.mark.parametrize("word", ["relationshiprequests", "usagerecords", "not-an-id", "a" * 300])
@pytest.mark.parametrize("below", ["", "/subscriptions"])
def test_a_word_in_the_place_of_an_id_is_an_unknown_resource_and_no_customer(client, provider, word, below):
    """Trap 11: Microsoft has resources of these names, and the portal has not; nobody is told of a customer."""
    fault = refused(client.get(f"/v1/customers/{word}{below}"), 1000, "not_found", status=404)
    assert f"“customers/{word[:80]}”" in fault["description"]


@pytest.mark.parametrize("path", ["all/validations", "relationshiprequests/1", f"{UNKNOWN}/managedservices"])
def test_a_resource_the_portal_has_not_is_an_unknown_route(client, provider, path):
    """Trap 11."""
    refused(client.get(f"/v1/customers/{path}"), 1000, "not_found", status=404)


def test_each_partner_reads_its_own_view(client, provider, contoso, caller):
    """R12: two partners call one customer by two names."""
    other = ProviderFactory()
    CustomerRelationshipFactory(partner=other, customer=contoso.customer, company_name="Contoso SARL")
    path = f"/v1/customers/{contoso.customer_id}"
    assert client.get(path).json()["companyProfile"]["companyName"] == "Contoso"
    assert caller(other.organisation).get(path).json()["companyProfile"]["companyName"] == "Contoso SARL"


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.GLOBAL_ADMIN, 200),
        (Role.ADMIN_AGENT, 200),
        (Role.HELPDESK_AGENT, 200),
        (Role.SALES_AGENT, 200),
        (Role.BILLING_ADMIN, 403),
    ],
)
def test_roles_that_read_customers(caller, organisation, contoso, role, status):
    integration = caller(organisation, role)
    tenant = contoso.customer_id
    for path in ("", f"/{tenant}", f"/{tenant}/subscriptions", f"/{tenant}/relationships"):
        response = integration.get(f"/v1/customers{path}")
        assert response.status_code == status
        if status == 403:
            assert response.json()["code"] == 900150
    assert integration.get(f"/v1/customers/{UNKNOWN}").status_code == 404  # rows before roles


# -- cost


def test_queries_do_not_grow_with_rows(client, provider):
    queries = []
    said = urlencode({"filter": '{"Field":"CompanyName","Value":"c","Operator":"starts_with"}'})
    client.get("/v1/customers")  # the use of the secret is written down once a minute
    for more in (("C1",), ("C2", "C3")):
        named(provider, *more)
        tally = []
        for path in ("/v1/customers", f"/v1/customers?size=2&{said}"):
            with CaptureQueriesContext(connection) as captured:
                assert client.get(path).status_code == 200
            tally.append(len(captured))
        queries.append(tally)
    assert queries[0] == queries[1]
    assert max(queries[0]) <= 3
