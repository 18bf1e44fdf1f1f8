"""Who calls: a provider's integration, by role."""

from collections.abc import Callable, Iterator

import pytest

from customers.models import CustomerRelationship
from portal.api import throttle
from portal.models import Organisation, Partner
from portal.permissions import Role
from tests.api.caller import Caller, bearer
from tests.factories import CustomerRelationshipFactory, ProviderFactory


@pytest.fixture(autouse=True)
def nobody_is_over_the_limit() -> Iterator[None]:
    """What one process remembers of refusals does not outlive a test."""
    throttle.forget()
    yield
    throttle.forget()


@pytest.fixture
def provider(db: None) -> Partner:
    return ProviderFactory(name="Fabrikam Distribution")


@pytest.fixture
def organisation(provider: Partner) -> Organisation:
    return provider.organisation


@pytest.fixture
def caller(db: None) -> Callable[..., Caller]:
    """`caller(organisation, role)`: an API client of a new integration."""
    return lambda organisation, role=Role.ADMIN_AGENT: Caller(bearer(organisation, role))


@pytest.fixture
def client(organisation: Organisation, caller: Callable[..., Caller]) -> Caller:
    """The provider's admin agent."""
    return caller(organisation)


@pytest.fixture
def contoso(provider: Partner) -> CustomerRelationship:
    return CustomerRelationshipFactory(partner=provider, company_name="Contoso", domain="contoso.example")
