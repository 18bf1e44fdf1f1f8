"""`GET /v1/relationships` and `GET /v1/customers/{id}/relationships`: who resells for whom."""

import json
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.permissions import Role
from tests.factories import (
    CustomerRelationshipFactory,
    DelegatedAdminFactory,
    DesignationFactory,
    OrganisationFactory,
    PartnerFactory,
    ProviderFactory,
    ResellerFactory,
    ResellerRelationshipFactory,
    SubscriptionFactory,
)

pytestmark = pytest.mark.django_db

OF_RESELLERS, OF_PROVIDERS = "is_indirect_cloud_solution_provider_of", "is_indirect_reseller_of"


@pytest.fixture
def trey(provider):
    reseller = ResellerFactory(name="Trey Research", country="CA", partner_id="0550123")
    ResellerRelationshipFactory(provider=provider, reseller=reseller)
    return reseller


def names(response):
    assert response.status_code == 200, response.content
    return [item["name"] for item in response.json()["items"]]


def filtered(client, value, operator="substring", field="Name", **query):
    said = json.dumps({"Field": field, "Value": value, "Operator": operator})
    return client.get(f"/v1/relationships?{urlencode({'filter': said} | query)}")


def test_providers_resellers_in_microsofts_shape(client, trey):
    """§2.4, traps 6, 12, 13, 9.1.5, 9.3: snake case, mpnId as text with its zero, "Active" with a capital."""
    body = client.get("/v1/relationships?relationship_type=IsIndirectCloudSolutionProviderOf").json()
    assert body["items"] == [
        {
            "id": str(trey.pk),
            "name": "Trey Research",
            "relationshipType": OF_RESELLERS,
            "state": "Active",
            "mpnId": "0550123",
            "location": "CA",
            "attributes": {"objectType": "PartnerRelationship"},
        }
    ]
    assert body["totalCount"] == 1
    assert body["attributes"] == {"objectType": "Collection"}
    self_uri = "/relationships?relationship_type=IsIndirectCloudSolutionProviderOf"
    assert body["links"] == {"self": {"uri": self_uri, "method": "GET", "headers": []}}


@pytest.mark.parametrize(
    "spelling",
    [
        "IsIndirectCloudSolutionProviderOf",
        OF_RESELLERS,
        OF_RESELLERS.upper(),
        "isindirectcloudsolutionproviderof",
    ],
)
def test_type_in_both_spellings_and_any_case(client, trey, spelling):
    """Traps 5, 12, 9.1.4: .NET and the documentation write Pascal case, Java snake case."""
    assert names(client.get(f"/v1/relationships?Relationship_Type={spelling}")) == ["Trey Research"]
    assert names(client.get("/v1/relationships?relationship_type=IsIndirectResellerOf")) == []


def test_reseller_asks_the_other_way_round(caller, provider, trey):
    """Trap 12: the direction is easily inverted. A reseller asks for what it is an indirect reseller of."""
    integration = caller(trey.organisation)
    body = integration.get("/v1/relationships?relationship_type=is_indirect_reseller_of").json()
    assert [(item["id"], item["relationshipType"]) for item in body["items"]] == [
        (str(provider.pk), OF_PROVIDERS)
    ]
    assert (
        names(integration.get("/v1/relationships?relationship_type=IsIndirectCloudSolutionProviderOf")) == []
    )


def test_without_a_type_the_callers_kind_decides(client, caller, provider, trey):
    """§2.4: Java's filtered query leaves the type out; a provider means its resellers, a reseller its providers."""
    assert names(client.get("/v1/relationships")) == ["Trey Research"]
    assert names(caller(trey.organisation).get("/v1/relationships")) == [provider.name]
    dual = PartnerFactory(name="Both", is_indirect_provider=True, is_indirect_reseller=True)
    ResellerRelationshipFactory(provider=provider, reseller=dual)
    ResellerRelationshipFactory(provider=dual, reseller=ResellerFactory(name="A reseller of both"))
    body = caller(dual.organisation).get("/v1/relationships").json()
    assert [(item["name"], item["relationshipType"]) for item in body["items"]] == [
        ("A reseller of both", OF_RESELLERS),
        (provider.name, OF_PROVIDERS),
    ]


@pytest.mark.parametrize("spelling", ["IsIndirectSomethingOf", "1", "none"])
def test_type_nobody_knows_is_refused(client, trey, spelling):
    response = client.get(f"/v1/relationships?relationship_type={spelling}")
    assert response.status_code == 400
    assert (response.json()["code"], response.json()["data"]) == (900126, ["relationship_type"])


def test_filter_on_the_name(client, provider, trey):
    """§1.7, trap 26: .NET says substring, the swagger StartsWith; folded; with and without a type."""
    ResellerRelationshipFactory(provider=provider, reseller=ResellerFactory(name="Adventure Rèsearch"))
    ResellerRelationshipFactory(provider=provider, reseller=ResellerFactory(name="Wingtip"))
    both = ["Adventure Rèsearch", "Trey Research"]
    assert names(filtered(client, "RESEARCH")) == both
    assert names(filtered(client, "research", "Substring", relationship_type=OF_RESELLERS)) == both
    assert names(filtered(client, "tréy", "starts_with")) == ["Trey Research"]
    assert names(filtered(client, "research", "StartsWith")) == []
    assert names(filtered(client, "trey research", "equals", field="name")) == ["Trey Research"]
    assert names(filtered(client, "%")) == []
    assert len(names(filtered(client, ""))) == 3


@pytest.mark.parametrize(
    ("field", "operator", "reason"), [("MpnId", "substring", "field"), ("Name", "greater_than", "operator")]
)
def test_filter_nobody_knows_is_refused_by_name(client, trey, field, operator, reason):
    response = filtered(client, "x", operator, field)
    assert response.status_code == 400
    assert response.json()["code"] == 3000
    assert reason in response.json()["data"]


def test_only_established_relationships_of_the_caller(client, provider, trey):
    """R11: requests and ends are not relationships, and others' are nobody's."""
    ResellerRelationshipFactory(
        provider=provider, reseller=ResellerFactory(), established_at=None, requested_at=timezone.now()
    )
    ResellerRelationshipFactory(
        provider=provider, reseller=ResellerFactory(), ended_at=timezone.now(), ended_as="ended"
    )
    ResellerRelationshipFactory(reseller=trey)
    ResellerRelationshipFactory()
    assert names(client.get("/v1/relationships")) == ["Trey Research"]


def test_pages_of_relationships(client, provider, trey):
    """Trap 10."""
    for name in ("Wingtip", "Adventure"):
        ResellerRelationshipFactory(provider=provider, reseller=ResellerFactory(name=name))
    first = client.get("/v1/relationships?size=2")
    assert names(first) == ["Adventure", "Trey Research"]
    rest = client.get(f"/v1/{first.json()['links']['next']['uri']}")
    assert names(rest) == ["Wingtip"]
    assert "next" not in rest.json()["links"]


def test_partner_without_number_or_country_has_text_and_no_null(client, provider):
    """Trap 6: mpnId is text for every client; a country that is not known is left out."""
    ResellerRelationshipFactory(
        provider=provider,
        reseller=ResellerFactory(partner_id="", organisation=OrganisationFactory(country="")),
    )
    item = client.get("/v1/relationships").json()["items"][0]
    assert item["mpnId"] == ""
    assert "location" not in item


# -- at one customer


@pytest.fixture
def contoso(provider):
    return CustomerRelationshipFactory(partner=provider, company_name="Contoso")


def test_resellers_of_a_customer(client, provider, trey, contoso):
    """§2.4: id, name, relationshipType and mpnId alone; the self link names the customer."""
    ResellerRelationshipFactory(provider=provider, reseller=ResellerFactory(name="Not there"))
    CustomerRelationshipFactory(partner=trey, customer=contoso.customer)
    body = client.get(f"/v1/customers/{contoso.customer_id}/relationships").json()
    assert body["items"] == [
        {
            "id": str(trey.pk),
            "name": "Trey Research",
            "relationshipType": OF_RESELLERS,
            "mpnId": "0550123",
            "attributes": {"objectType": "PartnerRelationship"},
        }
    ]
    assert body["links"]["self"]["uri"] == f"/customers/{contoso.customer_id}/relationships"


def test_reseller_reads_its_providers_at_its_customer(caller, provider, trey, contoso):
    """§2.4, newer documentation: for a reseller the providers, of those that are its own."""
    CustomerRelationshipFactory(partner=trey, customer=contoso.customer, requested_for=provider)
    CustomerRelationshipFactory(
        partner=ProviderFactory(name="No provider of ours"), customer=contoso.customer
    )
    elsewhere = ProviderFactory(name="Ours, not there")
    ResellerRelationshipFactory(provider=elsewhere, reseller=trey)
    body = caller(trey.organisation).get(f"/v1/customers/{contoso.customer_id}/relationships").json()
    assert [(item["name"], item["relationshipType"]) for item in body["items"]] == [
        (provider.name, OF_PROVIDERS)
    ]


def test_reseller_reads_only_providers_it_has_to_do_with_at_that_customer(caller, provider, trey, contoso):
    """R12: that another provider of ours has the customer too is not ours to know, until it makes it so."""
    others = [
        ProviderFactory(name=name) for name in ("Asked", "Chose", "Chose once", "Granted", "Only has it")
    ]
    for other in others:
        ResellerRelationshipFactory(provider=other, reseller=trey)
        CustomerRelationshipFactory(partner=other, customer=contoso.customer)
    asked, chose, chose_once, granted, _only = others
    mine = CustomerRelationshipFactory(partner=trey, customer=contoso.customer, requested_for=asked)
    DelegatedAdminFactory(relationship=mine, requested_for=granted)
    for other in (chose, chose_once):
        ended = {"ended_at": timezone.now(), "ended_as": "replaced"} if other == chose_once else {}
        DesignationFactory(
            subscription=SubscriptionFactory(provider=other, customer=contoso.customer), partner=trey, **ended
        )
    DesignationFactory(subscription=SubscriptionFactory(provider=chose_once), partner=trey)
    body = caller(trey.organisation).get(f"/v1/customers/{contoso.customer_id}/relationships")
    assert names(body) == ["Asked", "Chose", "Granted"]


def test_reseller_without_the_customer_reads_nothing_there(caller, trey, contoso):
    """R11: a provider's customer is not its resellers'."""
    response = caller(trey.organisation).get(f"/v1/customers/{contoso.customer_id}/relationships")
    assert (response.status_code, response.json()["code"]) == (404, 20002)


@pytest.mark.parametrize("ended", ["with us", "with the customer"])
def test_ended_on_either_side_is_not_listed(client, provider, contoso, ended):
    gone = {"ended_at": timezone.now(), "ended_as": "ended"}
    reseller = ResellerFactory()
    ResellerRelationshipFactory(provider=provider, reseller=reseller, **(gone if ended == "with us" else {}))
    CustomerRelationshipFactory(
        partner=reseller, customer=contoso.customer, **(gone if ended == "with the customer" else {})
    )
    assert names(client.get(f"/v1/customers/{contoso.customer_id}/relationships")) == []


# -- roles and cost


@pytest.mark.parametrize(("role", "status"), [(Role.SALES_AGENT, 200), (Role.BILLING_ADMIN, 403)])
def test_roles_that_read_relationships(caller, organisation, trey, role, status):
    assert caller(organisation, role).get("/v1/relationships").status_code == status


def test_queries_do_not_grow_with_rows(client, provider, contoso):
    client.get("/v1/relationships")
    queries = []
    for count in (1, 2):
        for _ in range(count):
            reseller = ResellerFactory()
            ResellerRelationshipFactory(provider=provider, reseller=reseller)
            CustomerRelationshipFactory(partner=reseller, customer=contoso.customer)
        tally = []
        for path in ("/v1/relationships", f"/v1/customers/{contoso.customer_id}/relationships"):
            with CaptureQueriesContext(connection) as captured:
                client.get(path)
            tally.append(len(captured))
        queries.append(tally)
    assert queries[0] == queries[1]
    assert queries[0] <= [3, 4]
