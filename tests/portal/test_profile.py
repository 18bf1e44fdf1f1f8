"""The support profile: the form, the preview, what is missing, and the record."""

from datetime import date

import pytest
from django.utils import timezone

from portal.actor import Actor
from portal.errors import NotPermitted, NotVisible
from portal.forms.profile import SupportProfileForm
from portal.models import AuditEvent, Membership, SupportProfile
from portal.operations.profile import change_support_profile
from portal.permissions import Role
from tests.factories import (
    CustomerFactory,
    MembershipFactory,
    ProviderFactory,
    ResellerFactory,
    ResellerRelationshipFactory,
    SupportProfileFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def reseller():
    return ResellerFactory(name="Trey Research")


@pytest.fixture
def admin(reseller):
    return MembershipFactory(organisation=reseller.organisation, roles=[Role.ADMIN_AGENT])


@pytest.fixture
def helpdesk(reseller):
    return MembershipFactory(organisation=reseller.organisation, roles=[Role.HELPDESK_AGENT])


def form(**changed):
    typed = {
        "telephone": "01 99 00 47 10",
        "email": "desk@trey.example",
        "website": "www.trey.example/support",
        "languages": "French, anglais, de",
        "urgent_telephone": "",
        "urgent_note": "",
        "closed_dates": "2026-12-25\n2026-01-01",
        "time_zone": "Europe/Paris",
        "day_0": "8h30 à 12h, 13:30-18:30",
        "day_1": "08:00–18:30",
        "version": "",
    }
    return typed | changed


def acting(membership):
    return Actor.of(Membership.objects.select_related("organisation__partner", "user").get(pk=membership.pk))


def test_save_reads_what_people_type(client, reseller, admin):
    client.force_login(admin.user)
    response = client.post("/organisation/profile/", form())
    assert response["Location"] == "/organisation/?saved=1"
    profile = SupportProfile.objects.get(partner=reseller)
    assert profile.languages == ["fr", "en", "de"]
    assert profile.week == {"0": [["08:30", "12:00"], ["13:30", "18:30"]], "1": [["08:00", "18:30"]]}
    assert profile.closed_dates == [date(2026, 1, 1), date(2026, 12, 25)]
    assert profile.time_zone == ""  # the organisation's own is followed, not copied
    assert profile.updated_at is not None
    assert "Customers see it at once." in client.get(response["Location"]).content.decode()


def test_save_writes_one_event_with_before_and_after(client, reseller, admin):
    SupportProfileFactory(partner=reseller, telephone="+33 1 11 11 11 11", email="old@trey.example")
    client.force_login(admin.user)
    client.post("/organisation/profile/", form(telephone="+33 1 11 11 11 11"))
    event = AuditEvent.objects.get()
    assert event.action == "support_profile.changed"
    assert event.before["email"] == "old@trey.example"
    assert event.after["email"] == "desk@trey.example"
    assert "telephone" not in event.after
    assert event.actor_role == "admin_agent"


def test_same_again_writes_nothing(client, reseller, admin):
    client.force_login(admin.user)
    client.post("/organisation/profile/", form())
    stored = SupportProfile.objects.get(partner=reseller)
    assert client.post("/organisation/profile/", form())["Location"] == "/organisation/?saved=0"
    assert SupportProfile.objects.get(partner=reseller).updated_at == stored.updated_at
    assert AuditEvent.objects.count() == 1


def test_empty_form_of_an_empty_profile_writes_no_row(client, reseller, admin):
    client.force_login(admin.user)
    response = client.post("/organisation/profile/", {"time_zone": "Europe/Paris"})
    assert response["Location"] == "/organisation/?saved=0"
    assert not SupportProfile.objects.exists()


def test_what_the_form_shows_it_reads_back_unchanged(client, reseller, admin):
    SupportProfileFactory(partner=reseller, languages=["fr", "pt-BR"], closed_dates=[date(2026, 5, 1)])
    shown = SupportProfileForm(partner=type(reseller).objects.get(pk=reseller.pk))
    data = {name: shown[name].value() for name in shown.fields}
    client.force_login(admin.user)
    assert client.post("/organisation/profile/", data)["Location"] == "/organisation/?saved=0"


@pytest.mark.parametrize(
    ("field", "text", "says"),
    [
        ("email", "desk", "Enter an email address like name@company.example."),
        ("website", "not a site", "Enter a web address like www.example.com/support."),
        ("languages", "French, Klongon", "“Klongon” is not a language we know."),
        ("closed_dates", "25/12/2026", "“25/12/2026” is not a date like 2026-12-25."),
        ("day_0", "morning", "“morning” is not a span of time"),
        ("day_1", "08:00-12:00, 11:00-13:00", "These times overlap."),
        ("telephone", "1" * 51, "Telephone is too long: 51 of 50 characters."),
    ],
)
def test_what_is_not_understood_is_said_and_kept(client, reseller, admin, field, text, says):
    client.force_login(admin.user)
    response = client.post("/organisation/profile/", form(**{field: text}))
    page = response.content.decode()
    assert response.status_code == 422
    assert says in page
    assert text in page
    assert not SupportProfile.objects.exists()


def test_telephone_that_cannot_be_dialled_is_kept_and_flagged(client, reseller, admin):
    client.force_login(admin.user)
    assert client.post("/organisation/profile/", form(telephone="ask for Lea")).status_code == 302
    assert SupportProfile.objects.get().telephone == "ask for Lea"
    assert "cannot be dialled with one tap" in client.get("/organisation/").content.decode()


def test_somebody_elses_change_is_not_overwritten_unseen(client, reseller, admin):
    client.force_login(admin.user)
    client.post("/organisation/profile/", form())
    response = client.post("/organisation/profile/", form(email="mine@trey.example"))
    page = response.content.decode()
    assert response.status_code == 409
    assert "Somebody changed the support profile after you opened it." in page
    assert "mine@trey.example" in page
    assert SupportProfile.objects.get().email == "desk@trey.example"
    version = SupportProfile.objects.get().updated_at.isoformat()
    assert version in page
    again = client.post("/organisation/profile/", form(email="mine@trey.example", version=version))
    assert again.status_code == 302
    assert SupportProfile.objects.get().email == "mine@trey.example"


class TestPreview:
    def test_shows_the_card_of_the_typed_text_and_saves_nothing(self, client, reseller, admin):
        client.force_login(admin.user)
        response = client.post("/organisation/profile/preview/", form(), headers={"HX-Request": "true"})
        page = response.content.decode()
        assert response.status_code == 200
        assert "+33 1 99 00 47 10" in page
        assert "tel:+33199004710" in page
        assert "<form" not in page
        assert not SupportProfile.objects.exists()

    def test_refuses_nothing_and_keeps_what_it_understood(self, client, reseller, admin):
        client.force_login(admin.user)
        response = client.post(
            "/organisation/profile/preview/",
            form(day_0="morning", email="desk"),
            headers={"HX-Request": "true"},
        )
        assert response.status_code == 200
        assert "+33 1 99 00 47 10" in response.content.decode()

    def test_button_works_without_script(self, client, reseller, admin):
        client.force_login(admin.user)
        response = client.post("/organisation/profile/", form(preview="1"))
        page = response.content.decode()
        assert response.status_code == 200
        assert "+33 1 99 00 47 10" in page
        assert 'value="01 99 00 47 10"' in page
        assert not SupportProfile.objects.exists()


class TestMissing:
    def test_names_the_provider_whose_number_stands_beside(self, client, reseller, admin):
        ResellerRelationshipFactory(provider=ProviderFactory(name="Fabrikam Distribution"), reseller=reseller)
        client.force_login(admin.user)
        page = client.get("/organisation/").content.decode()
        assert "No telephone: customers will see Fabrikam Distribution’s number beside yours." in page

    def test_nothing_is_missing_from_a_full_profile(self, client, reseller, admin):
        SupportProfileFactory(partner=reseller, urgent_telephone="+33 1 99 00 47 11")
        client.force_login(admin.user)
        assert "Nothing is missing." in client.get("/organisation/").content.decode()


class TestWhoMay:
    def test_everybody_of_the_organisation_reads(self, client, reseller, admin, helpdesk):
        SupportProfileFactory(partner=reseller)
        client.force_login(helpdesk.user)
        page = client.get("/organisation/").content.decode()
        assert "+33 1 99 00 47 10" in page
        assert 'name="telephone"' not in page

    @pytest.mark.parametrize("address", ["/organisation/profile/", "/organisation/profile/preview/"])
    def test_other_roles_are_told_who_may(self, client, helpdesk, address):
        client.force_login(helpdesk.user)
        response = client.post(address, form())
        assert response.status_code == 403
        assert "Editing the support profile" in response.content.decode()
        assert not SupportProfile.objects.exists()

    @pytest.mark.parametrize("address", ["/organisation/profile/", "/organisation/profile/preview/"])
    def test_customer_has_no_support_profile(self, client, address):
        member = MembershipFactory(organisation=CustomerFactory(name="Contoso").organisation)
        client.force_login(member.user)
        assert client.post(address, form()).status_code == 404
        page = client.get("/organisation/").content.decode()
        assert str(member.organisation_id) in page
        assert "/organisation/members/" in page
        assert "Support profile" not in page

    def test_operation_refuses_role_and_other_partner(self, reseller, admin, helpdesk):
        with pytest.raises(NotPermitted):
            change_support_profile(
                reseller, values={"email": "x@y.example"}, version=None, acting=acting(helpdesk)
            )
        with pytest.raises(NotVisible):
            change_support_profile(
                ResellerFactory(), values={"email": "x@y.example"}, version=None, acting=acting(admin)
            )

    def test_operation_refuses_a_role_taken_meanwhile(self, reseller, admin):
        stale = acting(admin)
        Membership.objects.filter(pk=admin.pk).update(roles=[Role.BILLING_ADMIN])
        with pytest.raises(NotPermitted):
            change_support_profile(reseller, values={"email": "x@y.example"}, version=None, acting=stale)


@pytest.mark.parametrize("posted_to", ["/organisation/profile/", "/organisation/profile/preview/"])
def test_what_was_typed_when_the_session_ended_waits_behind_sign_in(client, reseller, admin, posted_to):
    """Also when it is the live preview that meets the end of the session."""
    client.force_login(admin.user)
    client.get("/organisation/")
    session = client.session
    session["seen_at"] = timezone.now().timestamp() - 3700
    session.save()
    typed = form(organisation=str(reseller.pk), email="typed@trey.example")
    response = client.post(posted_to, typed, headers={"Referer": "http://testserver/organisation/"})
    assert response["Location"] == "/sign-in/?next=/organisation/"
    credentials = {"login": admin.user.email, "password": "a-long-enough-sentence", "next": "/organisation/"}
    assert client.post("/sign-in/", credentials)["Location"] == "/organisation/"
    page = client.get("/organisation/").content.decode()
    assert "typed@trey.example" in page
    assert "Not saved yet." in page
    assert not SupportProfile.objects.exists()
    assert "typed@trey.example" not in client.get("/organisation/").content.decode()
