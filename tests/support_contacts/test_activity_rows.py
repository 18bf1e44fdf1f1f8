"""The activity log: what its rows say, there and on the pages they are about."""

import pytest
from django.utils import timezone

from portal.models import Action, AuditEvent
from portal.operations.members import change_roles
from portal.permissions import ROLES, Permission, Role
from support_contacts.activity.happened import happened
from support_contacts.operations import choose_support_contact
from tests.factories import (
    CustomerRelationshipFactory,
    ProviderFactory,
)
from tests.pages import text
from tests.support_contacts.conftest import acting, member
from tests.support_contacts.log import URL, entry, write

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

    with django_assert_num_queries(14):
        signed_in.get(f"/customers/{world.customer.pk}/")
