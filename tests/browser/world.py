"""Who there is in the browser tests: the demo's people, and some whom the demo does not have.

Sessions are made with the data, so that a test begins signed in; signing in with the form has tests of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.test import Client, override_settings
from django.utils import timezone

from customers.models import Customer
from portal.actor import Actor
from portal.middleware import IDLE_SECONDS, SEEN
from portal.models import AuditEvent, Membership, Partner, SupportProfile, User
from portal.operations.members import invite
from portal.permissions import Role
from subscriptions.models import Subscription
from support_contacts.demo.people import PASSWORD
from support_contacts.operations import choose_support_contact
from tests.browser import world_relationships
from tests.browser.databases import Databases
from tests.browser.world_relationships import MANY, NEW_RESELLER, TWO_RESELLERS
from tests.factories import (
    CustomerFactory,
    CustomerRelationshipFactory,
    DesignationFactory,
    MembershipFactory,
    OrganisationFactory,
    ProviderFactory,
    ResellerFactory,
    SubscriptionFactory,
    SupportProfileFactory,
    UserFactory,
    make_eligible,
)

__all__ = ["PASSWORD", "World"]

Result = TypeVar("Result")

#: Everybody a test may be. Of the first the demo has an account; the others are made here.
DEMO_PEOPLE = (
    "global-admin@fabrikam.example",
    "admin-agent@fabrikam.example",
    "helpdesk-agent@fabrikam.example",
    "sales-agent@fabrikam.example",
    "billing-admin@fabrikam.example",
    "user-admin@fabrikam.example",
    "admin-agent@proseware.example",
    "admin-agent@litware.example",
    "admin-agent@treyresearch.example",
    "helpdesk-agent@treyresearch.example",
    "admin-agent@relecloud.example",
    "global-admin@nod.example",
    "admin-agent@phone-company.example",
    "global-admin@vanarsdel.example",
    "admin@contoso.example",
    "support-admin@contoso.example",
    "admin@northwind.example",
    "global-admin@smehsa.example",
    "global-admin@proelite.example",
)
#: Two organisations; none; a provider that has nothing; a customer that has nothing; one whose desks are closed.
TWO = "two@people.example"
NOBODY = "nobody@people.example"
NEW_PROVIDER = "agent@newprovider.example"
NEW_CUSTOMER = "admin@newcustomer.example"
NIGHT = "admin@night.example"
INVITED = "invited@people.example"
OTHERS = (TWO, NOBODY, NEW_PROVIDER, NEW_CUSTOMER, NIGHT, NEW_RESELLER, MANY, TWO_RESELLERS)


@dataclass
class World:
    """The served database and what tests must know to find their way in it."""

    databases: Databases
    sessions: dict[str, str] = field(default_factory=dict)
    #: Addresses by name.
    urls: dict[str, str] = field(default_factory=dict)
    #: When everything was there; what happens later is a test's.
    began: datetime = datetime.min

    @classmethod
    def make(cls, databases: Databases) -> "World":
        world = cls(databases)
        databases.fill(world._seed)
        return world

    # -- what happens behind a reader's back

    def happens(self, act: Callable[..., Result], *told: object) -> Result:
        """One of `world_relationships`, done to the served database."""
        return self.databases.run(lambda: act(self, *told))

    def choose(
        self, offer: str, partner: str, who: str = "helpdesk-agent@fabrikam.example", note: str = ""
    ) -> None:
        """Somebody else chooses this partner for Contoso's subscription."""

        def act() -> None:
            choose_support_contact(
                self.contoso(offer),
                partner_id=self.partner(partner).pk,
                version=None,
                acting=self.acting(who),
                note=note,
            )

        self.databases.run(act)

    def rest_for_an_hour(self) -> None:
        """Nobody has asked for a page for so long that every session ends with the next one."""

        def act() -> None:
            for row in Session.objects.all():
                session = SessionStore(row.session_key)
                session[SEEN] = session.get(SEEN, 0) - IDLE_SECONDS - 60
                session.save()

        self.databases.run(act)

    def contact_of(self, offer: str) -> str:
        """The partner that is stored as the designated contact of Contoso's subscription, or nothing."""

        def ask() -> str:
            stored = self.contoso(offer).designations.stored().select_related("partner__organisation").first()
            return stored.partner.name if stored else ""

        return self.databases.run(ask)

    def events_of(self, offer: str) -> int:
        return self.databases.run(
            lambda: AuditEvent.objects.filter(subscription_id=self.contoso(offer).pk).count()
        )

    # -- parts

    @staticmethod
    def contoso(offer: str) -> Subscription:
        return Subscription.objects.get(
            provider__organisation__domain="fabrikam.example",
            customer__organisation__domain="contoso.example",
            offer_name=offer,
        )

    @staticmethod
    def partner(name: str) -> Partner:
        return Partner.objects.select_related("organisation").get(organisation__name=name)

    @staticmethod
    def acting(email: str) -> Actor:
        return Actor.of(
            Membership.objects.select_related("organisation__partner", "organisation__customer", "user").get(
                user__email=email
            ),
            request_id="browser",
        )

    def _seed(self) -> None:
        with override_settings(DEMO=True):
            call_command("demo_data", verbosity=0)
            fabrikam = self.partner("Fabrikam Distribution")
            _people(fabrikam)
            _nights()
            world_relationships.people()
            self._links(fabrikam)
            world_relationships.links(self)
            for email in (*DEMO_PEOPLE, *OTHERS):
                self.sessions[email] = _session(User.objects.get(email=email))
            self._addresses()
            world_relationships.addresses(self)
            self.began = timezone.now()
            user = User.objects.get(
                email="sales-agent@fabrikam.example"
            )  # after signing in, which ends such links
            key = default_token_generator.make_token(user)
            self.urls["new password"] = f"/password/new/{user_pk_to_url_str(user)}-{key}/"

    def _links(self, fabrikam: Partner) -> None:
        acting = self.acting("global-admin@fabrikam.example")
        invited = invite(acting=acting, email=INVITED, roles=[Role.SALES_AGENT], name="Ines Invited")
        self.urls["join"] = f"/join/{invited.token}/"
        theirs = invite(acting=acting, email="admin-agent@litware.example", roles=[Role.HELPDESK_AGENT])
        self.urls["join as Litware’s agent"] = f"/join/{theirs.token}/"

    def _addresses(self) -> None:
        domains = {
            "Contoso": "contoso.example",
            "Northwind": "northwind.example",
            "SMEHSA": "smehsa.example",
            "Donau": "ddsg-verwaltung.example",
            "Al Nakheel": "alnakheel.example",
            "unnamed": "",
        }
        sold = Subscription.objects.filter(provider__organisation__domain="fabrikam.example")
        for name, domain in domains.items():
            rows = sold.filter(customer__organisation__domain=domain).order_by("pk")
            tenant = rows[0].customer_id
            self.urls[name] = f"/customers/{tenant}/"
            for row in rows:
                self.urls[f"{name}: {row.offer_name}"] = f"/customers/{tenant}/subscriptions/{row.public_id}/"
                self.urls[f"{name}: {row.offer_name}, its id"] = row.public_id
        new = Customer.objects.get(organisation__domain="newcustomer.example")
        self.urls["New Customer"] = f"/customers/{new.pk}/"
        acting = self.acting("global-admin@fabrikam.example")
        for member in Membership.objects.filter(organisation=acting.organisation).select_related("user"):
            self.urls[f"member {member.user.email}"] = f"/organisation/members/{member.pk}/"


def _people(fabrikam: Partner) -> None:
    UserFactory(email=NOBODY, name="Nora Nobody")
    two = UserFactory(email=TWO, name="Tove Two")
    proseware = Partner.objects.get(organisation__domain="proseware.example")
    for partner in (fabrikam, proseware):
        MembershipFactory(user=two, organisation=partner.organisation, roles=[Role.ADMIN_AGENT])
    provider = ProviderFactory(
        organisation=OrganisationFactory(name="New Provider", domain="newprovider.example")
    )
    MembershipFactory(user__email=NEW_PROVIDER, organisation=provider.organisation)
    customer = CustomerFactory(
        organisation=OrganisationFactory(name="New Customer", domain="newcustomer.example")
    )
    MembershipFactory(user__email=NEW_CUSTOMER, organisation=customer.organisation)
    CustomerRelationshipFactory(partner=fabrikam, customer=customer)


def _nights() -> None:
    """A customer whose contacts are all closed, whatever the time: one with an urgent line, one without any line."""
    provider = ProviderFactory(organisation=OrganisationFactory(name="Evening Distribution"))
    open_day = str((timezone.now() + timedelta(days=3)).weekday())
    closed = {"week": {open_day: [["10:00", "11:00"]]}, "time_zone": "Europe/Paris"}
    SupportProfileFactory(partner=provider, telephone="+33 1 99 00 88 10", **closed)
    customer = CustomerFactory(organisation=OrganisationFactory(name="Night Shift", domain="night.example"))
    CustomerRelationshipFactory(partner=provider, customer=customer)
    MembershipFactory(user__email=NIGHT, organisation=customer.organisation)
    desks = (
        (
            "Bakery systems",
            "Urgent Desk",
            {"urgent_telephone": "+33 1 99 00 88 99", "urgent_note": "Ask for the night desk."},
        ),
        ("Ovens", "Silent Desk", {"telephone": "", "email": "", "website": "", "languages": []}),
    )
    for offer, name, profile in desks:
        reseller = ResellerFactory(organisation=OrganisationFactory(name=name))
        SupportProfileFactory(partner=reseller, **closed | profile)
        make_eligible(reseller, provider=provider, customer=customer)
        subscription = SubscriptionFactory(provider=provider, customer=customer, offer_name=offer)
        DesignationFactory(subscription=subscription, partner=reseller)
    SubscriptionFactory(provider=provider, customer=customer, offer_name="Lamps")
    assert SupportProfile.objects.filter(partner=provider).exists()


def _session(user: User) -> str:
    client = Client()
    client.force_login(user, backend="portal.adapter.Backend")
    return client.cookies["session"].value
