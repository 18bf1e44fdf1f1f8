"""The activity log: which events each filter leaves, with what it leaves out beside."""

from datetime import UTC, datetime

import pytest

from portal.actor import Actor
from portal.models import Action, Channel, Credential
from portal.operations.members import remove_member
from portal.permissions import Role
from tests.factories import (
    CustomerFactory,
    CustomerRelationshipFactory,
    OrganisationFactory,
    SubscriptionFactory,
    UserFactory,
)
from tests.pages import text
from tests.support_contacts.conftest import acting, member
from tests.support_contacts.log import DAY, NOW, URL, entry, shown, write


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
