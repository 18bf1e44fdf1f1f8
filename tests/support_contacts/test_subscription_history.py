"""R9 on the subscription page: a long history is shown and read in parts, and nothing else depends on the part."""

import re
import uuid
from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.keyset import Cursor
from portal.models import AuditEvent
from portal.permissions import Role
from support_contacts.contacts import shown
from support_contacts.models import Designation, intervals, standings
from support_contacts.operations import choose_support_contact
from support_contacts.subscription_rows import PART
from tests.factories import DesignationFactory, ResellerFactory, SubscriptionFactory, make_eligible
from tests.support_contacts.at_size import Plans
from tests.support_contacts.conftest import acting, member
from tests.support_contacts.test_subscription_views import fields, text, url


@pytest.fixture
def changed(world, agent):
    """Changes the contact so many times, from one reseller to the other, and answers with the row."""
    other = ResellerFactory()
    make_eligible(other, provider=world.provider, customer=world.customer)

    def change(times):
        for number in range(times):
            choose_support_contact(
                world.subscription,
                partner_id=(world.trey, other)[number % 2].pk,
                version=None,
                note=f"Change {number}.",
                addons={},
                acting=agent,
            )
        world.subscription.refresh_from_db()
        return world.subscription

    return change


def parts(client, address):
    """Every part of the history, as a person turns to them."""
    found = []
    while address:
        page = client.get(address)
        assert page.status_code == 200
        found.append(page)
        link = re.search(r'rel="next" href="([^"#]+)#history"', text(page))
        address = link and link[1]
    return found


def lines(page):
    return [(entry.interval.start, entry.interval.end) for entry in page.context["page"].history.entries]


def test_r9_the_parts_are_the_whole_history(signed_in, world, changed):
    row = changed(2 * PART + 7)

    shown = parts(signed_in, url(world))

    assert [len(lines(page)) for page in shown] == [
        PART,
        PART,
        9,
    ]  # with the provider, and the day before our record
    told = [line for page in shown for line in lines(page)]
    known = standings(row.provider, row.customer_id)
    whole = intervals(row, list(row.designations.order_by("started_at")), known, timezone.now())
    assert told == [(one.start, one.end) for one in reversed(whole)]
    assert all(earlier[1] == later[0] for later, earlier in pairwise(told))
    firsts = [entry.is_first for page in shown for entry in page.context["page"].history.entries]
    assert firsts == [False] * (len(told) - 1) + [True]


def test_r9_each_line_says_who_and_why_in_whatever_part(signed_in, world, changed):
    changed(PART + 5)

    first, last = parts(signed_in, url(world))

    assert f"Change {PART + 4}." in text(first)
    assert "Change 5." in text(first)
    assert "Change 4." not in text(first)
    assert [f"Change {number}." in text(last) for number in range(6)] == [*[True] * 5, False]
    assert "In force again" not in text(first) + text(last)
    assert text(last).count("Designated by") == 5
    assert "Subscription began" in text(last)


def test_r9_in_an_earlier_part_the_contact_is_still_the_one_of_now(signed_in, world, changed):
    changed(PART + 5)

    first, last = parts(signed_in, url(world))

    for page in (first, last):
        shown = page.context["page"]
        assert shown.contact.partner == world.trey
        assert shown.history.current.interval.start == lines(first)[0][0]
        assert shown.history.current.line == first.context["page"].history.entries[0].line != ""
        assert str(world.trey.pk) in re.search(r'value="([^"]+)" checked', text(page))[1]
    assert "Latest changes" in text(last)
    assert "Latest changes" not in text(first)
    assert text(first).count("Current</span>") == text(last).count("Current</span>") + 1


def test_r9_a_day_before_what_is_shown_is_answered_all_the_same(signed_in, world):
    """Sixty choices, a day each; of the first days none is in the part that is shown."""
    partners = [world.trey, ResellerFactory()]
    began = timezone.now() - timedelta(days=70)
    type(world.subscription).objects.update(recorded_at=began, effective_start=began)
    for number in range(60):
        start = began + timedelta(days=number + 1)
        DesignationFactory(
            subscription=world.subscription,
            partner=partners[number % 2],
            started_at=start,
            ended_at=start + timedelta(days=1),
            ended_as="replaced",
        )

    for number in (2, 58):
        noon = began + timedelta(days=number + 1, hours=12)
        answer = signed_in.get(url(world), {"on": noon.date().isoformat()}).context["asked"]
        stood = Designation.objects.get(started_at__lte=noon, ended_at__gt=noon)
        assert stood.pk in {one.contact.designation.pk for one in answer if one.contact.designation}


@pytest.mark.parametrize(
    "after", ["zzz", str(Cursor("yesterday", uuid.uuid4(), 1))], ids=["none", "of another list"]
)
def test_a_part_that_does_not_exist_is_a_message_above_the_newest(signed_in, world, changed, after):
    changed(1)

    page = signed_in.get(url(world), {"after": after})

    assert page.status_code == 422
    assert "This page of the list does not exist." in text(page)
    assert lines(page) == lines(signed_in.get(url(world)))


def test_what_is_read_does_not_grow_with_the_history(signed_in, world, changed):
    def asked(address):
        with CaptureQueriesContext(connection) as queries:
            page = signed_in.get(address)
        return len(queries), page

    changed(1)
    signed_in.get(url(world))
    short, _page = asked(url(world))
    changed(PART + 5)

    long, page = asked(url(world))
    earlier, _page = asked(re.search(r'rel="next" href="([^"#]+)', text(page))[1])

    assert short == long == earlier
    history = page.context["page"].history
    assert len(history._read) == PART + 1
    assert len(history.events) == PART


def test_verifying_a_change_long_ago_names_the_one_that_followed_it(signed_in, world, changed):
    changed(PART + 5)
    first, second = AuditEvent.objects.filter(note__isnull=False).order_by("at")[:2]

    page = signed_in.get(url(world, "verify", first.pk))

    assert page.context["changed_since"] == second
    assert page.context["changed_since_by"] == world.admin_agent.user.name
    assert page.context["who"] == world.admin_agent.user.name


def test_a_form_loaded_many_changes_ago_is_told_whom_it_showed(signed_in, world, changed):
    row = changed(1)
    version = row.contact_version
    changed(PART + 5)

    refused = signed_in.post(
        url(world, "choose"),
        {
            "partner": str(world.provider.pk),
            "version": version,
            "loaded": timezone.now().isoformat(),
            "organisation": str(world.provider.pk),
            "note": "",
        },
    )

    assert refused.status_code == 409
    assert refused.context["loaded_contact"] == world.trey.name


def test_a_choice_of_a_host_whose_clock_is_ahead_has_not_begun_on_any_page(signed_in, world):
    """Trey until two seconds from now, then another: until then everybody is told Trey."""
    soon, other = timezone.now() + timedelta(minutes=1), ResellerFactory()
    make_eligible(other, provider=world.provider, customer=world.customer)
    now = {"subscription": world.subscription, "ended_as": "replaced", "ended_at": soon}
    stands = DesignationFactory(partner=world.trey, **now)
    DesignationFactory(subscription=world.subscription, partner=other, started_at=soon)

    page = signed_in.get(url(world)).context["page"]
    of_customer = signed_in.get(f"/customers/{world.customer.pk}/").context["page"]

    assert page.contact.designation == stands
    assert page.preselected == world.trey.pk
    assert page.history.current.interval.contact.designation == stands
    (row,) = of_customer.live
    assert (row.contact.designation, row.stored) == (stands, stands)
    (told,) = shown([world.subscription], at=timezone.now())
    assert told.designation == stands


def test_what_the_customer_is_shown_reads_a_few_choices_of_each_subscription(world):
    began = timezone.now() - timedelta(days=400)
    for number in range(300):
        DesignationFactory(
            subscription=world.subscription,
            partner=world.trey,
            started_at=began + timedelta(days=number),
            ended_at=began + timedelta(days=number + 1),
            ended_as="replaced",
        )
    plans = Plans()
    with connection.execute_wrapper(plans):
        shown([world.subscription], at=timezone.now())

    chosen = [read for read in plans.statements if "support_contacts_designation" in read.sql]
    assert 0 < sum(read.rows for read in chosen) < 1000  # some times the whole history, not its square


def test_r6_a_conflict_on_an_add_on_names_who_changed_it(signed_in, world):
    add_on = SubscriptionFactory(provider=world.provider, customer=world.customer, parent=world.subscription)
    other = ResellerFactory()
    make_eligible(other, provider=world.provider, customer=world.customer)
    colleague = acting(member(world.provider.organisation, Role.ADMIN_AGENT, name="Kim"))
    choose_support_contact(add_on, partner_id=other.pk, version=0, acting=colleague)

    refused = signed_in.post(url(world, "choose"), fields(world, addon=[f"{add_on.pk}:0"]), follow=True)

    assert refused.status_code == 409
    assert refused.context["conflict_who"] == "Kim"
    assert Designation.objects.get().subscription == add_on
