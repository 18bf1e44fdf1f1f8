"""The customer's page: every subscription, from every partner, and whom to call for it now (R1, R7, R11, R12)."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from portal.permissions import Role
from support_contacts.models import Designation
from tests.factories import (
    CustomerFactory,
    CustomerRelationshipFactory,
    DesignationFactory,
    MembershipFactory,
    OrganisationFactory,
    ProviderFactory,
    ResellerFactory,
    SubscriptionFactory,
    SupportProfileFactory,
    make_eligible,
)
from tests.pages import text

NIGHT = datetime(2026, 11, 22, 22, 14, tzinfo=UTC)  # Sunday 23:14 in Paris
MORNING = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock():
    """It is Sunday night, unless a test moves on."""
    with time_machine.travel(NIGHT, tick=False) as traveller:
        yield traveller


def partner(factory, name, **profile):
    row = factory(organisation=OrganisationFactory(name=name))
    if profile.pop("given", True):
        SupportProfileFactory(partner=row, **profile)
    return row


@pytest.fixture
def contoso(db):
    return CustomerFactory(organisation=OrganisationFactory(name="Contoso"))


@pytest.fixture
def fabrikam(contoso):
    row = partner(
        ProviderFactory, "Fabrikam Distribution", telephone="+33 1 99 00 12 00", always_open=True, week={}
    )
    CustomerRelationshipFactory(partner=row, customer=contoso)
    return row


@pytest.fixture
def trey(contoso, fabrikam):
    row = partner(
        ResellerFactory,
        "Trey Research",
        telephone="01 99 00 47 10",
        urgent_telephone="01 99 00 47 99",
        email="support@treyresearch.example",
        website="www.treyresearch.example/support",
    )
    make_eligible(row, provider=fabrikam, customer=contoso)
    return row


@pytest.fixture
def admin(client, contoso):
    person = MembershipFactory(organisation=contoso.organisation, roles=[Role.GLOBAL_ADMIN])
    client.force_login(person.user)
    client.person = person.user
    return client


def move(admin, clock, instant):
    """Go on to another instant and sign in again: a session does not last the night."""
    clock.move_to(instant, tick=False)
    admin.logout()
    admin.force_login(admin.person)


def page(client, **query):
    return client.get("/support/", query)


def screen(response):
    """The page without the sheet that is printed."""
    return text(response).split('<section class="sheet')[0]


def test_whom_to_call_of_a_designated_reseller_shows_its_live_profile(admin, contoso, fabrikam, trey):
    row = SubscriptionFactory(provider=fabrikam, customer=contoso, offer_name="Microsoft 365 E3")
    DesignationFactory(subscription=row, partner=trey)
    html = screen(page(admin))
    assert "Trey Research" in html
    assert 'href="tel:+33199004710"' in html
    assert "+33 1 99 00 47 10" in html
    assert 'href="https://www.treyresearch.example/support"' in html
    assert (
        f"mailto:support@treyresearch.example?subject=Microsoft%20365%20E3%20%C2%B7%20{row.microsoft_id}"
        in html
    )
    assert "Sold by Fabrikam Distribution" in html
    trey.support_profile.telephone = "+33 1 99 00 99 99"
    trey.support_profile.save()
    assert 'href="tel:+33199009999"' in screen(page(admin))


def test_whom_to_call_without_a_choice_is_the_provider(admin, contoso, fabrikam):
    SubscriptionFactory(provider=fabrikam, customer=contoso, offer_name="Visio Plan 2")
    html = screen(page(admin))
    assert "Fabrikam Distribution" in html
    assert "tel:+33199001200" in html
    assert "no longer supports" not in html


def test_whom_to_call_falls_back_when_delegated_admin_has_ended(admin, contoso, fabrikam, trey):
    row = SubscriptionFactory(provider=fabrikam, customer=contoso, offer_name="Power BI Pro")
    DesignationFactory(subscription=row, partner=trey)
    trey.organisation.partner.customer_relationships.get().delegated_admins.update(
        ends_at=timezone.now() - timedelta(hours=1)
    )
    html = screen(page(admin))
    assert "Trey Research no longer supports it. Call Fabrikam Distribution, who sold it." in html
    assert "tel:+33199001200" in html
    assert "tel:+33199004710" not in html


def test_whom_to_call_of_new_commerce_is_its_seller(admin, contoso, fabrikam):
    SubscriptionFactory(provider=fabrikam, customer=contoso, offer_name="Azure plan", is_new_commerce=True)
    html = screen(page(admin))
    assert "Azure plan" in html
    assert "Sold by Fabrikam Distribution" in html
    assert "tel:+33199001200" in html


def test_whom_to_call_shows_subscriptions_of_every_partner_and_of_no_other_customer(admin, contoso, fabrikam):
    proseware = partner(ProviderFactory, "Proseware Distribution", telephone="+44 20 7946 0107")
    SubscriptionFactory(provider=fabrikam, customer=contoso, offer_name="Visio Plan 2")
    SubscriptionFactory(provider=proseware, customer=contoso, offer_name="Project Plan 3")
    SubscriptionFactory(provider=fabrikam, offer_name="Canary of another customer")
    html = text(page(admin))
    assert "Sold by Fabrikam Distribution" in html
    assert "Sold by Proseware Distribution" in html
    assert "Canary of another customer" not in html


def test_whom_to_call_says_where_it_was_bought_elsewhere_and_who_added_it(admin, contoso, fabrikam, trey):
    row = SubscriptionFactory(
        provider=fabrikam,
        customer=contoso,
        offer_name="Windows Server",
        purchased_through="enterprise_agreement",
    )
    html = screen(page(admin))
    assert "Bought elsewhere: Enterprise agreement · added by Fabrikam Distribution for support" in html
    assert "Sold by" not in html
    DesignationFactory(subscription=row, partner=trey)
    trey.suspensions.create(started_at=timezone.now() - timedelta(days=1))
    html = screen(page(admin))
    assert "Trey Research no longer supports it. Call Fabrikam Distribution, who added it." in html


def test_whom_to_call_at_night_fills_the_urgent_number(admin, contoso, fabrikam, trey):
    DesignationFactory(subscription=SubscriptionFactory(provider=fabrikam, customer=contoso), partner=trey)
    html = screen(page(admin))
    assert "Sunday 23:14 · times in Paris (CET)" in html
    assert "Closed · opens Mon 08:00" in html
    assert html.index("tel:+33199004799") < html.index("tel:+33199004710")
    assert 'class="call call-main" href="tel:+33199004799"' in html
    assert 'class="call" href="tel:+33199004710"' in html


def test_whom_to_call_in_office_hours_fills_the_main_number(admin, clock, contoso, fabrikam, trey):
    move(admin, clock, MORNING)
    DesignationFactory(subscription=SubscriptionFactory(provider=fabrikam, customer=contoso), partner=trey)
    html = screen(page(admin))
    assert "Open now · until 18:30" in html
    assert 'class="call call-main" href="tel:+33199004710"' in html
    assert "Mon–Fri 08:00–18:30 CET" in html


def test_whom_to_call_speaks_of_hours_in_the_readers_zone_and_names_the_desks(admin, contoso):
    tokyo = partner(ProviderFactory, "Proseware", time_zone="Asia/Tokyo", always_open=False)
    SubscriptionFactory(provider=tokyo, customer=contoso)
    html = screen(page(admin))
    assert "Closed · opens Mon 00:00" in html  # 08:00 in Tokyo is midnight in Paris
    assert "Mon–Fri 08:00–18:30 in Tokyo (JST)" in html


def test_whom_to_call_when_closed_without_an_urgent_line_says_so(admin, contoso):
    row = partner(ProviderFactory, "Proseware", telephone="+44 20 7946 0107")
    SubscriptionFactory(provider=row, customer=contoso)
    html = screen(page(admin))
    assert "No urgent line. Email is read after opening." in html
    assert "call-main" not in html


def test_whom_to_call_without_a_telephone_lends_the_sellers(admin, contoso, fabrikam):
    silent = partner(ResellerFactory, "Alpine Ski House", telephone="")
    make_eligible(silent, provider=fabrikam, customer=contoso)
    DesignationFactory(subscription=SubscriptionFactory(provider=fabrikam, customer=contoso), partner=silent)
    html = screen(page(admin))
    assert "No telephone" in html
    assert "Fabrikam Distribution, who sold it" in html
    assert "tel:+33199001200" in html


def test_whom_to_call_of_a_partner_that_gave_nothing_names_the_provider(admin, contoso, fabrikam):
    silent = partner(ResellerFactory, "Alpine Ski House", given=False)
    make_eligible(silent, provider=fabrikam, customer=contoso)
    DesignationFactory(subscription=SubscriptionFactory(provider=fabrikam, customer=contoso), partner=silent)
    html = screen(page(admin))
    assert "Alpine Ski House has given no contact details. Call Fabrikam Distribution." in html
    assert "tel:+33199001200" in html
    assert "Email Fabrikam Distribution" in html


def test_whom_to_call_of_a_provider_that_gave_nothing_is_never_an_empty_card(admin, contoso):
    silent = partner(ProviderFactory, "Proseware", given=False)
    SubscriptionFactory(provider=silent, customer=contoso)
    html = screen(page(admin))
    assert "Proseware has given no contact details. Your invoice or contract has them." in html


def test_whom_to_call_without_subscriptions_says_so(admin, contoso):
    html = text(page(admin))
    assert "No subscriptions yet" in html
    assert "When a partner sells you one, whom to call appears here." in html


def test_whom_to_call_keeps_ended_subscriptions_for_90_days(admin, contoso, fabrikam):
    for name, days in (("Lately ended", 89), ("Long gone", 91)):
        SubscriptionFactory(
            provider=fabrikam,
            customer=contoso,
            offer_name=name,
            status="expired",
            ended_at=timezone.now() - timedelta(days=days),
        )
    html = text(page(admin))
    assert "Lately ended" in html
    assert "Long gone" not in html
    assert "<select" not in html


def test_whom_to_call_with_a_subscription_asked_for_shows_its_card_alone(admin, contoso, fabrikam, trey):
    mine = SubscriptionFactory(provider=fabrikam, customer=contoso, offer_name="Visio Plan 2")
    DesignationFactory(subscription=SubscriptionFactory(provider=fabrikam, customer=contoso), partner=trey)
    SubscriptionFactory(provider=fabrikam, customer=contoso, offer_name="Other")
    html = screen(page(admin, subscription=mine.microsoft_id.upper()))
    cards = html.split("<article")[1:]
    assert ["hidden>" in card.split(">", 1)[0] + ">" for card in cards] == [True, False]
    assert "What to tell support" in cards[1]
    assert '<details class="support-tell" open>' in cards[1]
    assert (
        f"Visio%20Plan%202%20%C2%B7%20{mine.microsoft_id}"
        in cards[1].split("support-ways")[1].split("</a>")[0]
    )


@pytest.mark.parametrize("asked", ["foreign", "nonsense", "\x00", "00000000-0000-4000-8000-000000000000"])
def test_whom_to_call_with_an_id_of_nobody_or_somebody_else_shows_all_alike(admin, contoso, fabrikam, asked):
    SubscriptionFactory(provider=fabrikam, customer=contoso, offer_name="Visio Plan 2")
    SubscriptionFactory(provider=fabrikam, customer=contoso, offer_name="Project")
    if asked == "foreign":
        asked = SubscriptionFactory(provider=fabrikam, offer_name="Canary").microsoft_id
    html = screen(page(admin, subscription=asked))
    assert "No subscription of yours has this ID." in html
    assert "Visio Plan 2" in html
    assert "Canary" not in html


def test_whom_to_call_search_appears_above_40_subscriptions(admin, contoso, fabrikam):
    for number in range(40):
        SubscriptionFactory(provider=fabrikam, customer=contoso, offer_name=f"Offer {number:02}")
    assert 'name="q"' not in text(page(admin))
    SubscriptionFactory(provider=fabrikam, customer=contoso, offer_name="Élan des ventes")
    html = screen(page(admin, q="elan"))
    assert 'name="q"' in html
    assert "Élan des ventes" in html
    assert "Offer 07" not in html
    assert "No subscription matches “zebra”" in screen(page(admin, q="zebra"))


def test_whom_to_call_shows_five_products_and_the_number_of_the_others(admin, contoso, fabrikam):
    rows = [
        SubscriptionFactory(provider=fabrikam, customer=contoso, offer_name=f"Offer {n}") for n in range(8)
    ]
    html = screen(page(admin))
    assert "3 more" in html
    chosen = screen(page(admin, subscription=rows[7].microsoft_id))
    assert chosen.index("Offer 7</bdi>") < chosen.index("Offer 0</bdi>")


def test_whom_to_call_orders_resellers_before_providers_by_day_and_night(
    admin, clock, contoso, fabrikam, trey
):
    for number in range(3):
        SubscriptionFactory(provider=fabrikam, customer=contoso, offer_name=f"Offer {number}")
    DesignationFactory(subscription=SubscriptionFactory(provider=fabrikam, customer=contoso), partner=trey)
    for instant in (NIGHT, MORNING):
        move(admin, clock, instant)
        html = screen(page(admin))
        assert html.index("Trey Research</bdi></h2>") < html.index("Fabrikam Distribution</bdi></h2>")


def test_whom_to_call_says_since_when(admin, contoso, fabrikam, trey):
    row = SubscriptionFactory(provider=fabrikam, customer=contoso)
    DesignationFactory(subscription=row, partner=trey, started_at=datetime(2026, 11, 20, 11, 6, tzinfo=UTC))
    assert 'Trey Research since <time datetime="2026-11-20">20 Nov 2026</time>' in screen(page(admin))


def test_whom_to_call_says_since_when_a_designation_holds_again(admin, contoso, fabrikam, trey):
    row = SubscriptionFactory(provider=fabrikam, customer=contoso)
    DesignationFactory(subscription=row, partner=trey, started_at=datetime(2026, 10, 1, tzinfo=UTC))
    trey.suspensions.create(
        started_at=datetime(2026, 11, 1, tzinfo=UTC), ended_at=datetime(2026, 11, 5, 12, tzinfo=UTC)
    )
    assert 'Trey Research since <time datetime="2026-11-05">5 Nov 2026</time>' in screen(page(admin))


def test_whom_to_call_says_since_when_the_provider_took_over_again(admin, contoso, fabrikam, trey):
    row = SubscriptionFactory(provider=fabrikam, customer=contoso)
    DesignationFactory(
        subscription=row,
        partner=trey,
        started_at=datetime(2026, 10, 1, tzinfo=UTC),
        ended_at=datetime(2026, 11, 3, 12, tzinfo=UTC),
        ended_as="back_to_provider",
    )
    assert 'Fabrikam Distribution since <time datetime="2026-11-03">3 Nov 2026</time>' in screen(page(admin))


def test_whom_to_call_prints_hours_ids_and_every_subscription(admin, contoso, fabrikam, trey):
    rows = [SubscriptionFactory(provider=fabrikam, customer=contoso) for _ in range(8)]
    DesignationFactory(subscription=rows[0], partner=trey)
    sheet = text(page(admin)).split('<section class="sheet')[1]
    assert all(row.microsoft_id in sheet for row in rows)
    assert "24 hours, every day" in sheet
    assert "Day and night" in sheet
    assert "Urgent, outside office hours" in sheet
    assert "Open now" not in sheet
    assert str(contoso.pk) in sheet


def test_whom_to_call_of_nobody_signed_in_asks_to_sign_in(client, db):
    assert client.get("/support/").status_code == 302


def test_whom_to_call_is_not_a_partners_page(client, fabrikam):
    client.force_login(MembershipFactory(organisation=fabrikam.organisation).user)
    assert client.get("/support/").status_code == 404


@pytest.mark.parametrize(("role", "status"), [(Role.SERVICE_SUPPORT_ADMIN, 200), (Role.USER_ADMIN, 403)])
def test_whom_to_call_by_role(client, contoso, role, status):
    client.force_login(MembershipFactory(organisation=contoso.organisation, roles=[role]).user)
    assert client.get("/support/").status_code == status


def test_whom_to_call_does_not_answer_a_post(admin):
    assert admin.post("/support/").status_code == 405


def _grow(contoso, count):
    for _ in range(count):
        seller = partner(ProviderFactory, "Seller")
        CustomerRelationshipFactory(partner=seller, customer=contoso)
        desk = partner(ResellerFactory, "Desk")
        make_eligible(desk, provider=seller, customer=contoso)
        for _each in range(3):
            row = SubscriptionFactory(provider=seller, customer=contoso)
        DesignationFactory(subscription=row, partner=desk)


@pytest.mark.parametrize("partners", [1, 3])
def test_whom_to_call_asks_the_same_questions_whatever_their_number(
    admin, contoso, partners, django_assert_num_queries
):
    _grow(contoso, partners)
    page(admin)
    # Session, person, memberships; then subscriptions, designations, relationships, grants and suspensions.
    with django_assert_num_queries(8):
        response = page(admin)
    assert Designation.objects.count() == partners
    assert text(response).count('<article class="support-card') == 2 * partners
