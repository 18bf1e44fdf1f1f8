"""The operators' admin: who gets in, that nothing can be changed, and that no secret is shown."""

import io
import time
import uuid
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.apps import apps
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from portal import environment, urls
from portal.models import ApiAnswer, Credential, CredentialSecret, PasswordLink, User
from portal.operator_site import APPS, COUNTED, SECRET, SECRETS_OF, CappedPaginator, is_secret, site
from portal.permissions import Role
from tests.factories import (
    CustomerRelationshipFactory,
    DesignationFactory,
    MembershipFactory,
    ProviderFactory,
)

pytestmark = pytest.mark.django_db
PASSWORD = "a-long-sentence-of-an-operator"
START = "/operator/"


@pytest.fixture
def mounted(settings):
    settings.ROOT_URLCONF = "tests.portal.operator_urls"


def operator(**extra):
    user = User(email="operator@portal.example", name="Operator", is_staff=True, **extra)
    user.set_password(PASSWORD)
    user.save()
    return user


def code_for(secret, step=0):
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + step))


@pytest.fixture
def secret():
    return "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def signed_in(client, mounted, secret):
    """An operator that went through both steps."""
    TOTP.activate(operator(), secret)
    client.post("/sign-in/", {"login": "operator@portal.example", "password": PASSWORD})
    client.code = code_for(secret)  # the one that was used: half a minute may end any time
    client.post("/sign-in/code/", {"code": client.code})
    return client


# -- who gets in


def test_without_the_setting_there_is_no_such_page(client):
    client.force_login(operator())

    assert client.get(START).status_code == 404
    assert client.get("/operator/second-factor/").status_code == 404


def test_the_setting_alone_mounts_it(monkeypatch):
    monkeypatch.setenv("DEMO", "1")
    assert not environment.read().operator_admin
    monkeypatch.setenv("OPERATOR_ADMIN", "1")
    assert environment.read().operator_admin
    assert [str(url.pattern) for url in urls.operators_pages(mounted=True)] == ["operator/"]
    assert urls.operators_pages(mounted=False) == []


def test_nobody_signs_in_first(client, mounted):
    response = client.get(START)

    assert (response.status_code, response["Location"]) == (302, "/sign-in/?next=/operator/")


@pytest.mark.parametrize("address", [START, "/operator/second-factor/", "/operator/portal/user/"])
def test_who_is_no_operator_is_told_there_is_no_such_page(client, mounted, address):
    member = MembershipFactory(
        organisation=ProviderFactory().organisation, roles=[Role.GLOBAL_ADMIN], user__is_superuser=True
    )
    client.force_login(member.user)

    assert client.get(address).status_code == 404


def test_a_demo_account_never_is_one(client, mounted, settings):
    settings.DEMO = True
    client.force_login(operator(is_demo=True))

    assert client.get(START).status_code == 404


def test_an_operator_without_a_second_factor_is_sent_to_set_it_up(client, mounted):
    client.force_login(operator())

    for address in (START, "/operator/portal/user/"):
        response = client.get(address)
        assert (response.status_code, response["Location"]) == (302, "/operator/second-factor/")


def test_a_session_opened_with_the_password_alone_is_not_enough(client, mounted, secret):
    user = operator()
    client.force_login(user)
    TOTP.activate(user, secret)

    response = client.get(START)

    assert (response.status_code, response["Location"]) == (302, "/sign-in/?next=/operator/")
    assert "_auth_user_id" not in client.session


def test_sign_in_asks_for_the_code_before_anybody_is_in(client, mounted, secret):
    TOTP.activate(operator(), secret)

    first = client.post(
        "/sign-in/?next=/operator/",
        {"login": "operator@portal.example", "password": PASSWORD, "next": START},
    )
    assert first["Location"] == "/sign-in/code/"
    assert "_auth_user_id" not in client.session
    wrong = client.post("/sign-in/code/", {"code": "000000"})
    assert wrong.status_code == 422
    assert "The code is not right." in wrong.content.decode()
    right = client.post("/sign-in/code/", {"code": code_for(secret)})
    assert (right.status_code, right["Location"]) == (302, START)
    assert client.get(START).status_code == 200


def test_a_code_opens_one_session_only(client, mounted, secret, signed_in, django_user_model):
    client.post("/sign-out/")
    client.post("/sign-in/", {"login": "operator@portal.example", "password": PASSWORD})

    again = client.post("/sign-in/code/", {"code": client.code})

    assert again.status_code == 422
    assert "_auth_user_id" not in client.session
    cache.clear()  # as in another process
    marked = client.post("/sign-in/code/", {"code": f"{client.code[:3]}-{client.code[3:]}"})
    assert marked.status_code == 422
    assert "This code was used already." in marked.content.decode()


def test_a_form_without_a_code_is_asked_again(client, mounted, secret):
    TOTP.activate(operator(), secret)
    client.post("/sign-in/", {"login": "operator@portal.example", "password": PASSWORD})

    response = client.post("/sign-in/code/")

    assert (response.status_code, response["Location"]) == (302, "/sign-in/code/")


@pytest.mark.parametrize(
    "address",
    [
        "/operator/portal/user/?password__startswith=md5",
        "/operator/portal/auditnote/?text__icontains=a",
        "/operator/portal/user/?name=a",
    ],
)
def test_no_filter_tells_what_is_left_out(signed_in, address):
    assert signed_in.get(address.partition("?")[0]).status_code == 200
    assert signed_in.get(address).status_code == 400


def test_guessing_codes_is_counted(client, mounted, secret):
    TOTP.activate(operator(), secret)
    client.post("/sign-in/", {"login": "operator@portal.example", "password": PASSWORD})
    for _ in range(10):
        assert client.post("/sign-in/code/", {"code": "000000"}).status_code == 422

    response = client.post("/sign-in/code/", {"code": code_for(secret)})

    assert response.status_code == 429
    assert response["Retry-After"]


def test_the_code_page_without_a_sign_in_leads_there(client):
    response = client.get("/sign-in/code/")

    assert (response.status_code, response["Location"]) == (302, "/sign-in/")


# -- setting it up


def test_setting_up_takes_the_password_and_a_code_and_ends_in_a_new_sign_in(client, mounted):
    user = operator()
    client.force_login(user)
    page = client.get("/operator/second-factor/")
    key = page.context["form"].secret
    assert "<svg" in page.content.decode()

    refused = client.post("/operator/second-factor/", {"password": "wrong", "code": code_for(key)})
    assert refused.status_code == 422
    assert not Authenticator.objects.exists()

    done = client.post("/operator/second-factor/", {"password": PASSWORD, "code": code_for(key)})
    assert (done.status_code, done["Location"]) == (302, "/sign-in/?next=%2Foperator%2F")
    assert "_auth_user_id" not in client.session
    stored = Authenticator.objects.get(user=user)
    assert key not in str(stored.data)
    assert stored.wrap().validate_code(code_for(key, step=1))


def test_who_has_one_cannot_replace_it_from_a_session(signed_in):
    assert signed_in.get("/operator/second-factor/").status_code == 302


# -- what is shown


def models():
    return [model for name in APPS for model in apps.get_app_config(name).get_models()]


@pytest.fixture
def rows(db):
    provider = ProviderFactory()
    relationship = CustomerRelationshipFactory(partner=provider)
    designation = DesignationFactory(
        subscription__provider=provider, subscription__customer=relationship.customer
    )
    return provider, relationship, designation


@pytest.mark.parametrize("label", sorted(model._meta.label_lower for model in models()))
def test_every_list_opens_and_counts_without_reading_everything(signed_in, rows, label):
    app, name = label.split(".")
    with CaptureQueriesContext(connection) as queries:
        response = signed_in.get(f"/operator/{app}/{name}/")

    assert response.status_code == 200
    assert "add/" not in response.content.decode()
    table = apps.get_model(label)._meta.db_table
    counts = [q["sql"] for q in queries if "COUNT(" in q["sql"].upper() and table in q["sql"]]
    assert counts
    assert all(f"LIMIT {COUNTED}" in sql for sql in counts), counts


@pytest.mark.parametrize(
    "label", ["portal.user", "portal.organisation", "portal.partner", "subscriptions.subscription"]
)
def test_a_row_opens_to_read(signed_in, rows, label):
    row = apps.get_model(label).objects.first()

    response = signed_in.get(reverse(f"operator:{label.replace('.', '_')}_change", args=[row.pk]))

    assert response.status_code == 200
    html = response.content.decode()
    assert 'name="_save"' not in html
    assert str(row.pk) in html


def test_every_row_of_every_model_there_is_opens(signed_in, rows):
    opened = 0
    for model in models():
        row = model._default_manager.first()
        if row is None:
            continue
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        assert signed_in.get(reverse(f"operator:{name}_change", args=[row.pk])).status_code == 200
        opened += 1
    assert opened >= 8


def test_a_list_finds_by_id_of_the_row_or_its_tenant_and_by_nothing_else(signed_in, rows):
    provider, relationship, designation = rows
    address = "/operator/support_contacts/designation/"

    for term in (designation.pk, str(provider.pk).upper(), designation.subscription_id):
        assert signed_in.get(address, {"q": term}).context["cl"].result_count == 1
    for term in (relationship.pk, "contoso", "'"):
        assert signed_in.get(address, {"q": term}).context["cl"].result_count == 0


def test_queries_of_a_list_do_not_grow_with_rows(signed_in, rows, django_assert_num_queries):
    address = "/operator/support_contacts/designation/"
    signed_in.get(address)
    with CaptureQueriesContext(connection) as first:
        signed_in.get(address)
    DesignationFactory()
    DesignationFactory()
    with django_assert_num_queries(len(first)):
        assert signed_in.get(address).context["cl"].result_count == 3


def test_no_secret_is_a_column_or_a_field():
    """Whatever is called like a secret is left out; a new one has to be thought of here."""
    suspicious = ("password", "hash", "secret", "seed", "token", "key", "body", "answer", "html", "text")
    may_be_shown = {
        "support_contacts.ContactReport.answer": "what the customer reads on its card",
        "support_contacts.ContactReport.answered_at": "an instant",
        "portal.AuditSeal.hash": "published, to be compared",
        "portal.AuditSeal.rows_hash": "what it is made of, likewise",
    }
    for model in models():
        shown = site._registry[model].get_fields(None)
        for field in model._meta.concrete_fields:
            if is_secret(model, field):
                assert field.name not in shown
            elif any(word in field.name for word in suspicious) and not field.is_relation:
                assert f"{model._meta.label}.{field.name}" in may_be_shown
    assert SECRET
    for label, names in SECRETS_OF.items():
        assert names <= {field.name for field in apps.get_model(label)._meta.concrete_fields}


def test_planted_secrets_are_on_no_page(signed_in, rows):
    provider, _relationship, _designation = rows
    now = timezone.now()
    planted = "PLANTED" + "0" * 57
    PasswordLink.objects.create(
        token_hash=planted,
        organisation=provider.organisation,
        email="x@y.example",
        roles=["global_admin"],
        expires_at=now + timedelta(days=1),
    )
    credential = Credential.objects.create(
        organisation=provider.organisation,
        name="Sync",
        role="helpdesk_agent",
        expires_at=now + timedelta(days=9),
    )
    CredentialSecret.objects.create(credential=credential, hash=planted, ending="abcd", ends_at=now)
    ApiAnswer.objects.create(
        credential_id=credential.pk,
        request_id=uuid.uuid4(),
        call=planted.encode(),
        body=planted.encode(),
        created_at=now,
    )

    for model in (PasswordLink, Credential, CredentialSecret, ApiAnswer, User):
        name = f"operator:{model._meta.app_label}_{model._meta.model_name}"
        row = model._default_manager.first()
        for address in (reverse(f"{name}_changelist"), reverse(f"{name}_change", args=[row.pk])):
            html = signed_in.get(address).content.decode()
            assert "PLANTED" not in html
            assert "pbkdf2" not in html
            assert "md5$" not in html


# -- nothing can be changed


@pytest.mark.parametrize(
    "address",
    [
        START,
        "/operator/portal/user/",
        "/operator/portal/user/add/",
        "/operator/portal/organisation/",
    ],
)
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_but_reading_is_answered(signed_in, address, method):
    assert getattr(signed_in, method)(address).status_code == 405


def test_there_is_nothing_to_add_or_delete(signed_in, rows):
    row = User.objects.first()

    assert signed_in.get("/operator/portal/user/add/").status_code == 403
    assert signed_in.get(f"/operator/portal/user/{row.pk}/delete/").status_code == 403
    assert signed_in.post(f"/operator/portal/user/{row.pk}/change/", {"name": "Other"}).status_code == 405
    assert User.objects.filter(name="Other").count() == 0


def test_the_sites_own_doors_are_not_there(signed_in):
    for address in ("login/", "logout/", "password_change/", "autocomplete/", "r/1/1/"):
        assert signed_in.get(f"/operator/{address}").status_code == 404


def test_a_page_that_is_not_there_is_not_there(signed_in):
    assert signed_in.get("/operator/portal/nothing/").status_code == 404


def test_the_count_stops_at_the_cap(rows, django_assert_num_queries):
    here = User.objects.count()
    with django_assert_num_queries(1):
        assert CappedPaginator(User.objects.order_by("pk"), 10).count == here


def test_every_look_is_logged_with_ids_alone(signed_in, caplog):
    user = User.objects.get(email="operator@portal.example")
    with caplog.at_level("INFO"):
        signed_in.get(f"/operator/portal/user/{user.pk}/change/")

    (said,) = [record.getMessage() for record in caplog.records if "operator_looked" in record.getMessage()]
    assert str(user.pk) in said
    assert "operator@portal.example" not in said


def test_the_policy_of_the_portal_holds_there_too(signed_in):
    response = signed_in.get("/operator/portal/user/")

    assert "script-src 'self'" in response["Content-Security-Policy"]
    assert "no-store" in response["Cache-Control"]


# -- the command


def run(*options):
    out = io.StringIO()
    call_command("create_operator", *options, stdout=out)
    return out.getvalue()


def test_the_command_makes_an_operator_who_belongs_to_nobody():
    said = run("New.Operator@portal.example")
    user = User.objects.get(email="new.operator@portal.example")

    assert user.is_staff
    assert not user.is_superuser
    assert not user.memberships.exists()
    assert user.check_password(said.splitlines()[-1])


def test_an_account_that_exists_is_not_made_an_operator():
    user = MembershipFactory().user

    with pytest.raises(CommandError, match="exists already"):
        run(user.email)
    user.refresh_from_db()
    assert not user.is_staff


def test_a_lost_phone_is_a_new_password_and_a_new_second_factor(secret):
    TOTP.activate(operator(), secret)

    said = run("operator@portal.example", "--reset")

    assert not Authenticator.objects.exists()
    assert User.objects.get().check_password(said.splitlines()[-1])


def test_a_removed_operator_is_out_at_once(signed_in):
    assert signed_in.get(START).status_code == 200
    run("operator@portal.example", "--remove")

    assert signed_in.get(START).status_code == 302
    with pytest.raises(CommandError, match="no operator"):
        run("operator@portal.example", "--remove")


def test_what_is_no_address_is_refused():
    with pytest.raises(CommandError, match="not an email address"):
        run("operator")
