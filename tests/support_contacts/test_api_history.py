"""`…/supportcontact/history` and `?at=`: who was the contact, and what began it (R9)."""

import uuid
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.db import connection
from django.db.models.signals import post_init
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customers.models import DelegatedAdmin
from portal.actor import Actor
from portal.api.wire import instant
from portal.keyset import Cursor
from subscriptions.models import Subscription
from support_contacts.models import Designation
from support_contacts.operations.commerce import apply_move
from tests.api.caller import Caller, bearer
from tests.factories import DesignationFactory, ResellerFactory, SubscriptionFactory, make_eligible
from tests.support_contacts.api import contact_uri

NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)


def days_ago(days, **more):
    return NOON - timedelta(days=days) + timedelta(**more)


@pytest.fixture
def api(world):
    return Caller(bearer(world.provider.organisation))


@pytest.fixture
def lived(world):
    """Recorded 100 days ago, begun 200 days ago; Trey from 40 days ago until noon ten days ago."""
    Subscription.objects.update(recorded_at=days_ago(100), effective_start=days_ago(200))
    DelegatedAdmin.objects.update(established_at=days_ago(300))
    world.subscription.refresh_from_db()
    DesignationFactory(
        subscription=world.subscription,
        partner=world.trey,
        started_at=days_ago(40),
        ended_at=days_ago(10),
        ended_as="back_to_provider",
    )
    return world


def history(api, subscription):
    response = api.get(contact_uri(subscription, "/history"))
    assert response.status_code == 200, response.json()
    return response.json()["items"]


def was(api, subscription, at):
    return api.get(contact_uri(subscription, f"?at={at}"))


def iso(moment):
    return moment.isoformat().replace("+00:00", "Z")


def test_r9_every_interval_newest_first(lived, api):
    found = history(api, lived.subscription)

    assert [(one["kind"], one.get("supportContact", {}).get("name")) for one in found] == [
        ("default", "Fabrikam Distribution"),
        ("designated", "Trey Research"),
        ("default", "Fabrikam Distribution"),
        ("not_recorded", None),
    ]
    for later, earlier in pairwise(found):
        assert earlier["end"] == later["start"]
    assert "end" not in found[0]


def test_r9_a_choice_that_stood_without_being_in_force_shows_both(world, api):
    DesignationFactory(subscription=world.subscription, partner=world.trey)
    DelegatedAdmin.objects.update(ends_at=timezone.now() - timedelta(days=3))

    last = history(api, world.subscription)[0]

    assert (last["kind"], last["reason"]) == ("fallback", "delegated_admin_expired")
    assert last["supportContact"]["name"] == "Fabrikam Distribution"
    assert last["designated"]["name"] == "Trey Research"
    assert "change" not in last  # nobody did it


def test_r9_a_change_says_door_role_organisation_and_request_but_no_person(world, api):
    request_id = str(uuid.uuid4())
    api.put(
        contact_uri(world.subscription),
        {"supportTenantId": str(world.trey.pk)},
        headers={"MS-RequestId": request_id},
    )

    response = api.get(contact_uri(world.subscription, "/history"))

    change = response.json()["items"][0]["change"]
    assert change == {
        "action": "designation.made",
        "at": change["at"],
        "channel": "api",
        "by": {
            "kind": "integration",
            "role": "admin_agent",
            "organisationId": str(world.provider.pk),
            "organisationName": "Fabrikam Distribution",
        },
        "requestId": request_id,
        "version": 1,
    }
    assert "Person" not in response.content.decode()


def test_r9_at_an_instant_the_contact_of_then_in_microsofts_shape(lived, api):
    body = was(api, lived.subscription, iso(days_ago(20))).json()

    assert (body["supportTenantId"], body["kind"]) == (str(lived.trey.pk), "designated")
    assert body["attributes"] == {"objectType": "SupportContact"}
    assert body["at"] == instant(days_ago(20))
    before = was(api, lived.subscription, iso(days_ago(40, microseconds=-1))).json()
    assert (before["name"], before["kind"]) == ("Fabrikam Distribution", "default")
    assert was(api, lived.subscription, iso(days_ago(40))).json()["name"] == "Trey Research"
    assert was(api, lived.subscription, iso(days_ago(10))).json()["name"] == "Fabrikam Distribution"


@pytest.mark.parametrize(
    "write",
    [
        lambda at: at.isoformat(),
        lambda at: at.isoformat().replace("+", "%2B"),
        lambda at: at.strftime("%Y-%m-%dT%H:%M:%S.0000000Z"),
        lambda at: at.strftime("%Y-%m-%dT%H:%M"),
        lambda at: (at + timedelta(hours=2)).strftime("%Y-%m-%dt%H:%M:%S%%2B0200"),
        lambda at: at.strftime("%Y-%m-%d%%20%H:%M:%S"),
    ],
    ids=["plus", "encoded plus", "seven digits", "no zone is UTC", "another zone", "a space"],
)
def test_an_instant_in_any_notation(lived, api, write):
    assert was(api, lived.subscription, write(days_ago(20))).json()["name"] == "Trey Research"


def test_r9_a_date_answers_every_interval_of_that_day(lived, api):
    """The day Trey's designation ended at noon: two answers, cut to the day in UTC."""
    day = days_ago(10)

    body = was(api, lived.subscription, day.date()).json()

    midnight = day.replace(hour=0)
    assert [(one["supportContact"]["name"], one["start"], one["end"]) for one in body["items"]] == [
        ("Trey Research", stamp(midnight), stamp(day)),
        ("Fabrikam Distribution", stamp(day), stamp(midnight + timedelta(days=1))),
    ]
    assert body["totalCount"] == 2
    assert body["links"]["self"]["uri"].endswith(f"?at={day.date()}")


def stamp(moment):
    return instant(moment)


def test_r9_today_lasts(lived, api):
    items = was(api, lived.subscription, datetime.now(UTC).date()).json()["items"]

    assert "end" not in items[-1]


@pytest.mark.parametrize("days", [101, 150, 5000])
def test_r9_before_our_first_record_is_not_recorded_here(lived, api, days):
    instant = was(api, lived.subscription, iso(days_ago(days)))
    day = was(api, lived.subscription, days_ago(days).date())

    assert (instant.status_code, instant.json()["data"]) == (404, ["not_recorded_here"])
    assert [one["kind"] for one in day.json()["items"]] == ["not_recorded"]
    assert "supportContact" not in day.json()["items"][0]


def test_r9_the_day_of_our_first_record_has_both(lived, api):
    items = was(api, lived.subscription, days_ago(100).date()).json()["items"]

    assert [one["kind"] for one in items] == ["not_recorded", "default"]
    assert items[0]["end"] == items[1]["start"] == stamp(days_ago(100))


def test_r9_the_day_a_subscription_began_is_whole(world, api):
    """Begun and recorded at noon: of the morning nothing is recorded."""
    Subscription.objects.update(recorded_at=days_ago(5), effective_start=days_ago(5))

    items = was(api, world.subscription, days_ago(5).date()).json()["items"]

    assert [one["kind"] for one in items] == ["not_recorded", "default"]
    assert items[0]["start"] == stamp(days_ago(5).replace(hour=0))


@pytest.mark.parametrize(
    "at", ["tomorrow", "2026-13-01", "2026-1-1", "20260101", "1700000000", "2026-01-01T25:00Z"]
)
def test_what_is_no_instant(world, api, at):
    response = was(api, world.subscription, at)

    assert (response.status_code, response.json()["data"]) == (400, ["at"])


@pytest.mark.parametrize(
    "at", ["9999-12-31", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00", "2199-01-01"]
)
def test_what_is_to_come(world, api, at):
    response = was(api, world.subscription, at)

    assert response.status_code == 400
    assert response.json()["data"][0] in ("at", "at_in_future")


@pytest.mark.parametrize("at", ["0001-01-01", "0001-01-01T00:00:00%2B14:00"])
def test_the_first_of_all_days(world, api, at):
    assert was(api, world.subscription, at).status_code in (200, 400)


def test_r5_a_subscription_that_moved_to_new_commerce_has_a_history(lived, api):
    moved = lived.subscription
    apply_move(moved, None, at=days_ago(2), acting=Actor.system(lived.provider.organisation))

    assert [one["kind"] for one in history(api, moved)][:2] == ["new_commerce", "default"]
    assert was(api, moved, iso(days_ago(20))).json()["name"] == "Trey Research"
    then = was(api, moved, iso(days_ago(1)))
    assert (then.status_code, then.json()["data"]) == (404, ["new_commerce_not_supported"])
    assert [one["kind"] for one in was(api, moved, days_ago(2).date()).json()["items"]] == [
        "default",
        "new_commerce",
    ]


def test_r5_new_commerce_from_the_start_has_none(world, api):
    world.subscription.is_new_commerce = True
    world.subscription.save()

    for more in ("/history", "?at=2026-01-01"):
        response = api.get(contact_uri(world.subscription, more))
        assert (response.status_code, response.json()["data"]) == (404, ["new_commerce_not_supported"])


def test_r11_whose_and_who(world, api):
    trey = Caller(bearer(world.trey.organisation))
    billing = Caller(bearer(world.provider.organisation, "billing_admin"))
    for more in ("/history", "?at=2026-01-01"):
        assert api.get(contact_uri(SubscriptionFactory(), more)).status_code == 404
        assert trey.get(contact_uri(world.subscription, more)).status_code == 404
        assert billing.get(contact_uri(world.subscription, more)).status_code == 403


@pytest.fixture
def long_life(lived):
    """Trey again and again: in force, without delegated admin, with gaps and without, and once for no time at all."""
    DelegatedAdmin.objects.update(ends_at=days_ago(65))
    for day in range(50, 80, 2):
        DesignationFactory(
            subscription=lived.subscription,
            partner=lived.trey,
            started_at=days_ago(day),
            ended_at=days_ago(day - (2 if day % 4 else 1)),
            ended_as="back_to_provider",
        )
    for day, end in ((45, 45), (150, 140)):  # for no time; before our first record
        DesignationFactory(
            subscription=lived.subscription,
            partner=lived.trey,
            started_at=days_ago(day),
            ended_at=days_ago(end),
            ended_as="replaced",
        )
    return lived


def pages(api, subscription, size):
    found, more = [], f"/history?size={size}"
    while more:
        body = api.get(contact_uri(subscription, more)).json()
        assert 0 < body["totalCount"] <= size
        found += body["items"]
        following = body["links"].get("next")
        assert (following is None) == ("continuationToken" not in body)
        more = following and following["uri"].partition("/supportcontact")[2]
    return found


@pytest.mark.parametrize("size", [1, 2, 3, 7, 26, 500])
def test_a_history_in_pages_is_the_history(long_life, api, size):
    whole = history(api, long_life.subscription)

    assert len(whole) == 28
    assert pages(api, long_life.subscription, size) == whole


def test_r9_every_interval_is_found_at_its_start_and_on_its_day(long_life, api):
    for said in history(api, long_life.subscription):
        if said["kind"] == "not_recorded":
            continue
        then = was(api, long_life.subscription, said["start"]).json()
        assert (then["kind"], then["start"]) == (said["kind"], said["start"])
        on_the_day = was(api, long_life.subscription, said["start"][:10]).json()["items"]
        assert (said["kind"], said["start"]) in [(one["kind"], one["start"]) for one in on_the_day]


@pytest.mark.parametrize(
    ("more", "most"),
    [
        ("/history?size=3", 4),
        (f"?at={iso(days_ago(55))}", 1),
        (f"?at={days_ago(55).date()}", 2),
        (f"?at={days_ago(90).date()}", 0),
    ],
)
def test_only_what_is_told_is_fetched(long_life, api, more, most):
    made = []

    def count(sender, instance, **_more):
        made.append(instance)

    post_init.connect(count, sender=Designation)
    try:
        assert api.get(contact_uri(long_life.subscription, more)).status_code == 200
    finally:
        post_init.disconnect(count, sender=Designation)
    assert len(made) <= most


@pytest.mark.parametrize(
    ("query", "reason"),
    [("seekOperation=Last", "seek"), ("size=501", "size"), ("continuationToken=x", "continuation_token")],
)
def test_a_page_of_a_history_that_is_not_there(lived, api, query, reason):
    response = api.get(contact_uri(lived.subscription, f"/history?{query}"))
    assert (response.status_code, response.json()["data"]) == (400, [reason])


def test_a_token_of_another_list_is_none_of_a_history(lived, api):
    token = str(Cursor("Contoso", uuid.uuid4(), 1))
    response = api.get(contact_uri(lived.subscription, f"/history?continuationToken={token}"))
    assert (response.status_code, response.json()["data"]) == (400, ["continuation_token"])


@pytest.mark.parametrize("more", ["/history", f"?at={days_ago(20).date()}"])
def test_queries_do_not_grow_with_changes(lived, api, more):
    api.get(contact_uri(lived.subscription, more))
    counts = []
    for _more in range(2):
        with CaptureQueriesContext(connection) as asked:
            api.get(contact_uri(lived.subscription, more))
        counts.append(len(asked))
        for day in range(60, 66):
            reseller = ResellerFactory()
            make_eligible(reseller, provider=lived.provider, customer=lived.customer)
            DesignationFactory(
                subscription=lived.subscription,
                partner=reseller,
                started_at=days_ago(day),
                ended_at=days_ago(day, hours=3),
                ended_as="replaced",
            )
    # Credential and limit; then subscription, designations, three of records; for the history also the events.
    assert counts == ([8, 8] if more == "/history" else [7, 7])
