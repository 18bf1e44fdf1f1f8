"""The activity log: whose events, which ones each filter leaves, how its pages turn, what its rows say."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone

from portal import audit
from portal.actor import Actor
from portal.models import Action, AuditEvent, Channel, Credential
from portal.operations.members import change_roles, remove_member
from portal.permissions import ROLES, Permission, Role
from support_contacts.activity import listing
from support_contacts.activity.happened import happened
from support_contacts.operations import choose_support_contact
from tests.factories import (
    CustomerFactory,
    CustomerRelationshipFactory,
    OrganisationFactory,
    ProviderFactory,
    SubscriptionFactory,
    UserFactory,
)
from tests.support_contacts.conftest import acting, member

URL = "/activity/"
NOW = timezone.now().replace(microsecond=0)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def text(response):
    return " ".join(response.content.decode().split())


def write(actor, action=Action.POLICY_CHANGED, *, at=None, organisation=None, **about):
    return audit.record(
        action, acting=actor, organisation=organisation or actor.organisation, at=at or NOW, **about
    )


def shown(client, **query):
    response = client.get(URL, query)
    assert response.status_code == 200, text(response)
    return [entry.event.pk for entry in response.context["list"].entries]


def entry(client, event, **query):
    found = client.get(URL, query).context["list"].entries
    return next(one for one in found if one.event.pk == event.pk)


# -- who may, and whose


@pytest.mark.parametrize("role", [role.value for role in ROLES if role != Role.SERVICE_SUPPORT_ADMIN])
def test_only_global_admins_and_admin_agents_of_a_partner_read_it(client, world, role):
    client.force_login(member(world.provider.organisation, role).user)
    may = role in (Role.GLOBAL_ADMIN, Role.ADMIN_AGENT)

    for address in (URL, "/activity/export/"):
        response = client.get(address)
        assert response.status_code == (200 if may else 403)
        if not may:
            assert "Global admin and Admin agent" in text(response)
    assert ("Activity" in text(client.get("/organisation/"))) == may


@pytest.mark.parametrize(("role", "status"), [("global_admin", 200), ("service_support_admin", 403)])
def test_a_customers_global_admin_reads_the_customers_own(client, world, agent, role, status):
    customer = world.customer.organisation
    person = member(customer, role, name="Their admin")
    own = write(acting(person), Action.MEMBER_INVITED, after={"roles": ["global_admin"]})
    write(agent, Action.CONTACT_REPORT_ANSWERED, customer_id=customer.pk)
    client.force_login(person.user)

    response = client.get(URL)

    assert response.status_code == status
    if status == 200:
        assert [one.event.pk for one in response.context["list"].entries] == [own.pk]
        assert 'name="customer"' not in text(response)


def test_a_resellers_agent_reads_the_resellers_own(client, world, agent):
    theirs = acting(member(world.trey.organisation, Role.ADMIN_AGENT))
    own = write(theirs, Action.SUPPORT_PROFILE_CHANGED)
    write(agent)
    # What a reseller does with its duties is its provider's event.
    write(theirs, Action.DESIGNATION_ACKNOWLEDGED, organisation=world.provider.organisation)
    client.force_login(theirs.user)

    assert shown(client) == [own.pk]


def test_no_filter_reaches_another_organisations_event(signed_in, world, agent):
    """Another provider of the same customer, with the same person, customer and subscription in its events."""
    other = ProviderFactory()
    CustomerRelationshipFactory(partner=other, customer=world.customer)
    subscription = SubscriptionFactory(provider=other, customer=world.customer)
    stranger = acting(member(other.organisation, Role.ADMIN_AGENT, name="Stranger"))
    about = {"customer_id": world.customer.pk, "subscription_id": subscription.pk}
    write(stranger, Action.DESIGNATION_MADE, note="Theirs", **about)
    own = write(agent, Action.DESIGNATION_MADE, customer_id=world.customer.pk)

    assert shown(signed_in) == [own.pk]
    assert shown(signed_in, customer=world.customer.pk) == [own.pk]
    for query in (
        {"person": stranger.user.pk},
        {"subscription": subscription.pk},
        {"subscription": subscription.microsoft_id},
        {"subscription": subscription.pk, "action": "designation.made"},
    ):
        response = signed_in.get(URL, query)
        assert response.context["list"].entries == []
        assert "Stranger" not in text(response)
        assert subscription.name not in text(response)
        assert "Theirs" not in b"".join(signed_in.get("/activity/export/", query)).decode()


def test_of_another_organisations_people_nobody_is_told_or_found(signed_in, world):
    theirs = acting(member(world.trey.organisation, Role.ADMIN_AGENT, name="Their Person"))
    event = write(theirs, Action.DESIGNATION_ACKNOWLEDGED, organisation=world.provider.organisation)

    assert entry(signed_in, event).who == "Trey Research"
    html = text(signed_in.get(URL))
    assert "Their Person" not in html
    assert str(theirs.user.pk) not in html
    assert shown(signed_in, person=theirs.user.pk) == []
    assert str(theirs.user.pk) not in b"".join(signed_in.get("/activity/export/")).decode()


def test_a_customer_that_acts_is_called_what_its_partner_calls_it(signed_in, world):
    """Its own name for itself is its own; on every other page of ours it is the name we gave it."""
    world.relationship.alias = "Our Contoso"
    world.relationship.save()
    admin = acting(member(world.customer.organisation, Role.GLOBAL_ADMIN, name="Their admin"))
    event = write(
        admin,
        Action.CUSTOMER_RELATIONSHIP_ESTABLISHED,
        organisation=world.provider.organisation,
        customer_id=world.customer.pk,
    )

    assert entry(signed_in, event).who == "Our Contoso"
    assert ",Contoso," not in b"".join(signed_in.get("/activity/export/")).decode()


# -- each filter, with what it leaves out beside


def test_days_are_those_of_the_reader(signed_in, world, agent):
    """In Paris 20 November begins at 23:00 UTC of the 19th."""
    late, first, last, next_day = (
        write(agent, at=datetime(2026, 11, day, hour, minute, tzinfo=UTC))
        for day, hour, minute in ((19, 22, 59), (19, 23, 0), (20, 22, 59), (20, 23, 0))
    )
    user = world.admin_agent.user
    user.time_zone = "Europe/Paris"
    user.save()

    assert shown(signed_in, since="2026-11-20", until="2026-11-20") == [last.pk, first.pk]
    assert shown(signed_in, since="2026-11-20") == [next_day.pk, last.pk, first.pk]
    assert shown(signed_in, until="2026-11-19") == [late.pk]
    assert "20 Nov 2026, 23:59 CET" in text(signed_in.get(URL))


def test_by_person_also_one_who_left_and_by_integration(signed_in, world, agent):
    boss = acting(member(world.provider.organisation, Role.GLOBAL_ADMIN, name="The boss"))
    leaver = member(world.provider.organisation, Role.ADMIN_AGENT, name="Somebody gone")
    by_leaver, by_agent = write(acting(leaver)), write(agent)
    remove_member(leaver.pk, acting=boss)
    credential = Credential.objects.create(
        organisation=world.provider.organisation, name="Sync", role="admin_agent", expires_at=NOW + DAY
    )
    by_program = write(Actor.integration(credential))

    assert shown(signed_in, person=leaver.user.pk) == [by_leaver.pk]
    assert shown(signed_in, person=agent.user.pk) == [by_agent.pk]
    assert shown(signed_in, person=credential.pk) == [by_program.pk]
    assert entry(signed_in, by_program).who == "integration Sync"
    html = text(signed_in.get(URL))
    members, former, programs = (
        html.index(f'<optgroup label="{label}">') for label in ("Members", "Former members", "Integrations")
    )
    assert (
        members < html.index("The boss</option>") < former < html.index("Somebody gone</option>") < programs
    )
    assert programs < html.index("Sync</option>")


def test_a_person_whose_account_is_gone_is_found_without_a_name(signed_in, world):
    gone = UserFactory(name="Erased Name")
    actor = acting(member(world.provider.organisation, Role.ADMIN_AGENT))
    event = write(actor)
    pk = actor.user.pk
    actor.user.delete()

    assert gone.name not in text(signed_in.get(URL))
    assert shown(signed_in, person=pk) == [event.pk]
    assert entry(signed_in, event).who == "an erased person"


def test_by_customer_by_id_and_by_words(signed_in, world, agent):
    other = CustomerFactory(organisation=OrganisationFactory(name="Northwind Traders"))
    CustomerRelationshipFactory(partner=world.provider, customer=other)
    here = write(agent, customer_id=world.customer.pk)
    there = write(agent, customer_id=other.pk)

    assert shown(signed_in, customer=world.customer.pk) == [here.pk]
    assert shown(signed_in, customer="north") == [there.pk]
    assert set(shown(signed_in)) == {here.pk, there.pk}
    response = signed_in.get(URL, {"customer": "north"})
    assert response.context["list"].export_url == f"/activity/export/?customer={other.pk}"
    assert f'type="hidden" name="customer" value="{other.pk}"' in text(response)


def test_words_that_mean_several_customers_are_asked_about(signed_in, world, agent):
    other = CustomerFactory(organisation=OrganisationFactory(name="Contoso Holding"))
    CustomerRelationshipFactory(partner=world.provider, customer=other)
    write(agent, customer_id=world.customer.pk)

    response = signed_in.get(URL, {"customer": "contoso", "channel": "portal"})

    assert response.context["list"].entries == []
    assert "“contoso” can mean several. Which one?" in text(response)
    urls = [choice.url for choice in response.context["list"].choices]
    assert urls == [f"{URL}?customer={pk}&channel=portal" for pk in (world.customer.pk, other.pk)]
    assert signed_in.get("/activity/export/", {"customer": "contoso"})["Content-Type"].startswith("text/html")
    assert "No customer matches “zzz”" in text(signed_in.get(URL, {"customer": "zzz"}))


def test_by_subscription_by_id_and_by_words_of_a_customer(signed_in, world, agent):
    other = SubscriptionFactory(provider=world.provider, customer=world.customer, offer_name="Power BI Pro")
    here = write(agent, customer_id=world.customer.pk, subscription_id=world.subscription.pk)
    there = write(agent, customer_id=world.customer.pk, subscription_id=other.pk)

    assert shown(signed_in, subscription=world.subscription.microsoft_id.upper()) == [here.pk]
    assert shown(signed_in, subscription=other.pk) == [there.pk]
    assert shown(signed_in, customer="contoso", subscription="power") == [there.pk]
    refused = signed_in.get(URL, {"subscription": "power"})
    assert refused.status_code == 422
    assert "Enter the ID of a subscription, or choose its customer first." in text(refused)
    nothing = signed_in.get(URL, {"customer": "contoso", "subscription": "zzz"})
    assert "No subscription of this customer matches “zzz”" in text(nothing)


def test_by_action_and_channel(signed_in, world, agent):
    changed = write(agent, Action.POLICY_CHANGED)
    revoked = write(agent, Action.CREDENTIAL_REVOKED)
    imported = write(Actor.operator(world.provider.organisation, channel="import"), Action.IMPORT_RUN)

    assert shown(signed_in, action="policy.changed") == [changed.pk]
    assert shown(signed_in, action="credential.revoked") == [revoked.pk]
    assert shown(signed_in, channel="import") == [imported.pk]
    assert shown(signed_in, channel="import", action="policy.changed") == []
    html = text(signed_in.get(URL))
    assert '<optgroup label="API credentials">' in html
    assert all(f'value="{action.value}"' in html for action in Action)
    assert all(f'value="{channel.value}"' in html for channel in Channel)


@pytest.mark.parametrize(
    ("query", "field", "words"),
    [
        ({"since": "2026-11-20", "until": "2026-11-19"}, "until", "The last day is before the first one."),
        ({"since": "2026-02-31"}, "since", "This day does not exist."),
        ({"until": "9999-12-31"}, "until", "This day does not exist."),
        ({"since": "0001-01-01"}, "since", "This day does not exist."),
        ({"action": "nothing.done"}, "action", "The log knows no such kind of event."),
        ({"channel": "pigeon"}, "channel", "The log knows no such channel."),
        ({"person": "me"}, "person", "Choose somebody of the list."),
        ({"customer": "x" * 201}, "customer", "at most 200 characters"),
        ({"customer": "a\0b"}, "customer", "Null characters"),
    ],
    ids=["order", "no such day", "too late", "too early", "action", "channel", "person", "long", "null"],
)
@pytest.mark.parametrize("address", [URL, "/activity/export/"])
def test_what_is_not_right_is_said_at_its_field(signed_in, agent, address, query, field, words):
    write(agent)

    response = signed_in.get(address, query)

    html = text(response)
    assert response.status_code == 422
    assert words in html
    assert f'id="id_{field}_error"' in html
    assert 'aria-invalid="true"' in html
    assert "Policy on designations" not in html


def test_a_page_that_does_not_exist_is_said_so(signed_in, agent):
    response = signed_in.get(URL, {"after": "zzz"})

    assert response.status_code == 422
    assert "This page of the list does not exist." in text(response)


# -- pages


def test_pages_turn_by_key_while_events_arrive(signed_in, agent, monkeypatch):
    """Of events of one instant too: the id decides."""
    monkeypatch.setattr(listing, "PAGE_SIZE", 2)
    written = [write(agent, at=NOW - HOUR * (number // 2)) for number in range(5)]
    newest_first = [one.pk for one in sorted(written, key=lambda one: (one.at, one.pk), reverse=True)]

    first = signed_in.get(URL, {"channel": "portal"}).context["list"]
    assert [one.event.pk for one in first.entries] == newest_first[:2]
    assert first.previous_url == ""
    assert first.summary == "1–2 of 5 events"

    write(agent, at=NOW + HOUR)
    second = signed_in.get(first.next_url).context["list"]
    assert [one.event.pk for one in second.entries] == newest_first[2:4]
    assert parse_qs(urlsplit(second.next_url).query)["channel"] == ["portal"]

    third = signed_in.get(second.next_url).context["list"]
    assert [one.event.pk for one in third.entries] == newest_first[4:]
    assert third.next_url == ""
    assert [one.event.pk for one in signed_in.get(third.previous_url).context["list"].entries] == (
        newest_first[2:4]
    )


def test_a_fragment_is_the_form_and_the_rows_alone(signed_in, agent):
    write(agent)

    html = signed_in.get(URL, {"channel": "portal"}, headers={"HX-Request": "true"}).content.decode()

    assert "<html" not in html
    assert 'id="results"' in html
    assert 'name="since"' in html
    assert "Policy on designations that no longer hold changed" in html


def test_nothing_yet_and_nothing_found(signed_in, agent):
    assert "Nothing happened yet" in text(signed_in.get(URL))
    write(agent)
    html = text(signed_in.get(URL, {"channel": "api"}))
    assert "No event matches these filters" in html
    assert "Clear search and filters" in html


@pytest.mark.parametrize("count", [1, 3])
def test_the_number_of_questions_does_not_grow(signed_in, world, agent, count, django_assert_num_queries):
    boss = acting(member(world.provider.organisation, Role.GLOBAL_ADMIN))
    subject = member(world.provider.organisation, Role.SALES_AGENT)
    credential = Credential.objects.create(
        organisation=world.provider.organisation, name="Sync", role="admin_agent", expires_at=NOW + DAY
    )
    for number in range(count):
        customer = CustomerFactory()
        CustomerRelationshipFactory(partner=world.provider, customer=customer)
        row = SubscriptionFactory(provider=world.provider, customer=customer)
        about = {"customer_id": customer.pk, "subscription_id": row.pk, "note": f"Note {number}"}
        write(agent, Action.DESIGNATION_MADE, **about)
        write(Actor.integration(credential), Action.DESIGNATION_ENDED, **about)
        write(
            boss, Action.MEMBER_ROLES_CHANGED, after={"user": str(subject.user_id), "roles": ["sales_agent"]}
        )
    signed_in.get(URL)

    with django_assert_num_queries(12):
        signed_in.get(URL)


# -- what a row says


def test_a_choice_says_before_and_after_and_links_while_visible(signed_in, world, agent):
    outcome = choose_support_contact(
        world.subscription, partner_id=world.trey.pk, version=0, note="Agreed on the phone", acting=agent
    )

    line = entry(signed_in, outcome.event)
    assert line.sentence == "Trey Research designated as support contact"
    assert [str(change) for change in line.changes] == ["Fabrikam Distribution → Trey Research"]
    assert (line.who, line.role, line.channel) == ("Admin agent", "", "portal")
    html = text(signed_in.get(URL))
    assert "Agreed on the phone" in html
    assert f'href="/customers/{world.customer.pk}/?from=%2Factivity%2F"' in html
    assert f"/subscriptions/{world.subscription.public_id}/?from=" in html

    world.relationship.ended_at, world.relationship.ended_as = timezone.now(), "ended"
    world.relationship.save()
    line = entry(signed_in, outcome.event)
    assert (line.customer.name, line.customer.url) == ("Contoso", "")
    assert (line.subscription.name, line.subscription.url) == ("Microsoft 365 E3", "")


def test_the_pages_that_links_lead_to_lead_back(signed_in, world, agent):
    write(agent, customer_id=world.customer.pk)
    url = entry(signed_in, AuditEvent.objects.get(), channel="portal").customer.url

    html = text(signed_in.get(url))

    assert '<a href="/activity/?channel=portal">Activity</a>' in html


def test_roles_say_whose_and_from_which_to_which(signed_in, world):
    boss = acting(member(world.provider.organisation, Role.GLOBAL_ADMIN, name="The boss"))
    subject = member(world.provider.organisation, Role.SALES_AGENT, name="Camille Moreau")
    change_roles(subject.pk, roles=["helpdesk_agent", "sales_agent"], acting=boss)

    line = signed_in.get(URL).context["list"].entries[0]

    assert line.sentence == "Roles of Camille Moreau changed"
    assert str(line.changes[0]) == "Sales agent → Helpdesk agent and Sales agent"
    assert (line.who, line.role) == ("The boss", "Global admin")


CHANGES = {
    Action.CREDENTIAL_RENAMED: ({"name": "Old"}, {"name": "New"}, ["Old → New"]),
    Action.CREDENTIAL_LIMIT_CHANGED: (
        {"integrations_at_most": "global_admin"},
        {"integrations_at_most": "sales_agent"},
        ["Global admin → Sales agent"],
    ),
    Action.POLICY_CHANGED: (
        {"ends_stale_after_days": None},
        {"ends_stale_after_days": 30},
        ["never back by itself → back after 30 days"],
    ),
    Action.SUPPORT_PROFILE_CHANGED: (
        {"telephone": "", "week": {}, "always_open": False, "gone": 1},
        {"telephone": "+33 1", "week": {"0": []}, "always_open": True, "gone": 2},
        ["Telephone: – → +33 1", "Office hours", "24 hours, every day: no → yes"],
    ),
    Action.RESELLER_AGREEMENT_CHANGED: (
        {"agreement_reference": "A-1", "agreement_scope": ""},
        {"agreement_reference": "A-2", "agreement_scope": "", "reseller": {"name": "Trey"}},
        ["Agreement reference: A-1 → A-2"],
    ),
    Action.WEBHOOK_CHANGED: (
        {"address": "https://a.example", "events": ["support-contact-updated"]},
        {"address": "https://a.example", "events": ["support-contact-updated"], "moved": True},
        ["Address"],
    ),
    Action.DESIGNATION_HAND_BACK_PLANNED: (
        {"hands_back_at": None},
        {"hands_back_at": "2026-12-24T12:00:00+00:00", "designated": {"name": "Trey"}},
        ["– → 24 Dec 2026"],
    ),
}


@pytest.mark.parametrize("action", CHANGES, ids=[action.value for action in CHANGES])
def test_what_was_before_and_after(action):
    before, after, said = CHANGES[action]

    found = happened(AuditEvent(action=action, before=before, after=after), people={})

    assert [str(change) for change in found.changes] == said


@pytest.mark.parametrize("action", list(Action), ids=[action.value for action in Action])
@pytest.mark.parametrize(
    "data",
    [
        {},
        dict.fromkeys(("contact", "designated", "roles", "user", "files", "events", "hands_back_at"), 7),
        {key: {} for key in ("contact", "reseller", "partner", "name", "role", "reason", "step", "email")},
    ],
    ids=["nothing", "numbers", "empty"],
)
def test_an_event_of_any_shape_is_told(action, data):
    """Older code and imports wrote other data: a sentence that misses a name falls back to the kind of event."""
    told = happened(AuditEvent(action=action, before=data, after=data), people={})

    assert told.sentence
    assert "%(" not in told.sentence
    assert all(str(change) for change in told.changes)


def test_the_permission_is_global_admins_and_admin_agents_alone():
    holders = {role for role in ROLES if Permission.ACTIVITY_VIEW in ROLES[role]}
    assert holders == {Role.GLOBAL_ADMIN, Role.ADMIN_AGENT}


# -- the same events on the pages they are about


@pytest.mark.parametrize("role", [Role.HELPDESK_AGENT, Role.ADMIN_AGENT])
def test_a_customers_page_tells_what_happened_there_last(client, world, agent, role):
    """To everybody who may open it; the way to the whole log for those who may read that."""
    other = ProviderFactory()
    CustomerRelationshipFactory(partner=other, customer=world.customer)
    stranger = acting(member(other.organisation, Role.ADMIN_AGENT))
    write(stranger, Action.CONTACT_REPORT_ANSWERED, customer_id=world.customer.pk, note="Theirs")
    choose_support_contact(
        world.subscription, partner_id=world.trey.pk, version=0, note="Agreed on the phone", acting=agent
    )
    client.force_login(member(world.provider.organisation, role).user)

    html = text(client.get(f"/customers/{world.customer.pk}/"))

    assert "Trey Research designated as support contact" in html
    assert "Agreed on the phone" in html
    assert "Theirs" not in html
    link = f'href="/activity/?customer={world.customer.pk}"'
    assert (link in html) == (role == Role.ADMIN_AGENT)


@pytest.mark.parametrize("role", [Role.HELPDESK_AGENT, Role.ADMIN_AGENT])
def test_a_subscriptions_history_leads_to_its_events(client, world, agent, role):
    outcome = choose_support_contact(world.subscription, partner_id=world.trey.pk, version=0, acting=agent)
    person = member(world.provider.organisation, role)
    client.force_login(person.user)

    html = text(client.get(f"/customers/{world.customer.pk}/subscriptions/{world.subscription.public_id}/"))

    assert "Designated by Admin agent · portal" in html
    link = f"/activity/?subscription={world.subscription.pk}"
    assert (f'href="{link}"' in html) == (role == Role.ADMIN_AGENT)
    found = client.get(link)
    assert found.status_code == (200 if role == Role.ADMIN_AGENT else 403)
    if role == Role.ADMIN_AGENT:
        assert [one.event.pk for one in found.context["list"].entries] == [outcome.event.pk]


@pytest.mark.parametrize("count", [1, 3])
def test_a_customers_page_asks_the_same_of_one_event_and_three(
    signed_in, world, agent, count, django_assert_num_queries
):
    for _ in range(count):
        write(
            agent,
            Action.DESIGNATION_MADE,
            customer_id=world.customer.pk,
            subscription_id=world.subscription.pk,
            note="Why",
        )
    signed_in.get(f"/customers/{world.customer.pk}/")

    with django_assert_num_queries(16):
        signed_in.get(f"/customers/{world.customer.pk}/")
