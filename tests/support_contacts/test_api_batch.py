"""`POST /v1/supportcontacts/batch`: many choices, each judged alone and answered alone; one event each, told once."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.api import throttle
from portal.models import ApiAnswer, AuditEvent, AuditNote, Mail
from portal.permissions import Role
from support_contacts.models import Designation
from tests.api.caller import Caller, bearer, check_fault
from tests.factories import (
    CustomerFactory,
    CustomerRelationshipFactory,
    DesignationFactory,
    MembershipFactory,
    PartnerSuspensionFactory,
    ResellerFactory,
    SubscriptionFactory,
    make_eligible,
)
from tests.letterbox import told, waiting, work
from tests.support_contacts.api import contact_uri, etag_of

BATCH = "/v1/supportcontacts/batch"


@pytest.fixture
def api(world):
    return Caller(bearer(world.provider.organisation, "helpdesk_agent"))


@pytest.fixture
def rows(world):
    return [SubscriptionFactory(provider=world.provider, customer=world.customer) for _ in range(3)]


def line(row, partner=None, **more):
    said = {"customerId": str(row.customer_id), "subscriptionId": row.microsoft_id or str(row.pk)}
    return said | ({"supportTenantId": str(partner.pk)} if partner else {}) | more


def post(api, *lines, **kwargs):
    response = api.post(BATCH, {"items": list(lines)}, **kwargs)
    assert response.status_code == 200, response.json()
    items = response.json()["items"]
    assert response.json()["totalCount"] == len(items) == len(lines)
    for item in items:
        assert ("error" in item) == (item["status"] != 200)
        assert ("supportContact" in item) == (item["status"] == 200)
        if "error" in item:
            check_fault(item["error"])
    return items


def said(items):
    return [
        (item["status"], item["changed"], *(item["error"]["data"] if "error" in item else []))
        for item in items
    ]


def events():
    return AuditEvent.objects.filter(subscription_id__isnull=False)


def stored():
    return dict(Designation.objects.filter(ended_at=None).values_list("subscription_id", "partner_id"))


@pytest.fixture
def limit(settings):
    """Calls a minute; nobody is remembered from one test to the next."""

    def set_to(calls):
        settings.API_REQUESTS_PER_MINUTE = calls

    throttle.forget()
    yield set_to
    throttle.forget()


@pytest.mark.parametrize(("items", "status"), [(50, 200), (51, 429)])
def test_ten_items_count_as_a_call(api, limit, items, status):
    limit(10)
    assert len(post(api, *[{}] * 45)) == 45
    response = api.post(BATCH, {"items": [{}] * items})
    assert response.status_code == status
    assert api.get("/v1/profiles/mpn").status_code == 429


def test_a_batch_above_the_limit_of_a_minute_takes_a_minute_of_its_own(api, limit):
    limit(3)
    assert api.post(BATCH, {"items": [{}] * 100}).status_code == 200
    assert api.post(BATCH, {"items": [{}]}).status_code == 429


def test_a_batch_that_counts_too_much_does_nothing(world, api, limit):
    limit(2)
    post(api, *[{}] * 11)
    assert api.post(BATCH, {"items": [line(world.subscription, world.trey)]}).status_code == 429
    assert not stored()


def test_its_kept_answer_is_small_and_comes_again_as_it_was(world, api):
    lines = [line(world.subscription, world.trey), *[{"subscriptionId": str(uuid.uuid4())}] * 99]
    request_id = {"MS-RequestId": str(uuid.uuid4())}
    first, second = (api.post(BATCH, {"items": lines}, headers=request_id) for _time in range(2))
    assert first.content == second.content
    assert len(ApiAnswer.objects.get().body) * 5 < len(first.content)


def test_every_item_has_its_own_answer_in_the_order_given(world, api, rows):
    suspended = ResellerFactory()
    make_eligible(suspended, provider=world.provider, customer=world.customer)
    PartnerSuspensionFactory(partner=suspended)
    modern = SubscriptionFactory(provider=world.provider, customer=world.customer, is_new_commerce=True)
    over = SubscriptionFactory(
        provider=world.provider, customer=world.customer, status="deleted", ended_at=timezone.now()
    )
    foreign = SubscriptionFactory(customer=world.customer)

    items = post(
        api,
        line(rows[2], world.trey),
        line(foreign, world.trey),
        line(rows[0], suspended),
        line(modern, world.trey),
        line(over, world.trey),
        line(rows[1], world.provider),
        line(rows[0]),
        line(rows[1], supportMpnId=world.provider.partner_id),
    )

    assert said(items) == [
        (200, True),
        (404, False, "not_found"),
        (400, False, "reseller_suspended"),
        (400, False, "new_commerce_not_supported"),
        (400, False, "subscription_ended"),
        (200, False),
        (400, False, "partner_missing"),
        (200, False),
    ]
    assert [item["error"]["code"] for item in items if "error" in item] == [
        20003,
        800016,
        900141,
        2011,
        800002,
    ]
    assert stored() == {rows[2].pk: world.trey.pk}
    assert items[0]["supportContact"] == api.get(contact_uri(rows[2])).json()
    assert items[5]["supportContact"] == api.get(contact_uri(rows[1])).json()
    assert (items[0]["customerId"], items[0]["subscriptionId"]) == (
        str(world.customer.pk),
        rows[2].microsoft_id,
    )


def test_r9_one_event_each_as_a_single_choice_writes_it(world, api, rows):
    request_id = str(uuid.uuid4())
    post(
        api,
        *(line(row, world.trey, note=f"Note {n}") for n, row in enumerate(rows)),
        headers={"MS-RequestId": request_id},
    )

    found = list(events().order_by("pk"))
    assert [event.subscription_id for event in found] == [row.pk for row in rows]
    assert {(e.action, e.channel, e.actor_kind, e.actor_role, e.request_id) for e in found} == {
        ("designation.made", "api", "integration", "helpdesk_agent", request_id)
    }
    assert [event.note.text for event in found] == ["Note 0", "Note 1", "Note 2"]
    assert all(event.note_hash for event in found)
    assert {event.after["version"] for event in found} == {1}
    assert {d.channel for d in Designation.objects.all()} == {"api"}


def test_replacing_and_ending_close_what_stood(world, api, rows):
    alpine = ResellerFactory()
    make_eligible(alpine, provider=world.provider, customer=world.customer)
    post(api, *(line(row, world.trey) for row in rows))

    items = post(api, line(rows[0], alpine), line(rows[1], world.provider), line(rows[2], world.trey))

    assert said(items) == [(200, True), (200, True), (200, False)]
    assert stored() == {rows[0].pk: alpine.pk, rows[2].pk: world.trey.pk}
    ended = dict(Designation.objects.exclude(ended_at=None).values_list("subscription_id", "ended_as"))
    assert ended == {rows[0].pk: "replaced", rows[1].pk: "back_to_provider"}
    assert [item["supportContact"]["attributes"]["etag"] for item in items] == [
        etag_of(rows[0], 2),
        etag_of(rows[1], 2),
        etag_of(rows[2], 1),
    ]
    assert events().count() == 5


def test_r6_an_etag_of_the_item_and_already_so_before_stale(world, api, rows):
    alpine = ResellerFactory()
    make_eligible(alpine, provider=world.provider, customer=world.customer)
    post(api, *(line(row, world.trey) for row in rows))

    items = post(
        api,
        line(rows[0], alpine, etag=etag_of(rows[0], 0)),
        line(rows[1], alpine, etag=f'W/"{etag_of(rows[1], 1)}"'),
        line(rows[2], world.trey, etag=etag_of(rows[2], 0)),
        line(rows[0], alpine, etag="nonsense"),
    )

    assert said(items) == [(400, False, "conflict"), (200, True), (200, False), (400, False, "conflict")]
    assert items[0]["error"]["code"] == 2055
    assert stored()[rows[0].pk] == world.trey.pk


def test_one_subscription_twice_with_one_partner_is_changed_once(world, api, rows):
    items = post(api, line(rows[0], world.trey), line(rows[0], supportMpnId=world.trey.partner_id))

    assert said(items) == [(200, True), (200, False)]
    assert items[0]["supportContact"] == items[1]["supportContact"]
    assert events().count() == 1


def test_one_subscription_twice_with_two_partners_is_refused_both_times(world, api, rows):
    """Nothing in a batch comes before anything else, so neither can be meant to be the last."""
    by_our_id = line(rows[0], world.provider, subscriptionId=str(rows[0].pk))

    items = post(api, line(rows[0], world.trey), line(rows[1], world.trey), by_our_id)

    assert said(items) == [(400, False, "duplicate_item"), (200, True), (400, False, "duplicate_item")]
    assert stored() == {rows[1].pk: world.trey.pk}


def test_r4_unknown_and_unrelated_are_refused_alike(world, api, rows):
    stranger = ResellerFactory()

    items = post(
        api,
        line(rows[0], stranger),
        line(rows[1], supportTenantId=str(uuid.uuid4())),
        line(rows[2], supportMpnId="999"),
        line(world.subscription, supportMpnId=stranger.partner_id),
    )

    assert {tuple(item["error"]["data"]) for item in items} == {("relationship_missing",)}
    assert len({item["error"]["description"] for item in items}) == 1


def test_trap_5_names_and_ids_in_any_notation_and_mismatch(world, api, rows):
    alpine = ResellerFactory()
    make_eligible(alpine, provider=world.provider, customer=world.customer)
    response = api.post(
        BATCH,
        {
            "ITEMS": [
                {
                    "CustomerId": f"{{{str(world.customer.pk).upper()}}}",
                    "SubscriptionId": rows[0].microsoft_id.replace("-", "").upper(),
                    "SupportTenantId": str(world.trey.pk).upper(),
                    "Etag": None,
                    "Note": None,
                },
                line(rows[1], world.trey, supportMpnId=alpine.partner_id),
            ]
        },
    )

    assert said(response.json()["items"]) == [(200, True), (400, False, "partner_mismatch")]


@pytest.mark.parametrize(
    ("more", "reasons"),
    [
        ({"supportTenantId": "x"}, ["invalid_property", "supportTenantId"]),
        ({"note": "n" * 1001}, ["invalid_property", "note"]),
        ({"note": "bell\a"}, ["invalid_property", "note"]),
        ({"note": []}, ["invalid_property", "note"]),
        ({"etag": 7}, ["invalid_property", "etag"]),
        ({"customerId": None}, ["invalid_property", "customerId"]),
        ({"customerId": None, "subscriptionId": " "}, ["invalid_property", "customerId", "subscriptionId"]),
        ({"subscriptionId": {}}, ["invalid_property", "subscriptionId"]),
        ({"customerId": 17}, ["not_found"]),
        ({"subscriptionId": "relationshiprequests"}, ["not_found"]),
    ],
)
def test_an_item_that_is_wrong_stops_no_other(world, api, rows, more, reasons):
    items = post(api, line(rows[0], world.trey) | more, line(rows[1], world.trey))

    assert [item["error"]["data"] for item in items if "error" in item] == [reasons]
    assert stored() == {rows[1].pk: world.trey.pk}


def test_an_item_that_names_no_subscription_is_told_what_it_lacks(api):
    """400, as any mistake in a call: 404 would say that something was looked for."""
    (item,) = post(api, {})

    assert (item["status"], item["changed"], item["error"]["code"]) == (400, False, 3000)
    assert item["error"]["data"] == ["invalid_property", "customerId", "subscriptionId"]
    assert "customerId, subscriptionId" in item["error"]["description"]


def test_r11_not_visible_comes_before_everything_else_that_is_wrong(world, api):
    foreign = SubscriptionFactory(customer=world.customer)

    items = post(api, line(foreign, note=7), line(foreign, supportTenantId="x"))

    assert {item["status"] for item in items} == {404}


# -- the whole body


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({}, "items_missing"),
        ({"items": None}, "items_missing"),
        ({"items": {}}, "items_missing"),
        ({"items": [1]}, "item_not_an_object"),
        ({"items": [[]]}, "item_not_an_object"),
        ([], "not_an_object"),
        (b"[", "not_json"),
        ({"items": [{}] * 1001}, "too_many_items"),
    ],
)
def test_a_body_that_is_no_batch_is_400(api, body, reason):
    response = api.post(BATCH, body)

    assert (response.status_code, response.json()["data"]) == (400, [reason])


def test_an_empty_batch_is_an_empty_answer(api):
    assert post(api) == []


@pytest.mark.parametrize("role", [Role.SALES_AGENT, Role.BILLING_ADMIN])
def test_r2_a_role_that_does_not_choose_is_403_for_the_whole(world, rows, role):
    api = Caller(bearer(world.provider.organisation, role))

    assert api.post(BATCH, {"items": [line(rows[0], world.trey)]}).status_code == 403
    assert not stored()


def test_r12_a_reseller_chooses_nothing(world, rows):
    assert said(post(Caller(bearer(world.trey.organisation)), line(rows[0], world.trey))) == [
        (404, False, "not_found")
    ]


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_no_other_method_exists(api, method):
    assert api.call(method, BATCH).status_code == 405


# -- repeated, and told


def test_trap_17_the_same_batch_again_is_one_change_and_one_answer(world, api, rows):
    request_id = {"MS-RequestId": str(uuid.uuid4())}
    body = {"items": [line(row, world.trey) for row in rows]}

    first, again = (api.post(BATCH, body, headers=request_id) for _ in range(2))

    assert first.content == again.content
    assert events().count() == 3


def test_told_once_a_person_and_again_by_the_next_batch_under_the_same_id(world, api, rows):
    """A client may keep one request id for all it does; its second batch is news all the same."""
    MembershipFactory(organisation=world.trey.organisation, user__email="agent@trey.example")
    request_id = {"MS-RequestId": str(uuid.uuid4())}

    post(api, *(line(row, world.trey) for row in rows), headers=request_id)
    assert len(waiting("portal.tell_batch")) == 1
    assert not waiting("portal.tell")
    work()

    assert told()["agent@trey.example"] == "You are now the support contact for 3 subscriptions"
    before = len(told_to("agent@trey.example"))
    post(api, line(world.subscription, world.trey), headers=request_id)
    work()
    assert before == 1
    assert len(told_to("agent@trey.example")) == 2


def told_to(address):
    return list(Mail.objects.filter(address=address))


def test_a_batch_that_changes_nothing_tells_nobody(world, api, rows):
    post(api, *(line(row, world.provider) for row in rows))

    assert not waiting("portal.tell_batch")
    assert not AuditNote.objects.exists()


# -- speed


def test_queries_do_not_grow_with_items(world, api):
    """Also the writes: rows, events and notes of a batch are written together."""
    counts = []
    for size in (2, 2, 6):
        lines = []
        for _ in range(size):
            customer, reseller = CustomerFactory(), ResellerFactory()
            CustomerRelationshipFactory(partner=world.provider, customer=customer)
            make_eligible(reseller, provider=world.provider, customer=customer)
            row = SubscriptionFactory(provider=world.provider, customer=customer)
            old = ResellerFactory()
            make_eligible(old, provider=world.provider, customer=customer)
            DesignationFactory(subscription=row, partner=old)
            lines.append(line(row, reseller, note="Moved."))
        with CaptureQueriesContext(connection) as asked:
            assert {item["changed"] for item in post(api, *lines)} == {True}
        counts.append(len(asked))
    assert counts[1] == counts[2]
