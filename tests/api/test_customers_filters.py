"""`GET /v1/customers`: its filters, in the notations of every client."""

import json
from urllib.parse import quote, urlencode

import pytest
from django.utils import timezone

from customers.models import CustomerRelationship
from tests.api.asking import UNKNOWN, filtered, named, names, refused
from tests.factories import (
    CustomerRelationshipFactory,
    DesignationFactory,
    ResellerFactory,
    ResellerRelationshipFactory,
    SubscriptionFactory,
)

pytestmark = pytest.mark.django_db


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
