"""`GET /v1/customers…`: Microsoft's shapes, pages, filters, and whose customers they are."""

import json
import uuid
from urllib.parse import quote, urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customers.models import Customer, CustomerRelationship
from portal.models import Organisation
from portal.permissions import Role
from tests.factories import (
    CustomerRelationshipFactory,
    DelegatedAdminFactory,
    DesignationFactory,
    ProviderFactory,
    ResellerFactory,
    ResellerRelationshipFactory,
    SubscriptionFactory,
)

pytestmark = pytest.mark.django_db

UNKNOWN = "0b7c4a91-33aa-4c39-8f00-7f7f1ad1c0de"
TOKEN = "MS-ContinuationToken"


@pytest.fixture
def contoso(provider) -> CustomerRelationship:
    return CustomerRelationshipFactory(partner=provider, company_name="Contoso", domain="contoso.example")


def named(provider, *names, **more):
    return [CustomerRelationshipFactory(partner=provider, company_name=name, **more) for name in names]


def names(response):
    assert response.status_code == 200, response.content
    return [item["companyProfile"]["companyName"] for item in response.json()["items"]]


def filtered(client, field, value, operator="starts_with", **more):
    said = json.dumps({"Field": field, "Value": value, "Operator": operator} | more)
    return client.get(f"/v1/customers?size=0&{urlencode({'filter': said})}")


def refused(response, code, *reasons, status=400):
    assert response.status_code == status, response.content
    fault = response.json()
    assert fault["code"] == code
    assert set(reasons) <= set(fault["data"])
    return fault


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


# -- pages


def test_no_size_and_size_0_hold_five_hundred(client, provider, monkeypatch):
    """Trap 10, §9.2: a client that reads the first answer only finds its customer there."""
    named(provider, *(f"Customer {number:03}" for number in range(12)))
    for query in ("", "?size=0", "?size=500", "?SIZE=0"):
        body = client.get(f"/v1/customers{query}").json()
        assert len(body["items"]) == body["totalCount"] == 12
        assert "next" not in body["links"]
        assert "continuationToken" not in body


def test_an_unsized_list_of_more_than_five_hundred_has_five_hundred_and_a_next(client, provider):
    """Trap 10: the largest page is said to be one, and the rest is on the next."""
    organisations = Organisation.objects.bulk_create(
        Organisation(name=f"C{n:03}", sort_name=f"c{n:03}") for n in range(501)
    )
    customers = Customer.objects.bulk_create(Customer(organisation=row) for row in organisations)
    CustomerRelationship.objects.bulk_create(
        CustomerRelationship(
            partner=provider,
            customer=customer,
            company_name=customer.organisation.name,
            sort_name=customer.organisation.sort_name,
            established_at=timezone.now(),
        )
        for customer in customers
    )
    for query in ("", "?size=0"):
        body = client.get(f"/v1/customers{query}").json()
        assert len(body["items"]) == body["totalCount"] == 500
        assert names(client.get(f"/v1{body['links']['next']['uri']}")) == ["C500"]


@pytest.mark.parametrize("size", ["501", "-1", "ten", "1.5", "9" * 30])
def test_size_is_1_to_500(client, provider, size):
    refused(client.get(f"/v1/customers?size={size}"), 800002, "size")


def test_pages_by_the_links_as_java_follows_them(client, provider):
    """Traps 8, 9.1.1: root + "/v1/" + uri, a double slash, with the header of the link; the last has no next."""
    named(provider, "Alpha", "Beta", "Gamma", "Delta", "Epsilon")
    body = client.get("/v1/customers?size=2").json()
    seen, pages = [], 1
    while True:
        seen += [item["companyProfile"]["companyName"] for item in body["items"]]
        assert body["totalCount"] == len(body["items"])
        if "next" not in body["links"]:
            assert "continuationToken" not in body
            break
        following = body["links"]["next"]
        assert not following["uri"].startswith(("/v1", "http"))
        assert "seekOperation=Next" in following["uri"]
        assert following["headers"] == [{"key": TOKEN, "value": body["continuationToken"]}]
        headers = {header["key"]: header["value"] for header in following["headers"]}
        body = client.get(f"/v1/{following['uri']}", headers=headers).json()
        pages += 1
    assert seen == ["Alpha", "Beta", "Delta", "Epsilon", "Gamma"]
    assert pages == 3


def test_pages_by_the_link_alone_and_by_the_token_alone(client, provider):
    """Trap 10: one client loses the link's headers, another takes the token out of the body."""
    named(provider, "Alpha", "Beta", "Gamma")
    body = client.get("/v1/customers?size=2").json()
    assert names(client.get(f"/v1{body['links']['next']['uri']}")) == ["Gamma"]
    token = {TOKEN: body["continuationToken"]}
    for seek in ("Next", "next", "NEXT", ""):
        assert names(client.get(f"/v1/customers?size=2&seekoperation={seek}", headers=token)) == ["Gamma"]


def test_pages_in_every_direction(client, provider):
    """§1.6: seekOperation is Next, Previous, First or Last; the token of a page turns it both ways."""
    named(provider, "Alpha", "Beta", "Gamma", "Delta", "Epsilon")
    first = client.get("/v1/customers?size=2").json()
    second = client.get(f"/v1{first['links']['next']['uri']}").json()
    token = {TOKEN: second["continuationToken"]}
    assert names(client.get("/v1/customers?size=2&seekOperation=Previous", headers=token)) == [
        "Alpha",
        "Beta",
    ]
    assert names(client.get("/v1/customers?size=2&seekOperation=First", headers=token)) == ["Alpha", "Beta"]
    last = client.get("/v1/customers?size=2&seekOperation=Last")
    assert names(last) == ["Epsilon", "Gamma"]
    assert "next" not in last.json()["links"]
    assert names(client.get(f"/v1{last.json()['links']['previous']['uri']}")) == ["Beta", "Delta"]
    assert "previous" not in first["links"]


def test_filter_stays_while_pages_are_turned(client, provider):
    named(provider, "Contoso A", "Contoso B", "Contoso C", "Fabrikam")
    said = quote(json.dumps({"Field": "CompanyName", "Value": "cont", "Operator": "starts_with"}))
    body = client.get(f"/v1/customers?size=2&filter={said}").json()
    assert names(client.get(f"/v1/{body['links']['next']['uri']}")) == ["Contoso C"]


@pytest.mark.parametrize("token", ["nonsense", "....", "WyJhIl0", "é"])
def test_token_that_is_not_ours_is_refused_in_words(client, provider, token):
    query = urlencode({"seekOperation": "Next", "continuationToken": token})
    refused(client.get(f"/v1/customers?{query}"), 800002, "continuation_token")


def test_another_callers_token_opens_nothing(client, provider, caller):
    other = ProviderFactory()
    named(other, "Alpha", "Beta")
    token = caller(other.organisation).get("/v1/customers?size=1").json()["continuationToken"]
    named(provider, "Anything")
    found = client.get("/v1/customers?seekOperation=Next", headers={TOKEN: token})
    assert names(found) == ["Anything"]


def test_page_of_another_kind_is_refused(client, provider):
    refused(client.get("/v1/customers?seekOperation=PageIndex"), 900141, "seek")


# -- filters


@pytest.mark.parametrize(
    "text",
    [
        '{"Field":"CompanyName","Value":"cont","Operator":"starts_with"}',
        '{"operator":"StartsWith","field":"CompanyName","value":"CONT","fieldType":"string"}',
        '{"FIELD":"company_name","VALUE":"Cont","OPERATOR":"STARTS_WITH"}',
        '{"Field":"CompanyName","Value":"contóso","Operator":"startsWith"}',
        quote('{"Field":"CompanyName","Value":"cont","Operator":"starts_with"}'),
        quote(quote('{"Field":"CompanyName","Value":"cont","Operator":"starts_with"}')),
    ],
)
def test_filter_in_the_notations_of_every_client(client, provider, text):
    """Trap 26: documented, Java's with its extra member, in any case, encoded twice. Compared in any case."""
    named(provider, "Contoso", "Contôso Ouest", "Northwind Contoso", "Fabrikam")
    assert names(client.get(f"/v1/customers?size=0&filter={quote(text)}")) == ["Contoso", "Contôso Ouest"]


def test_filter_after_a_second_question_mark(client, provider):
    """§1.7: one documented address pattern is ?size={size}?filter={filter}."""
    named(provider, "Contoso", "Fabrikam")
    said = quote('{"Field":"CompanyName","Value":"fab","Operator":"starts_with"}')
    assert names(client.get(f"/v1/customers?size=0?filter={said}")) == ["Fabrikam"]


def test_name_by_prefix_of_the_name_and_by_any_word(client, provider):
    """Microsoft's starts_with is a prefix of the name; contains, any word, is ours."""
    named(provider, "Wood Grove Bank", "Woodgrove", "The Wood", "(Wood) & Sons")
    assert names(filtered(client, "CompanyName", "wood")) == ["Wood Grove Bank", "(Wood) & Sons", "Woodgrove"]
    assert names(filtered(client, "CompanyName", "Wood Gr")) == ["Wood Grove Bank"]
    found = ["The Wood", "Wood Grove Bank", "(Wood) & Sons", "Woodgrove"]
    for operator in ("contains", "substring"):
        assert names(filtered(client, "CompanyName", "wood", operator)) == found
        assert names(filtered(client, "CompanyName", "bank grove", operator)) == ["Wood Grove Bank"]
    assert names(filtered(client, "CompanyName", "WOODGROVE", "equals")) == ["Woodgrove"]


@pytest.mark.parametrize("operator", ["substring", "contains", "SubString"])
def test_name_contains_text_inside_words_too(client, provider, operator):
    """§1.7: substring is any part of the text. Words in any order; compared in any case, without accents."""
    named(provider, "Woodgrove Bank", "Northwind Trâders", "Ødegård", "C%mpany_Ltd")
    CustomerRelationshipFactory(partner=provider, company_name="Contoso Grove", alias="Best")
    found = lambda value: names(filtered(client, "CompanyName", value, operator))  # noqa: E731
    assert found("grove") == ["Contoso Grove", "Woodgrove Bank"]
    assert found("ROVE B") == ["Woodgrove Bank"]
    assert found("ank wood") == ["Woodgrove Bank"]
    assert found("rader") == found("tráDER") == ["Northwind Trâders"]
    assert found("odegar") == ["Ødegård"]
    assert found("est") == []  # an alias is no company name, and a domain is none
    assert found("example") == []
    assert found("%") == found("_") == found("") == []
    assert found("zzz") == []


def test_pages_of_what_contains(client, provider):
    """The filter holds from page to page."""
    named(provider, *(f"Wood{n}grove" for n in range(5)), "Else")
    said = quote(json.dumps({"Field": "CompanyName", "Value": "grov", "Operator": "substring"}))
    body, seen = client.get(f"/v1/customers?size=2&filter={said}").json(), []
    while True:
        seen += [item["companyProfile"]["companyName"] for item in body["items"]]
        if "next" not in body["links"]:
            break
        body = client.get(f"/v1{body['links']['next']['uri']}").json()
    assert seen == [f"Wood{n}grove" for n in range(5)]


def test_name_is_the_company_name_and_not_the_alias(client, provider):
    """An alias is the partner's own word: the API has the company name, and finds by it."""
    CustomerRelationshipFactory(partner=provider, company_name="Contoso", alias="Our best one")
    assert names(filtered(client, "CompanyName", "cont")) == ["Contoso"]
    assert names(filtered(client, "CompanyName", "our best")) == []


def test_empty_prefix_is_everything_and_punctuation_nothing(client, contoso):
    assert names(filtered(client, "CompanyName", "")) == ["Contoso"]
    assert names(filtered(client, "CompanyName", "%")) == []
    assert names(filtered(client, "CompanyName", "_ontoso")) == []


def test_domain_by_primary_and_other_domains(client, provider):
    CustomerRelationshipFactory(
        partner=provider, company_name="One", domain="one.example", domains=["one.example", "uno.example"]
    )
    named(provider, "Unotime", domain="two.example")
    assert names(filtered(client, "Domain", "ONE.")) == ["One"]
    assert names(filtered(client, "Domain", "uno")) == ["One"]
    assert names(filtered(client, "Domain", "example")) == []
    for part in ("exam", "xampl", "o.e"):
        assert names(filtered(client, "Domain", part, "contains")) == ["One", "Unotime"]
    assert names(filtered(client, "Domain", "no.ex", "substring")) == ["One"]
    assert names(filtered(client, "Domain", "two.example", "equals")) == ["Unotime"]
    assert names(filtered(client, "Domain", "two", "equals")) == []


def test_customers_of_an_indirect_reseller(client, provider):
    """Trap 26: starts_with on a GUID, in any notation. Trap 14: a tenant id, also in associatedPartnerId."""
    reseller = ResellerFactory()
    ResellerRelationshipFactory(provider=provider, reseller=reseller)
    with_it, of_record, _without = named(provider, "With it", "Of record", "Without")
    CustomerRelationshipFactory(partner=reseller, customer=with_it.customer)
    CustomerRelationshipFactory(partner=reseller, company_name="Not ours")
    CustomerRelationship.objects.filter(pk=of_record.pk).update(reseller_of_record_id=reseller.pk)
    for value in (str(reseller.pk), str(reseller.pk).upper(), f"{{{reseller.pk}}}"):
        assert names(filtered(client, "IndirectReseller", value)) == ["Of record", "With it"]
    assert names(filtered(client, "IndirectReseller", UNKNOWN)) == []


def test_customers_of_a_reseller_unrelated_to_us_are_nobodys_to_tell(client, provider):
    """Without a relationship between the two, where a reseller works is not the provider's to know."""
    stranger = ResellerFactory()
    (row,) = named(provider, "Contoso")
    CustomerRelationshipFactory(partner=stranger, customer=row.customer)
    assert names(filtered(client, "IndirectReseller", str(stranger.pk))) == []
    ResellerRelationshipFactory(
        provider=provider, reseller=stranger, ended_at=timezone.now(), ended_as="ended"
    )
    assert names(filtered(client, "IndirectReseller", str(stranger.pk))) == []


def test_customers_a_reseller_has_with_one_of_its_providers(caller, provider):
    reseller = ResellerFactory()
    ResellerRelationshipFactory(provider=provider, reseller=reseller)
    both, not_told, _alone = named(reseller, "Both", "Both, not told", "Alone")
    for row in (both, not_told):
        CustomerRelationshipFactory(partner=provider, customer=row.customer)
    DesignationFactory(
        subscription=SubscriptionFactory(provider=provider, customer=both.customer), partner=reseller
    )
    integration = caller(reseller.organisation)
    assert names(filtered(integration, "IndirectCloudSolutionProvider", str(provider.pk))) == ["Both"]
    assert names(filtered(integration, "IndirectReseller", str(reseller.pk))) == [
        "Alone",
        "Both",
        "Both, not told",
    ]


@pytest.mark.parametrize(
    ("field", "value", "operator", "reason"),
    [
        ("Telephone", "cont", "starts_with", "field"),
        ("CompanyName", "cont", "greater_than", "operator"),
        ("IndirectReseller", "0123", "starts_with", "value"),
        ("IndirectReseller", UNKNOWN, "substring", "operator"),
    ],
)
def test_filter_nobody_knows_is_refused_by_name(client, provider, field, value, operator, reason):
    refused(filtered(client, field, value, operator), 3000, reason)


@pytest.mark.parametrize(
    "text", ["{", "[]", '"cont"', "null", '{"Field":"Domain"}', '{"Field":1,"Value":[],"Operator":{}}']
)
def test_filter_that_cannot_be_read_is_refused(client, provider, text):
    refused(client.get(f"/v1/customers?{urlencode({'filter': text})}"), 800002, "filter_unreadable")


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
