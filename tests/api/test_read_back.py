"""What we answer is what we read: every body goes back through the importer of Microsoft's shapes."""

import uuid
from datetime import UTC, datetime

import pytest

from customers.api import schemas as customers
from customers.models import CustomerRelationship
from portal.api import schemas as shared
from subscriptions.api import schemas as subscriptions
from support_contacts.importing.reading import Item, parse, text_of
from support_contacts.importing.records import records_of
from support_contacts.importing.report import Report, Where
from support_contacts.importing.shapes import Shape, items_of, shape_of
from tests.factories import (
    CustomerRelationshipFactory,
    DelegatedAdminFactory,
    ResellerFactory,
    ResellerRelationshipFactory,
    SubscriptionFactory,
    SupportProfileFactory,
)
from tests.support_contacts.importing.conftest import Importer

pytestmark = pytest.mark.django_db


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.fixture
def contoso(provider):
    return CustomerRelationshipFactory(
        partner=provider,
        company_name="Contoso",
        domain="contoso.example",
        domains=["contoso.example", "contoso.fr"],
        reseller_of_record_id=uuid.uuid4(),
    )


@pytest.fixture
def sold(contoso):
    said = {
        "offer_id": "031c9e47-4802-4248-838e-778fb1d2cc05",
        "friendly_name": "Front desk",
        "entitlement_id": "42226ed6-070a-4e0f-b80c-4cdfb3e97aa7",
        "order_id": "b1c2d3e4-0000-4aaa-9bbb-ccccddddeeee",
        "created_on": at(2020, 3, 2, 10, 11, 12, 130000),
        "effective_start": at(2020, 3, 2),
        "commitment_end": at(2029, 3, 15),
        "billing_cycle": "one_time",
        "contract_type": "subscription",
        "publisher_name": "Contoso Software",
        "reseller_of_record": "0550123",
    }
    return lambda **columns: SubscriptionFactory(
        provider=contoso.partner, customer=contoso.customer, **said | columns
    )


def read(response):
    """The shapes and records our importer finds in an answer, and the lines it would report: none."""
    assert response.status_code == 200, response.content
    report, where = Report(), Where("answer.json")
    root = parse(text_of(response.content, where, report), where, report)
    found = list(items_of(root, where))
    assert all(isinstance(item, Item) for item in found)
    shapes = [shape_of(item.body) for item in found]
    records = [records_of(item, shape, None, report) for item, shape in zip(found, shapes, strict=True)]
    assert not report.lines, [str(line) for line in report.lines]
    return shapes, records


def brings_nothing_new(provider, *responses):
    """A second portal, or this one again, learns nothing that is not on record: not one row is written."""
    return Importer(provider).again(*(response.content for response in responses)).report


def test_customers(client, provider, contoso):
    listed, by_id = client.get("/v1/customers"), client.get(f"/v1/customers/{contoso.customer_id}")
    shapes, (record,) = read(by_id)
    assert shapes == [Shape.CUSTOMER] == read(listed)[0]
    assert record.key == (contoso.customer_id,)
    assert record.values == {
        "company_name": "Contoso",
        "domain": "contoso.example",
        "domains": ["contoso.example", "contoso.fr"],
        "country": "FR",
        "reseller_of_record_id": contoso.reseller_of_record_id,
        "state": "established",
        "dap": False,
    }
    brings_nothing_new(provider, listed, by_id)


def test_delegated_access(client, contoso):
    DelegatedAdminFactory(relationship=contoso)
    _shapes, (record,) = read(client.get(f"/v1/customers/{contoso.customer_id}"))
    assert record.values["dap"] is True


def test_subscriptions(client, provider, contoso, sold):
    parent = sold()
    addon = sold(parent=parent, parent_microsoft_id=parent.microsoft_id)
    modern = sold(
        is_new_commerce=True,
        offer_id="CFQ7TTC0LH18:0001:CFQ7TTC0K971",
        product_type_id="OnlineServicesNCE",
        product_type_name="OnlineServicesNCE",
        commitment_end=at(2030, 1, 13),
        term_duration="P1Y",
    )
    endless = sold(commitment_end=None, status="suspended", suspension_reasons=["Customer"])
    base = f"/v1/customers/{contoso.customer_id}/subscriptions"
    answers = [client.get(base), client.get(f"{base}/{parent.microsoft_id}/addons")]
    answers += [client.get(f"{base}/{row.microsoft_id}") for row in (parent, addon, modern, endless)]
    shapes, records = read(answers[0])
    assert set(shapes) == {Shape.SUBSCRIPTION}
    said = {record.key[0]: record.values for record in records}
    for row in (parent, addon, modern, endless):
        row.refresh_from_db()
        values = dict(said[row.microsoft_id])
        assert values.pop("customer") == contoso.customer_id
        assert values.pop("is_new_commerce", False) == row.is_new_commerce
        values.pop("is_traditional", None)
        assert values == {name: getattr(row, name) for name in values}
        assert len(values) > 17
    brings_nothing_new(provider, *answers)


def test_relationships(client, provider, contoso):
    reseller = ResellerFactory(name="Trey Research", partner_id="0550123", country="CA")
    ResellerRelationshipFactory(provider=provider, reseller=reseller)
    CustomerRelationshipFactory(partner=reseller, customer=contoso.customer, company_name="", domain="")
    own = client.get("/v1/relationships?relationship_type=IsIndirectCloudSolutionProviderOf")
    there = client.get(f"/v1/customers/{contoso.customer_id}/relationships")
    (shape,), (record,) = read(own)
    assert shape == Shape.RELATIONSHIP
    assert record.values == {
        "reseller": reseller.pk,
        "name": "Trey Research",
        "partner_id": "0550123",
        "country": "CA",
        "type": "isindirectcloudsolutionproviderof",
        "state": "established",
    }
    assert read(there)[1][0].values["customer"] == contoso.customer_id
    brings_nothing_new(provider, own, there)


def test_support_profile(client, provider):
    SupportProfileFactory(partner=provider)
    answer = client.get("/v1/profiles/support")
    (shape,), (record,) = read(answer)
    assert shape == Shape.SUPPORT_PROFILE
    assert record.values == {
        "email": "support@reseller.example",
        "telephone": "+33 1 99 00 47 10",
        "website": "www.reseller.example",
    }
    brings_nothing_new(provider, answer)


def test_another_portal_can_be_filled_from_our_answers(client, provider, contoso, sold, caller):
    """A provider that moves: what it reads here it can import elsewhere, and reads the same again."""
    row = sold()
    path = f"/v1/customers/{contoso.customer_id}"
    answers = [client.get(path), client.get(f"{path}/subscriptions")]
    type(row).objects.all().delete()
    CustomerRelationship.objects.all().delete()
    Importer(provider)(*(answer.content for answer in answers))
    again = [client.get(path), client.get(f"{path}/subscriptions")]
    assert [answer.json() for answer in again] == [answer.json() for answer in answers]


def members(body):
    """Every member of a body by its path; items as one."""
    if isinstance(body, dict):
        return {f"{name}.{below}" for name, value in body.items() for below in members(value)}
    if isinstance(body, list):
        return {f"[].{below}" for value in body for below in members(value)}
    return {""}


def test_answers_are_as_documented(client, provider, contoso, sold):
    """Every answer fits the schema its route declares, and has no member that the schema has not."""
    reseller = ResellerFactory()
    ResellerRelationshipFactory(provider=provider, reseller=reseller)
    CustomerRelationshipFactory(partner=reseller, customer=contoso.customer)
    parent = sold()
    sold(
        parent=parent,
        parent_microsoft_id=parent.microsoft_id,
        billing_cycle="triennial",
        billing_type="benefit",
    )
    sold(microsoft_id=None, purchased_through="open", seller_name="Adatum", contract_type="productKey")
    sold(is_new_commerce=True, offer_id="CFQ7TTC0LH18:0001:CFQ7TTC0K971", suspension_reasons=["x"])
    base = f"/v1/customers/{contoso.customer_id}"
    for path, schema in (
        ("/v1/customers?size=1", customers.Customers),
        (base, customers.CustomerInFull),
        (f"{base}/profiles/company", customers.CompanyProfile),
        (f"{base}/relationships", shared.CustomersPartners),
        (f"{base}/subscriptions?size=1", subscriptions.Subscriptions),
        (f"{base}/subscriptions", subscriptions.Subscriptions),
        (f"{base}/subscriptions/{parent.microsoft_id}", subscriptions.Subscription),
        (f"{base}/subscriptions/{parent.microsoft_id}/addons", subscriptions.Subscriptions),
        ("/v1/relationships", shared.Relationships),
        ("/v1/profiles/support", shared.SupportProfileShape),
        ("/v1/profiles/mpn", shared.MpnProfileShape),
    ):
        body = client.get(path).json()
        documented = schema.model_validate(body).model_dump(mode="json", exclude_none=True)
        assert members(body) == members(documented), path
