from datetime import timedelta

import factory
from django.utils import timezone

from customers.models import Customer, CustomerRelationship, DelegatedAdmin
from tests.factories.portal import OrganisationFactory, ProviderFactory, days_ago


class CustomerFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Customer

    class Params:
        name = factory.Sequence(lambda n: f"Customer {n}")

    organisation = factory.SubFactory(OrganisationFactory, name=factory.SelfAttribute("..name"))


class CustomerRelationshipFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = CustomerRelationship

    partner = factory.SubFactory(ProviderFactory)
    customer = factory.SubFactory(CustomerFactory)
    company_name = factory.SelfAttribute("customer.organisation.name")
    domain = factory.SelfAttribute("customer.organisation.domain")
    country = "FR"
    established_at = days_ago(400)


class DelegatedAdminFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = DelegatedAdmin

    relationship = factory.SubFactory(CustomerRelationshipFactory)
    established_at = days_ago(300)
    ends_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=200))
