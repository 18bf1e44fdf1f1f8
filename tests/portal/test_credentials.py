"""Who the API lets in: secrets and tokens, what they may act as, what is refused alike."""

from datetime import timedelta

import pytest
from django.test import RequestFactory
from django.utils import timezone

from portal.actor import Actor, ActorKind
from portal.credentials import authenticate, find, token_for
from portal.models import AuditEvent, CredentialSecret, Membership
from portal.operations.credentials import create_credential
from portal.permissions import Role
from tests.factories import MembershipFactory, ProviderFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def organisation():
    return ProviderFactory(name="Fabrikam Distribution").organisation


@pytest.fixture
def admin(organisation):
    return MembershipFactory(organisation=organisation, roles=[Role.GLOBAL_ADMIN])


def acting(membership):
    rows = Membership.objects.select_related("organisation__partner", "user")
    return Actor.of(rows.get(pk=membership.pk))


def made(membership, role=Role.ADMIN_AGENT, name="Billing sync", days=365):
    expires_at = timezone.now() + timedelta(days=days)
    return create_credential(acting=acting(membership), name=name, role=role, expires_at=expires_at)


def call(token, scheme="Bearer"):
    request = RequestFactory().get("/v1/customers", headers={"Authorization": f"{scheme} {token}"})
    request.id = "8a2a1f0e-6d1c-4d2a-9c55-000000000001"
    return request


def test_a_secret_is_shown_once_and_kept_as_its_hash(admin):
    new = made(admin)
    assert new.secret.startswith("portal_")
    assert len(new.secret) == len("portal_") + 64
    stored = CredentialSecret.objects.get()
    assert stored.hash != new.secret
    assert stored.ending == new.secret[-4:]
    event = AuditEvent.objects.get()
    assert event.action == "credential.created"
    assert new.secret not in str([event.before, event.after])


def test_a_secret_opens_its_organisation_as_its_role(admin):
    new = made(admin)
    request = call(new.secret)
    actor = authenticate(request)
    assert actor.kind == ActorKind.INTEGRATION
    assert actor.organisation.pk == admin.organisation_id
    assert actor.roles == {Role.ADMIN_AGENT}
    assert actor.channel == "api"
    assert actor.credential_id == new.credential.pk == request.credential.pk
    assert actor.request_id == request.id


def test_a_token_opens_the_same(admin):
    new = made(admin)
    token, ends_at = token_for(find(new.secret), timezone.now())
    assert authenticate(call(token)).credential_id == new.credential.pk
    assert ends_at - timezone.now() <= timedelta(hours=1)
