"""The agent's flow over HTTP: the page, Submit, verify, and everything that may stand in the way."""

from datetime import timedelta
from html import unescape

import pytest
from django.urls import reverse
from django.utils import timezone

from portal.models import AuditEvent
from portal.permissions import Permission, Role, roles_allowing
from support_contacts.models import Designation
from support_contacts.origin import subscription_of
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
from tests.support_contacts.conftest import acting, member


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


def test_an_id_that_is_microsofts_of_one_and_ours_of_another_names_microsofts(signed_in, world):
    """As in the API: an address means one row, and the same one everywhere."""
    other = SubscriptionFactory(
        provider=world.provider,
        customer=world.customer,
        microsoft_id=str(world.subscription.pk),
        offer_name="The one Microsoft calls so",
    )
    address = url(world).replace(world.subscription.microsoft_id, str(world.subscription.pk))
    assert str(world.subscription.pk) in address

    assert "The one Microsoft calls so" in text(signed_in.get(address))
    assert subscription_of(acting(world.admin_agent), address) == other


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
    own = fields(world, organisation=str(proseware.pk))
    assert client.post(url(world, "choose"), own).status_code == 404
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


def end_session(client):
    """More than an hour without a request."""
    session = client.session
    session["seen_at"] = timezone.now().timestamp() - 3700
    session.save()


def sign_in(client, membership, address):
    person = {"login": membership.user.email, "password": "a-long-enough-sentence"}
    assert client.post(address, person)["Location"].startswith("/")


def post_too_late(client, world, **more):
    """The form posted after the session ended: to the sign-in page, and back to the subscription from there."""
    client.get(url(world))
    end_session(client)
    away = client.post(
        url(world, "choose"), fields(world, **more), headers={"referer": "http://testserver" + url(world)}
    )
    assert (away.status_code, away["Location"].endswith(f"next={url(world)}")) == (302, True)
    return away["Location"]


def test_what_was_typed_survives_a_session_that_ended(signed_in, world):
    addon = SubscriptionFactory(provider=world.provider, customer=world.customer, parent=world.subscription)
    sign_in(signed_in, world.admin_agent, post_too_late(signed_in, world))

    page = text(signed_in.get(url(world)))

    assert "Agreed by telephone." in page
    assert f'value="{world.trey.pk}" checked' in page
    assert f'value="{addon.pk}:0">' in page  # it was posted unticked
    assert not Designation.objects.exists()
    assert "Agreed by telephone." not in text(signed_in.get(url(world)))  # given back once


def test_what_was_typed_is_not_shown_to_a_colleague_who_signs_in_next(signed_in, world):
    colleague = member(world.provider.organisation, Role.ADMIN_AGENT, name="Colleague")
    sign_in(signed_in, colleague, post_too_late(signed_in, world))

    assert "Agreed by telephone." not in text(signed_in.get(url(world)))


def test_what_nobody_known_posts_is_not_kept(client, world):
    client.post(url(world, "choose"), fields(world))

    assert "draft" not in client.session


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


def test_loading_the_address_of_submit_changes_nothing_and_leads_to_the_page(signed_in, world):
    loaded = signed_in.get(url(world, "choose"), fields(world))

    assert (loaded.status_code, loaded["Location"]) == (303, url(world))
    assert not Designation.objects.exists()


def test_the_small_forms_of_a_refused_page_lead_to_the_subscription(signed_in, world):
    refused = text(
        signed_in.post(url(world, "choose"), fields(world, partner="", **{"from": "/customers/?q=c"}))
    )

    assert f'action="{url(world)}#history"' in refused
    assert f'action="{url(world)}#not-available"' in refused
    assert refused.count('name="from" value="/customers/?q=c"') == 3


def test_addons_keep_their_ticks_through_a_conflict(signed_in, world):
    addon = SubscriptionFactory(provider=world.provider, customer=world.customer, parent=world.subscription)
    signed_in.post(url(world, "choose"), fields(world, addon=[f"{addon.pk}:0"]))
    signed_in.post(url(world, "choose"), fields(world, world.provider, addon=[f"{addon.pk}:1"]))

    unticked = text(signed_in.post(url(world, "choose"), fields(world, version=0)))
    ticked = text(signed_in.post(url(world, "choose"), fields(world, version=0, addon=[f"{addon.pk}:2"])))

    assert f'value="{addon.pk}:2">' in unticked
    assert f'value="{addon.pk}:2" checked' in ticked


def test_an_addon_alone_can_change_when_the_parent_is_already_so(signed_in, world):
    addon = SubscriptionFactory(provider=world.provider, customer=world.customer, parent=world.subscription)
    signed_in.post(url(world, "choose"), fields(world))

    saved = signed_in.post(url(world, "choose"), fields(world, addon=[f"{addon.pk}:0"]), follow=True)

    assert f"Contoso now calls Trey Research for {addon.name}." in text(saved)
    assert Designation.objects.filter(ended_at=None, partner=world.trey).count() == 2


def test_an_addon_that_ended_meanwhile_is_named(signed_in, world):
    addon = SubscriptionFactory(
        provider=world.provider, customer=world.customer, parent=world.subscription, offer_name="Audio"
    )
    loaded = fields(world, addon=[f"{addon.pk}:0"])
    addon.status, addon.ended_at = "deleted", timezone.now()
    addon.save()

    refused = signed_in.post(url(world, "choose"), loaded)

    assert refused.status_code == 409
    assert "Audio has ended or moved to new commerce meanwhile." in text(refused)
    assert "Choose who supports it" in text(refused)


def test_an_addon_is_ticked_by_the_contact_the_customer_sees(signed_in, world):
    """Parent and add-on both show the provider, the parent because its designation is out of force."""
    addon = SubscriptionFactory(provider=world.provider, customer=world.customer, parent=world.subscription)
    DesignationFactory(subscription=world.subscription, partner=world.trey)
    PartnerSuspensionFactory(partner=world.trey)

    assert f'value="{addon.pk}:0" checked' in text(signed_in.get(url(world)))


def test_r11_a_form_of_an_organisation_one_no_longer_belongs_to_is_a_conflict_too(signed_in, world):
    elsewhere = fields(world, organisation=str(ProviderFactory().pk))

    refused = signed_in.post(url(world, "choose"), elsewhere)

    assert refused.status_code == 409
    assert "Agreed by telephone." in text(refused)
    assert not Designation.objects.exists()


def test_a_subscription_recorded_by_a_host_whose_clock_is_ahead_is_shown(signed_in, world):
    world.subscription.recorded_at = timezone.now() + timedelta(seconds=20)
    world.subscription.effective_start = None
    world.subscription.save()

    assert signed_in.get(url(world)).status_code == 200


def test_a_relationship_that_ends_is_404_not_an_error(signed_in, world):
    world.relationship.ended_at, world.relationship.ended_as = timezone.now(), "ended"
    world.relationship.save()

    assert signed_in.get(url(world)).status_code == 404
    assert signed_in.post(url(world, "choose"), fields(world)).status_code == 404


def test_a_first_day_is_not_told_as_a_whole_one(signed_in, world):
    noon = (timezone.now() - timedelta(days=9)).replace(hour=12)
    world.subscription.effective_start = world.subscription.recorded_at = noon
    world.subscription.save()

    first = text(signed_in.get(url(world), {"on": timezone.localtime(noon).date().isoformat()}))
    second = text(
        signed_in.get(url(world), {"on": timezone.localtime(noon + timedelta(days=1)).date().isoformat()})
    )

    assert "All day" not in first
    assert "All day" in second


@pytest.mark.parametrize("header", ["http://[", "http://testserver:port", "\x7f", "//"])
def test_an_address_that_is_none_is_no_error(client, world, header):
    client.force_login(member(world.provider.organisation, Role.SALES_AGENT).user)

    assert client.post(url(world, "choose"), fields(world), headers={"referer": header}).status_code == 403
    client.logout()
    assert client.post(url(world, "choose"), fields(world), headers={"referer": header}).status_code == 302


@pytest.mark.parametrize("count", [1, 3])
def test_the_pages_query_count_is_constant(signed_in, world, count, django_assert_num_queries):
    for _ in range(count):
        make_eligible(ResellerFactory(), provider=world.provider, customer=world.customer)
        ResellerRelationshipFactory(provider=world.provider, reseller=ResellerFactory())
        SubscriptionFactory(provider=world.provider, customer=world.customer, parent=world.subscription)
    for _ in range(count):
        signed_in.post(url(world, "choose"), fields(world))
        signed_in.post(url(world, "choose"), fields(world, world.provider))

    with django_assert_num_queries(8):
        assert signed_in.get(url(world)).status_code == 200
