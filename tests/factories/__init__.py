"""One factory a model, nothing surprising in any of them."""

from tests.factories.customers import CustomerFactory, CustomerRelationshipFactory, DelegatedAdminFactory
from tests.factories.portal import (
    MembershipFactory,
    OrganisationFactory,
    PartnerFactory,
    PartnerSuspensionFactory,
    ProviderFactory,
    ResellerFactory,
    ResellerRelationshipFactory,
    SupportProfileFactory,
    UserFactory,
    today,
)
from tests.factories.subscriptions import SubscriptionFactory
from tests.factories.support_contacts import DesignationFactory, make_eligible

__all__ = [
    "CustomerFactory",
    "CustomerRelationshipFactory",
    "DelegatedAdminFactory",
    "DesignationFactory",
    "MembershipFactory",
    "OrganisationFactory",
    "PartnerFactory",
    "PartnerSuspensionFactory",
    "ProviderFactory",
    "ResellerFactory",
    "ResellerRelationshipFactory",
    "SubscriptionFactory",
    "SupportProfileFactory",
    "UserFactory",
    "make_eligible",
    "today",
]
