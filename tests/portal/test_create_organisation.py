"""The operator's command that makes organisations, and takes over stubs."""

import io
import re
import uuid

import pytest
from django.core.management import CommandError, call_command

from customers.models import Customer
from portal.models import AuditEvent, Membership, Organisation, Partner, PasswordLink, User
from tests.factories import (
    CustomerFactory,
    MembershipFactory,
    OrganisationFactory,
    ProviderFactory,
    ResellerFactory,
    ResellerRelationshipFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

PASSWORD = "violet tram under seven lamps"


def create(*options, name="Adventure Works", email="admin@adventure.example"):
    out = io.StringIO()
    named = ["--name", name] if name else []
    call_command("create_organisation", *named, "--admin-email", email, *options, stdout=out)
    return out.getvalue()


def path_in(text):
    return re.search(r"(/join/[\w-]+/)", text)[1]


@pytest.mark.parametrize(
    ("kind", "flag"),
    [
        ("indirect-provider", "is_indirect_provider"),
        ("direct-partner", "is_direct_partner"),
        ("indirect-reseller", "is_indirect_reseller"),
    ],
)
def test_partner_of_each_kind(kind, flag):
    create("--kind", kind, "--partner-id", "4711", "--country", "fr", "--domain", "Adventure.example")
    partner = Partner.objects.get()
    assert getattr(partner, flag)
    assert partner.partner_id == "4711"
    organisation = partner.organisation
    assert (organisation.country, organisation.domain) == ("FR", "adventure.example")
    assert organisation.time_zone == "Europe/Paris"
    assert not Customer.objects.exists()


def test_customer_and_dual_roles():
    create("--kind", "customer")
    create("--kind", "indirect-provider", "--kind", "indirect-reseller", "--kind", "customer", name="Dual")
    assert Customer.objects.count() == 2
    partner = Partner.objects.get()
    assert partner.is_indirect_provider
    assert partner.is_indirect_reseller
    assert not partner.is_direct_partner
    event = AuditEvent.objects.filter(action="organisation.created", organisation=partner.pk).get()
    assert event.actor_kind == "operator"
    assert event.channel == "command"
    assert event.after["kinds"] == ["customer", "indirect-provider", "indirect-reseller"]


def test_link_makes_the_first_global_admin_once(client):
    path = path_in(create("--kind", "customer"))
    assert PasswordLink.objects.get().token_hash not in path
    form = {"name": "Ann", "password1": PASSWORD, "password2": PASSWORD}
    assert client.post(path, form).status_code == 302
    assert Membership.objects.get().roles == ["global_admin"]
    assert client.get("/organisation/").status_code == 200
    assert type(client)().get(path).status_code == 404


def test_tenant_in_any_notation_and_url_of_the_portal():
    tenant = uuid.uuid4()
    text = create(
        "--kind", "customer", "--tenant", f"{{{str(tenant).upper()}}}", "--url", "https://portal.example/"
    )
    assert Organisation.objects.get().pk == tenant
    assert "https://portal.example/join/" in text


class TestStub:
    def test_is_adopted_with_everything_that_points_at_it(self):
        importer = ProviderFactory()
        stub = ResellerFactory(name="name not known", partner_id="123", organisation__stubbed_by=importer)
        relationship = ResellerRelationshipFactory(provider=importer, reseller=stub)
        text = create("--kind", "indirect-reseller", "--partner-id", "123", name="Trey Research")
        stub.organisation.refresh_from_db()
        assert "Taken over Trey Research" in text
        assert stub.organisation.stubbed_by is None
        assert stub.organisation.name == "Trey Research"
        relationship.refresh_from_db()
        assert relationship.reseller_id == stub.pk
        assert AuditEvent.objects.filter(action="organisation.created").get().after["adopted"] is True

    def test_of_a_customer_is_adopted_by_tenant_and_may_become_a_partner_too(self):
        stub = CustomerFactory(organisation__stubbed_by=ProviderFactory())
        create("--kind", "customer", "--kind", "indirect-reseller", "--tenant", str(stub.pk))
        assert Customer.objects.count() == 1
        assert Partner.objects.filter(pk=stub.pk, is_indirect_reseller=True).exists()

    def test_with_members_is_not_adopted(self):
        stub = CustomerFactory(organisation__stubbed_by=ProviderFactory())
        MembershipFactory(organisation=stub.organisation)
        with pytest.raises(CommandError, match="is there already"):
            create("--kind", "customer", "--tenant", str(stub.pk))

    def test_recorded_with_another_partner_id_is_refused(self):
        stub = ResellerFactory(partner_id="123", organisation__stubbed_by=ProviderFactory())
        with pytest.raises(CommandError, match="recorded with PartnerID 123"):
            create("--kind", "indirect-reseller", "--tenant", str(stub.pk), "--partner-id", "456")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--kind", "customer", "--tenant", "abc"], "is not a GUID"),
        (["--kind", "customer", "--zone", "Mars/Base"], "is not an IANA time zone"),
        (["--kind", "customer", "--partner-id", "1"], "Only a partner has a PartnerID"),
        (["--kind", "customer", "--country", "FRA"], "A country is two capital letters|at most 2"),
        (["--kind", "direct-partner", "--partner-id", "12a"], "digits only"),
        ([], "--kind is missing"),
        (["--kind", "emperor"], "invalid choice"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_written(options, says):
    with pytest.raises(CommandError, match=says):
        create(*options)
    assert not Organisation.objects.exists()
    assert not PasswordLink.objects.exists()


def test_admin_email_that_is_none_is_refused():
    with pytest.raises(CommandError, match="is not an email address"):
        create("--kind", "customer", email="ann")


def test_duplicates_are_refused():
    existing = ProviderFactory(name="Adventure Works", partner_id="4711")
    for options, says in (
        (["--kind", "customer"], "named Adventure Works is there already"),
        (["--kind", "customer", "--tenant", str(existing.pk)], "is there already"),
        (["--kind", "direct-partner", "--partner-id", "4711"], "is there already"),
        (
            ["--kind", "direct-partner", "--partner-id", "4711", "--tenant", str(uuid.uuid4())],
            "PartnerID 4711 is that",
        ),
    ):
        with pytest.raises(CommandError, match=says):
            create(*options)
    assert Organisation.objects.count() == 1
    create("--kind", "customer", "--tenant", str(uuid.uuid4()))  # the same name, knowingly


def test_link_only_replaces_a_lost_link(client):
    lost = path_in(create("--kind", "customer"))
    organisation = Organisation.objects.get()
    fresh = path_in(create("--link-only", "--tenant", str(organisation.pk), name=""))
    assert client.get(lost).status_code == 404
    assert client.get(fresh).status_code == 200
    with pytest.raises(CommandError, match="needs --tenant"):
        create("--link-only", name="")


def test_admin_with_an_account_must_sign_in(client):
    known = UserFactory(email="admin@adventure.example")
    path = path_in(create("--kind", "customer"))
    form = {"name": "Ann", "password1": PASSWORD, "password2": PASSWORD}
    assert client.post(path, form).status_code == 422
    client.force_login(known)
    assert client.post(path).status_code == 302
    assert User.objects.count() == 1
    assert OrganisationFactory._meta.model.objects.get().memberships.get().user == known
