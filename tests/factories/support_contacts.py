import factory

from support_contacts.models import Designation
from tests.factories.customers import CustomerRelationshipFactory, DelegatedAdminFactory
from tests.factories.portal import ResellerFactory, ResellerRelationshipFactory, days_ago
from tests.factories.subscriptions import SubscriptionFactory


class DesignationFactory(factory.django.DjangoModelFactory):
    """A stored choice. It is in force only if the test also makes its partner eligible."""

    class Meta:
        model = Designation

    subscription = factory.SubFactory(SubscriptionFactory)
    provider = factory.SelfAttribute("subscription.provider")
    partner = factory.SubFactory(ResellerFactory)
    started_at = days_ago(30)
    channel = "portal"


def make_eligible(reseller, *, provider, customer, requested_for=None):
    """Established relationship with the provider and delegated admin at the customer: both of R3, and their rows."""
    related = ResellerRelationshipFactory(provider=provider, reseller=reseller)
    at_customer = CustomerRelationshipFactory(partner=reseller, customer=customer)
    grant = DelegatedAdminFactory(relationship=at_customer, requested_for=requested_for or provider)
    return related, grant
