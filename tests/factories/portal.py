from datetime import date, timedelta
from zoneinfo import ZoneInfo

import factory
from django.utils import timezone

from portal.models import (
    Membership,
    Organisation,
    Partner,
    PartnerSuspension,
    ResellerRelationship,
    SupportProfile,
    User,
)
from portal.permissions import Role

ZONE = "Europe/Paris"


def days_ago(days: int):
    return factory.LazyFunction(lambda: timezone.now() - timedelta(days=days))


def today() -> date:
    """In the zone of the organisations made here, where it may be tomorrow already."""
    return timezone.localdate(timezone=ZoneInfo(ZONE))


class OrganisationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Organisation

    name = factory.Sequence(lambda n: f"Organisation {n}")
    domain = factory.Sequence(lambda n: f"organisation{n}.example")
    country = "FR"
    time_zone = ZONE


class PartnerFactory(factory.django.DjangoModelFactory):
    """A partner that is nothing yet says so in the test: pass the kind, or use a factory below."""

    class Meta:
        model = Partner

    class Params:
        name = factory.Sequence(lambda n: f"Partner {n}")
        country = "FR"

    organisation = factory.SubFactory(
        OrganisationFactory, name=factory.SelfAttribute("..name"), country=factory.SelfAttribute("..country")
    )
    partner_id = factory.Sequence(lambda n: str(5000000 + n))


class ProviderFactory(PartnerFactory):
    is_indirect_provider = True


class ResellerFactory(PartnerFactory):
    is_indirect_reseller = True


class SupportProfileFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = SupportProfile

    partner = factory.SubFactory(ResellerFactory)
    email = "support@reseller.example"
    telephone = "+33 1 99 00 47 10"
    website = "www.reseller.example"
    languages = ["fr", "en"]
    week = {str(day): [["08:00", "18:30"]] for day in range(5)}
    time_zone = "Europe/Paris"


class ResellerRelationshipFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ResellerRelationship

    provider = factory.SubFactory(ProviderFactory)
    reseller = factory.SubFactory(ResellerFactory)
    established_at = days_ago(400)


class PartnerSuspensionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = PartnerSuspension

    partner = factory.SubFactory(ResellerFactory)
    started_at = days_ago(3)


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@people.example")
    name = factory.Sequence(lambda n: f"Person {n}")
    password = factory.django.Password("a-long-enough-sentence")


class MembershipFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Membership

    organisation = factory.SubFactory(OrganisationFactory)
    user = factory.SubFactory(UserFactory)
    roles = [Role.GLOBAL_ADMIN]
