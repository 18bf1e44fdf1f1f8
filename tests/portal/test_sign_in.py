"""Sign-in, sign-out, forgotten and changed passwords, demo accounts and the limits."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.utils import timezone

from portal import ratelimit
from portal.models import User
from tests.factories import MembershipFactory, ProviderFactory, UserFactory

PASSWORD = "a-long-enough-sentence"
NEW_PASSWORD = "violet tram under seven lamps"

pytestmark = pytest.mark.django_db


@pytest.fixture
def member():
    return MembershipFactory(organisation=ProviderFactory().organisation)


def sign_in(client, email, password=PASSWORD, **extra):
    return client.post("/sign-in/", {"login": email, "password": password}, **extra)


def is_signed_in(client):
    return "_auth_user_id" in client.session


def test_first_page_signed_out_has_the_form(client):
    page = client.get("/").content.decode()
    for words in ("Email", "Password", "Sign in", "Forgot your password?", "Everyone knows whom to call."):
        assert words in page
    assert "Try it as one of these people" not in page


def test_sign_in_with_the_right_password_leads_home(client, member):
    response = sign_in(client, member.user.email.upper())
    assert (response.status_code, response["Location"]) == (302, "/")
    assert is_signed_in(client)


@pytest.mark.parametrize("email", ["known", "unknown@nowhere.example"])
def test_sign_in_wrong_password_and_unknown_account_get_one_answer(client, member, email):
    email = member.user.email if email == "known" else email
    response = sign_in(client, email, "wrong")
    assert response.status_code == 422
    assert "Email or password is not right." in response.content.decode()
    assert f'value="{email}"' in response.content.decode()  # what was typed stays
    assert not is_signed_in(client)


def test_sign_in_hashes_once_for_known_and_unknown_accounts(client, member, monkeypatch):
    from django.contrib.auth.hashers import MD5PasswordHasher

    encoded = []
    encode = MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *a: encoded.append(1) or encode(*a))
    counts = []
    for email in (member.user.email, "unknown@nowhere.example"):
        encoded.clear()
        sign_in(client, email, "wrong")
        counts.append(len(encoded))
    assert counts == [1, 1]


def test_sign_in_to_an_inactive_account_is_refused_alike(client, member):
    User.objects.filter(pk=member.user_id).update(is_active=False)
    response = sign_in(client, member.user.email)
    assert response.status_code == 422
    assert "Email or password is not right." in response.content.decode()


def test_sign_in_with_empty_fields_says_what_is_missing(client):
    response = sign_in(client, "", "")
    assert response.status_code == 422
    page = response.content.decode()
    assert "2 problems" in page
    assert "Enter Email." in page


@pytest.mark.parametrize(
    ("wanted", "lands"),
    [
        ("/organisation/", "/organisation/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/language/", "/"),  # only posted to
        ("/nowhere/", "/"),
    ],
)
def test_sign_in_follows_next_only_to_pages_of_ours(client, member, wanted, lands):
    response = client.post("/sign-in/", {"login": member.user.email, "password": PASSWORD, "next": wanted})
    assert response["Location"] == lands


def test_page_for_members_sends_to_sign_in_and_back(client, member):
    response = client.get("/organisation/members/")
    assert response["Location"] == "/sign-in/?next=/organisation/members/"
    assert 'name="next" value="/organisation/members/"' in client.get(response["Location"]).content.decode()


def test_sign_out_needs_post(client, member):
    client.force_login(member.user)
    assert client.get("/sign-out/").status_code == 405
    assert is_signed_in(client)
    assert client.post("/sign-out/")["Location"] == "/"
    assert not is_signed_in(client)


def test_limit_of_account_and_network_refuses_even_the_right_password(client, member):
    for _try in range(ratelimit.SIGN_IN_BY_ACCOUNT.limit):
        assert sign_in(client, member.user.email, "wrong").status_code == 422
    response = sign_in(client, member.user.email)
    assert response.status_code == 429
    assert 0 < int(response["Retry-After"]) <= 300
    assert "Too many tries. Try again in 5 minutes." in response.content.decode()
    assert not is_signed_in(client)


def test_limit_does_not_lock_the_victim_out_from_another_network(client, member):
    for _try in range(ratelimit.SIGN_IN_BY_ACCOUNT.limit + 5):
        sign_in(client, member.user.email, "wrong", REMOTE_ADDR="203.0.113.9")
    assert sign_in(client, member.user.email, REMOTE_ADDR="198.51.100.7").status_code == 302


def test_limit_of_network_counts_over_accounts(client):
    for number in range(ratelimit.SIGN_IN_BY_NETWORK.limit):
        assert sign_in(client, f"person{number}@nowhere.example", "wrong").status_code == 422
    assert sign_in(client, "other@nowhere.example", "wrong").status_code == 429


def test_limit_ends_with_its_window(client, member):
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        for _try in range(ratelimit.SIGN_IN_BY_ACCOUNT.limit + 1):
            sign_in(client, member.user.email, "wrong")
        clock.move_to(start + timedelta(seconds=301))
        assert sign_in(client, member.user.email).status_code == 302


def test_limit_is_kept_in_the_database_not_in_a_process(client, member):
    sign_in(client, member.user.email, "wrong")
    with connection.cursor() as cursor:
        cursor.execute("SELECT key, hits FROM portal_ratelimit")
        rows = dict(cursor.fetchall())
    assert len(rows) == 2
    assert not any(member.user.email in key for key in rows)


def test_success_forgets_the_failures_before(client, member):
    for _try in range(ratelimit.SIGN_IN_BY_ACCOUNT.limit - 1):
        sign_in(client, member.user.email, "wrong")
    assert sign_in(client, member.user.email).status_code == 302
    client.logout()
    assert sign_in(client, member.user.email, "wrong").status_code == 422


class TestDemoAccounts:
    @pytest.fixture
    def demo(self):
        provider = ProviderFactory(name="Fabrikam Distribution", organisation__domain="fabrikam.example")
        user = UserFactory(is_demo=True)
        return MembershipFactory(organisation=provider.organisation, user=user)

    def test_password_is_refused_outside_the_demo(self, client, demo):
        response = sign_in(client, demo.user.email)
        assert response.status_code == 422
        assert "Email or password is not right." in response.content.decode()

    def test_session_of_the_demo_does_not_outlive_it(self, client, demo, settings):
        settings.DEMO = True
        client.force_login(demo.user)
        assert client.get("/organisation/").status_code == 200
        settings.DEMO = False
        assert client.get("/organisation/").status_code == 302

    def test_one_click_is_not_found_outside_the_demo(self, client, demo):
        assert client.post("/demo-sign-in/", {"user": str(demo.user_id)}).status_code == 404
        assert not is_signed_in(client)

    def test_one_click_signs_in(self, client, demo, settings):
        settings.DEMO = True
        page = client.get("/").content.decode()
        assert "Try it as one of these people" in page
        assert "Fabrikam Distribution" in page
        assert "Global admin" in page
        assert client.post("/demo-sign-in/", {"user": str(demo.user_id)})["Location"] == "/"
        assert is_signed_in(client)

    def test_one_click_is_for_demo_accounts_only(self, client, member, settings):
        settings.DEMO = True
        assert client.post("/demo-sign-in/", {"user": str(member.user_id)}).status_code == 404
        assert client.post("/demo-sign-in/", {"user": "nonsense"}).status_code == 404
        assert not is_signed_in(client)

    def test_list_costs_one_query_for_all(self, client, demo, settings, django_assert_num_queries):
        settings.DEMO = True
        with django_assert_num_queries(1):
            client.get("/")
        for domain in ("contoso.example", "northwind.example"):
            organisation = ProviderFactory(organisation__domain=domain).organisation
            MembershipFactory(organisation=organisation, user=UserFactory(is_demo=True))
        with django_assert_num_queries(1):
            client.get("/")

    def test_no_link_for_a_new_password_outside_the_demo(self, client, demo):
        client.post("/password/forgotten/", {"email": demo.user.email})
        assert mail.outbox == []


class TestForgottenPassword:
    def link(self, client, user):
        response = client.post("/password/forgotten/", {"email": user.email})
        assert response["Location"] == "/password/forgotten/sent/"
        (sent,) = mail.outbox
        assert sent.to == [user.email]
        return re.search(r"http://testserver(/password/new/\S+)", sent.body)[1]

    def test_unknown_account_gets_the_same_answer_and_no_mail(self, client):
        response = client.post("/password/forgotten/", {"email": "unknown@nowhere.example"})
        assert response["Location"] == "/password/forgotten/sent/"
        assert client.get(response["Location"]).status_code == 200
        assert mail.outbox == []

    def test_link_sets_a_password_once_and_ends_sessions(self, client, member):
        elsewhere = type(client)()
        elsewhere.force_login(member.user)
        path = self.link(client, member.user)
        form = client.get(path, follow=True)
        assert "Choose a new password" in form.content.decode()
        address = form.redirect_chain[-1][0]
        done = client.post(address, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
        assert client.get(done["Location"]).status_code == 200
        assert elsewhere.get("/organisation/").status_code == 302
        assert sign_in(client, member.user.email, NEW_PASSWORD).status_code == 302
        assert client.get(path, follow=True).status_code == 404

    @pytest.mark.parametrize("password", ["short", "passwordpassword", "demo-portal-2026"])
    def test_weak_password_is_refused(self, client, member, password):
        address = client.get(self.link(client, member.user), follow=True).redirect_chain[-1][0]
        response = client.post(address, {"password1": password, "password2": password})
        assert response.status_code == 422

    def test_wrong_token_is_not_found(self, client, member):
        assert client.get(f"/password/new/{member.user_id.hex}-abc-def/").status_code == 404

    def test_requests_are_limited_by_network_and_account(self, client, member):
        for _try in range(5):
            assert client.post("/password/forgotten/", {"email": member.user.email}).status_code == 302
        assert client.post("/password/forgotten/", {"email": member.user.email}).status_code == 429
        other = client.post("/password/forgotten/", {"email": member.user.email}, REMOTE_ADDR="198.51.100.7")
        assert other.status_code == 302


class TestChangedPassword:
    def change(self, client, old=PASSWORD, new=NEW_PASSWORD):
        return client.post("/password/", {"oldpassword": old, "password1": new, "password2": new})

    def test_other_sessions_end_and_this_one_stays(self, client, member):
        elsewhere = type(client)()
        for each in (client, elsewhere):
            each.force_login(member.user)
        assert self.change(client).status_code == 302
        assert "Your password is changed." in client.get("/password/").content.decode()
        assert client.get("/organisation/").status_code == 200
        assert elsewhere.get("/organisation/").status_code == 302

    def test_needs_the_current_one(self, client, member):
        client.force_login(member.user)
        response = self.change(client, old="wrong")
        assert response.status_code == 422
        assert "The current password is not right." in response.content.decode()

    def test_wrong_current_ones_are_counted(self, client, member):
        client.force_login(member.user)
        for _try in range(10):
            self.change(client, old="wrong")
        assert self.change(client).status_code == 429

    def test_needs_sign_in(self, client):
        assert client.get("/password/")["Location"] == "/sign-in/?next=/password/"
