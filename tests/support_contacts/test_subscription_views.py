"""The agent's flow over HTTP: the page, Submit, verify, and everything that may stand in the way."""

from datetime import timedelta
from html import unescape

import pytest
from django.urls import reverse
from django.utils import timezone

from portal.models import AuditEvent
from portal.permissions import Permission, Role, roles_allowing
from support_contacts.models import Designation
from tests.factories import (
    CustomerRelationshipFactory,
    DesignationFactory,
    MembershipFactory,
    PartnerSuspensionFactory,
    ProviderFactory,
    ResellerFactory,
    ResellerRelationshipFactory,
    SubscriptionFactory,
    make_eligible,
)
from tests.support_contacts.conftest import member


def url(world, name="subscription", *more):
    return reverse(f"customers:{name}", args=[world.customer.pk, world.subscription.microsoft_id, *more])


def fields(world, chosen=None, **more):
    world.subscription.refresh_from_db()
    return {
        "partner": str((chosen or world.trey).pk),
        "version": world.subscription.contact_version,
        "loaded": timezone.now().isoformat(),
        "organisation": str(world.provider.pk),
        "note": "Agreed by telephone.",
        **more,
    }


def text(response):
    return unescape(response.content.decode())


def test_the_whole_flow_choose_submit_verify_close(signed_in, world):
    page = signed_in.get(url(world))
    assert "Choose who supports it" in text(page)

    saved = signed_in.post(url(world, "choose"), fields(world))

    event = AuditEvent.objects.get()
    assert (saved.status_code, saved["Location"]) == (303, url(world, "verify", event.pk))
    verified = signed_in.get(saved["Location"])
    assert "Contoso now calls Trey Research for Microsoft 365 E3." in text(verified)
    assert "Agreed by telephone." in text(verified)
    assert reverse("customers:detail", args=[world.customer.pk]) in text(verified)
    assert signed_in.get(saved["Location"]).status_code == 200  # safe to load again
    assert AuditEvent.objects.count() == 1


def test_r3_the_choices_offered_are_exactly_the_eligible_provider_first(signed_in, world):
    lacking = ResellerFactory()
    ResellerRelationshipFactory(provider=world.provider, reseller=lacking)
    page = signed_in.get(url(world)).context["page"]

    assert [c.partner for c in page.shown] == [world.trey]
    assert [row.candidate.partner for row in page.unavailable] == [lacking]
    offered = text(signed_in.get(url(world)))
    assert offered.index(f'value="{world.provider.pk}"') < offered.index(f'value="{world.trey.pk}"')
    assert f'value="{lacking.pk}"' not in offered


def test_the_current_contact_is_preselected(signed_in, world):
    assert f'value="{world.provider.pk}" checked' in text(signed_in.get(url(world)))


def test_nothing_is_preselected_while_a_designation_is_out_of_force(signed_in, world):
    DesignationFactory(subscription=world.subscription, partner=world.trey)
    PartnerSuspensionFactory(partner=world.trey)

    page = text(signed_in.get(url(world)))

    assert " checked" not in page.split('id="picker"')[1].split("</fieldset>")[0]
    assert "Trey Research is suspended since" in page
    assert "Ends the designation of Trey Research" in page


def test_ids_in_any_case_and_notation_find_the_subscription(signed_in, world):
    bare = world.subscription.microsoft_id.replace("-", "").upper()
    loud = reverse("customers:subscription", args=[world.customer.pk, bare])

    assert (
        signed_in.get(loud.replace(str(world.customer.pk), str(world.customer.pk).upper())).status_code == 200
    )


def test_our_own_id_finds_a_registered_subscription_without_a_microsoft_id(signed_in, world):
    registered = SubscriptionFactory(
        provider=world.provider, customer=world.customer, microsoft_id=None, purchased_through="open"
    )

    address = reverse("customers:subscription", args=[world.customer.pk, registered.public_id])
    assert "Bought elsewhere" in text(signed_in.get(address))


@pytest.mark.parametrize(
    "subscription", ["nonsense", "%00", "00000000-0000-0000-0000-000000000000", "a" * 500]
)
def test_an_id_that_is_none_is_not_found(signed_in, world, subscription):
    assert signed_in.get(f"/customers/{world.customer.pk}/subscriptions/{subscription}/").status_code == 404


def test_a_choice_that_is_so_already_says_so_and_writes_nothing(signed_in, world):
    signed_in.post(url(world, "choose"), fields(world))

    again = signed_in.post(url(world, "choose"), fields(world, version=0), follow=True)

    assert "Already so." in text(again)
    assert AuditEvent.objects.count() == 1


def test_a_choice_a_colleague_made_first_names_the_colleague(client, signed_in, world):
    signed_in.post(url(world, "choose"), fields(world))
    client.force_login(member(world.provider.organisation, Role.HELPDESK_AGENT, name="Helpdesk agent").user)

    again = client.post(url(world, "choose"), fields(world, version=0), follow=True)

    assert "Admin agent made the same choice" in text(again)


def test_r6_a_conflict_keeps_choice_and_note_and_names_both(client, signed_in, world):
    alpine = ResellerFactory(name="Alpine Ski House")
    make_eligible(alpine, provider=world.provider, customer=world.customer)
    stale = fields(world)
    signed_in.post(url(world, "choose"), fields(world, alpine, note="Alpine is back."))
    client.force_login(member(world.provider.organisation, Role.HELPDESK_AGENT, name="Helpdesk").user)

    refused = client.post(url(world, "choose"), stale)

    page = text(refused)
    assert refused.status_code == 409
    assert "Admin agent changed this contact at" in page
    assert "Alpine is back." in page
    assert "Agreed by telephone." in page
    assert f'value="{world.trey.pk}" checked' in page
    assert "Replace Alpine Ski House with Trey Research" in page
    assert "Keep Alpine Ski House" in page
    assert 'name="version" value="1"' in page
    assert Designation.objects.get(ended_at=None).partner == alpine

    stale["version"] = 1
    assert client.post(url(world, "choose"), stale).status_code == 303


def test_r6_a_reseller_that_stopped_being_eligible_meanwhile_is_refused_with_its_reason(signed_in, world):
    loaded = fields(world)
    PartnerSuspensionFactory(partner=world.trey)

    refused = signed_in.post(url(world, "choose"), loaded)

    assert refused.status_code == 422
    assert "Trey Research is not eligible now: Account suspended since" in text(refused)
    assert "Agreed by telephone." in text(refused)
    assert not Designation.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"partner": ""}, "Choose who supports it."),
        ({"partner": "not-a-guid"}, "Choose who supports it."),
        ({"note": "x" * 1001}, "1000"),
        ({"note": "bell \x07"}, "characters that cannot be kept"),
        ({"version": ""}, "Load the page again."),
        ({"version": "-1"}, "0"),
        ({"version": "9" * 40}, "2147483647"),
    ],
)
def test_bad_input_is_a_message_and_nothing_is_lost(signed_in, world, wrong, message):
    refused = signed_in.post(url(world, "choose"), fields(world, **wrong))

    assert refused.status_code == 422
    assert message in text(refused)
    if "note" not in wrong:
        assert "Agreed by telephone." in text(refused)
    assert not Designation.objects.exists()


def test_nul_in_a_note_is_a_message_never_a_500(signed_in, world):
    assert signed_in.post(url(world, "choose"), fields(world, note="a\x00b")).status_code == 422


def test_r5_new_commerce_has_no_section_and_a_direct_post_is_404(signed_in, world):
    assert "Choose who supports it" in text(signed_in.get(url(world)))
    loaded = fields(world)
    world.subscription.is_new_commerce = True
    world.subscription.save()

    page = text(signed_in.get(url(world)))
    refused = signed_in.post(url(world, "choose"), loaded)

    assert "Choose who supports it" not in page
    assert ">Designated support contact<" not in page
    assert refused.status_code == 404
    assert "New-commerce subscriptions have no designated support contact." in text(refused)
    assert "Agreed by telephone." in text(refused)


def test_an_ended_subscription_keeps_its_history_and_refuses(signed_in, world):
    loaded = fields(world)
    world.subscription.status, world.subscription.ended_at = "deleted", timezone.now()
    world.subscription.save()

    refused = signed_in.post(url(world, "choose"), loaded)

    assert refused.status_code == 409
    assert "This subscription has ended." in text(refused)
    assert "Agreed by telephone." in text(refused)


def test_r2_the_sentence_that_names_who_may_assign_is_the_role_table():
    allowed = roles_allowing(Permission.CONTACT_ASSIGN)

    assert allowed == (Role.GLOBAL_ADMIN, Role.ADMIN_AGENT, Role.HELPDESK_AGENT)


@pytest.mark.parametrize("role", list(Role))
def test_r2_who_may_not_assign_sees_the_contact_and_who_may(client, world, role):
    client.force_login(member(world.provider.organisation, role).user)

    page = client.get(url(world))
    posted = client.post(url(world, "choose"), fields(world))

    if role in (Role.GLOBAL_ADMIN, Role.ADMIN_AGENT, Role.HELPDESK_AGENT):
        assert ("Choose who supports it" in text(page), posted.status_code) == (True, 303)
    elif role == Role.SALES_AGENT:
        assert "Choose who supports it" not in text(page)
        assert (
            "A global admin, an admin agent or a helpdesk agent of Fabrikam Distribution may change this."
            in text(page)
        )
        assert posted.status_code == 403
    else:
        assert (page.status_code, posted.status_code) == (403, 403)


def test_r11_another_provider_gets_404_everywhere(client, signed_in, world):
    event = AuditEvent.objects.filter(
        pk=signed_in.post(url(world, "choose"), fields(world))["Location"].rstrip("/").rsplit("/", 1)[-1]
    ).get()
    proseware = ProviderFactory()
    CustomerRelationshipFactory(partner=proseware, customer=world.customer)
    client.force_login(member(proseware.organisation, Role.GLOBAL_ADMIN).user)

    assert client.get(url(world)).status_code == 404
    assert client.post(url(world, "choose"), fields(world)).status_code == 404
    assert client.get(url(world, "verify", event.pk)).status_code == 404


def test_r11_a_form_of_another_organisation_is_a_conflict_not_an_action_in_the_wrong_name(signed_in, world):
    other = ProviderFactory()
    MembershipFactory(user=world.admin_agent.user, organisation=other.organisation, roles=[Role.ADMIN_AGENT])
    loaded = fields(world)
    session = signed_in.session
    session["organisation"] = str(other.pk)
    session.save()

    refused = signed_in.post(url(world, "choose"), loaded)

    assert refused.status_code == 409
    assert "This page was opened for Fabrikam Distribution" in text(refused)
    assert "Agreed by telephone." in text(refused)
    assert not Designation.objects.exists()


def test_what_was_typed_survives_a_session_that_ended(client, world):
    """The form is posted without a session; after signing in, choice and note are there again."""
    address = "http://testserver" + url(world)
    away = client.post(url(world, "choose"), fields(world), headers={"referer": address})
    assert away.status_code == 302
    assert away["Location"].endswith(f"next={url(world)}")

    person = {"login": world.admin_agent.user.email, "password": "a-long-enough-sentence"}
    assert client.post(away["Location"], person)["Location"] == url(world)
    page = text(client.get(url(world)))

    assert "Agreed by telephone." in page
    assert f'value="{world.trey.pk}" checked' in page
    assert not Designation.objects.exists()


def test_addons_are_offered_ticked_when_their_contact_is_the_parents(signed_in, world):
    same = SubscriptionFactory(provider=world.provider, customer=world.customer, parent=world.subscription)
    other = SubscriptionFactory(provider=world.provider, customer=world.customer, parent=world.subscription)
    DesignationFactory(subscription=other, partner=world.trey)

    page = text(signed_in.get(url(world)))
    posted = signed_in.post(url(world, "choose"), fields(world, addon=[f"{same.pk}:0"]), follow=True)

    assert f'value="{same.pk}:0" checked' in page
    assert f'value="{other.pk}:0">' in page
    assert Designation.objects.filter(subscription=same, ended_at=None, partner=world.trey).exists()
    assert same.name in text(posted)


def test_r9_who_was_the_contact_on_a_date(signed_in, world):
    DesignationFactory(
        subscription=world.subscription, partner=world.trey, started_at=timezone.now() - timedelta(days=5)
    )
    day = (timezone.now() - timedelta(days=2)).date()

    answer = signed_in.get(url(world), {"on": day.isoformat()}).context["asked"]

    assert [interval.contact.partner for interval in answer] == [world.trey]


@pytest.mark.parametrize("day", ["2001-01-01", "2999-01-01", "yesterday", "2026-02-31", "\x00"])
def test_r9_a_date_outside_the_subscriptions_life_is_a_message(signed_in, world, day):
    response = signed_in.get(url(world), {"on": day})

    assert response.status_code == 200
    assert "Choose a date between" in text(response)


def test_verify_says_when_somebody_changed_it_again(signed_in, world):
    first = signed_in.post(url(world, "choose"), fields(world))["Location"]
    signed_in.post(url(world, "choose"), fields(world, world.provider))

    page = text(signed_in.get(first))

    assert "Changed again since." in page
    assert "Contoso now calls Fabrikam Distribution." in page


def test_close_returns_to_the_list_it_came_from_and_nowhere_else(signed_in, world):
    back = "/customers/?country=FR"
    kept = signed_in.post(url(world, "choose"), fields(world, **{"from": back}))["Location"]
    assert f'href="{back}"' in text(signed_in.get(kept))

    evil = signed_in.post(
        url(world, "choose"), fields(world, world.provider, **{"from": "//evil.example/customers/"})
    )
    assert "evil" not in evil["Location"]


def test_r4_a_stranger_is_found_only_by_exact_partner_id_or_domain(signed_in, world):
    stranger = ResellerFactory(name="Graphic Design Institute", partner_id="7654321")

    by_name = text(signed_in.get(url(world), {"find": "Graphic"}))
    by_part = text(signed_in.get(url(world), {"find": "765432"}))
    by_id = text(signed_in.get(url(world), {"find": "7654321"}))
    by_domain = text(signed_in.get(url(world), {"find": stranger.organisation.domain}))

    assert "Graphic Design Institute" not in by_name + by_part
    assert "Graphic Design Institute" in by_id
    assert "Graphic Design Institute" in by_domain


def test_r4_looking_up_strangers_is_limited(signed_in, world):
    from support_contacts.lookup import LOOKUPS

    answers = [text(signed_in.get(url(world), {"find": str(8000000 + n)})) for n in range(LOOKUPS + 1)]

    assert "Too many requests" not in answers[LOOKUPS - 1]
    assert "Too many requests" in answers[LOOKUPS]


def test_an_agent_may_not_turn_a_get_into_a_change(signed_in, world):
    assert signed_in.get(url(world, "choose"), fields(world)).status_code == 405
    assert not Designation.objects.exists()


@pytest.mark.parametrize("count", [1, 3])
def test_the_pages_query_count_is_constant(signed_in, world, count, django_assert_num_queries):
    for _ in range(count):
        make_eligible(ResellerFactory(), provider=world.provider, customer=world.customer)
        ResellerRelationshipFactory(provider=world.provider, reseller=ResellerFactory())
        SubscriptionFactory(provider=world.provider, customer=world.customer, parent=world.subscription)
    for _ in range(count):
        signed_in.post(url(world, "choose"), fields(world))
        signed_in.post(url(world, "choose"), fields(world, world.provider))

    with django_assert_num_queries(17):
        assert signed_in.get(url(world)).status_code == 200
