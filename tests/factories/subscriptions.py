import uuid
from datetime import timedelta

import factory
from django.utils import timezone

from subscriptions.models import Subscription
from tests.factories.customers import CustomerFactory
from tests.factories.portal import ProviderFactory, days_ago


class SubscriptionFactory(factory.django.DjangoModelFactory):
    """A live, legacy subscription. Its provider sees it once it has a relationship with the customer."""

    class Meta:
        model = Subscription

    provider = factory.SubFactory(ProviderFactory)
    customer = factory.SubFactory(CustomerFactory)
    microsoft_id = factory.LazyFunction(lambda: str(uuid.uuid4()))
    offer_name = factory.Sequence(lambda n: f"Offer {n}")
    quantity = 25
    unit_type = "Licenses"
    billing_type = "license"
    effective_start = days_ago(380)
    recorded_at = days_ago(380)
    commitment_end = factory.LazyFunction(lambda: timezone.now() + timedelta(days=100))
    auto_renew = True
