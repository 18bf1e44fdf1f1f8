"""The frame's own forms: organisation, language, preferences."""

import pytest

from portal.models import User
from tests.factories import MembershipFactory, ProviderFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def two():
    first = MembershipFactory(organisation=ProviderFactory(name="Alpine").organisation)
    second = MembershipFactory(organisation=ProviderFactory(name="Bellows").organisation, user=first.user)
    return first, second


class TestOrganisation:
    def test_first_by_name_until_another_is_chosen(self, client, two):
        client.force_login(two[0].user)
        assert "<h1><bdi>Alpine</bdi></h1>" in client.get("/").content.decode()
        response = client.post("/switch-organisation/", {"organisation": str(two[1].organisation_id)})
        assert response["Location"] == "/"
        assert "<h1><bdi>Bellows</bdi></h1>" in client.get("/").content.decode()

    def test_is_remembered_by_this_session_only(self, client, two):
        elsewhere = type(client)()
        for each in (client, elsewhere):
            each.force_login(two[0].user)
        client.post("/switch-organisation/", {"organisation": str(two[1].organisation_id)})
        assert "<h1><bdi>Alpine</bdi></h1>" in elsewhere.get("/").content.decode()

    @pytest.mark.parametrize("wanted", ["", "nonsense", "11111111-1111-4111-8111-111111111111"])
    def test_another_peoples_organisation_is_not_found(self, client, two, wanted):
        client.force_login(two[0].user)
        assert client.post("/switch-organisation/", {"organisation": wanted}).status_code == 404

    def test_foreign_organisation_is_not_found(self, client, two):
        foreign = ProviderFactory()
        client.force_login(two[0].user)
        assert client.post("/switch-organisation/", {"organisation": str(foreign.pk)}).status_code == 404

    def test_needs_post_and_goes_only_to_pages_of_ours(self, client, two):
        client.force_login(two[0].user)
        assert client.get("/switch-organisation/").status_code == 405
        form = {"organisation": str(two[1].organisation_id)}
        for wanted, lands in (
            ("/organisation/members/", "/organisation/members/"),
            ("https://evil.example/", "/"),
            ("//evil.example", "/"),
        ):
            assert client.post("/switch-organisation/", form | {"next": wanted})["Location"] == lands


class TestLanguage:
    def test_is_kept_on_the_device_before_sign_in(self, client):
        response = client.post("/language/", {"language": "fr", "next": "/"})
        assert response["Location"] == "/"
        assert response.cookies["language"].value == "fr"
        assert 'lang="fr"' in client.get("/").content.decode()

    def test_is_kept_with_the_person(self, client, two):
        client.force_login(two[0].user)
        client.post("/language/", {"language": "fr"})
        assert User.objects.get(pk=two[0].user_id).language == "fr"
        elsewhere = type(client)()
        elsewhere.force_login(two[0].user)
        assert '<html lang="fr"' in elsewhere.get("/").content.decode()

    def test_unknown_language_changes_nothing(self, client, two):
        client.force_login(two[0].user)
        response = client.post("/language/", {"language": "xx", "next": "//evil.example"})
        assert response["Location"] == "/"
        assert User.objects.get(pk=two[0].user_id).language == ""


class TestPreferences:
    def test_save_name_language_and_zone(self, client, two):
        client.force_login(two[0].user)
        form = {"name": "Ann Other", "language": "fr", "time_zone": "Asia/Tokyo"}
        assert (
            client.post("/organisation/preferences/", form)["Location"]
            == "/organisation/preferences/?saved=1"
        )
        user = User.objects.get(pk=two[0].user_id)
        assert (user.name, user.language, user.time_zone) == ("Ann Other", "fr", "Asia/Tokyo")
        assert "Tokyo" in client.get("/").content.decode()

    @pytest.mark.parametrize("wrong", [{"name": ""}, {"time_zone": "Mars/Base"}, {"language": "xx"}])
    def test_refused_form_keeps_what_was_typed(self, client, two, wrong):
        client.force_login(two[0].user)
        form = {"name": "Ann Other", "language": "fr", "time_zone": "Asia/Tokyo"} | wrong
        response = client.post("/organisation/preferences/", form)
        assert response.status_code == 422
        assert User.objects.get(pk=two[0].user_id).time_zone == ""
