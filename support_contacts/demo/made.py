"""What a seeding has made so far, by the keys of the tables, and how it makes what several tables need."""

import uuid
from datetime import datetime

from customers.models import Customer, CustomerRelationship
from portal.actor import Actor, ActorKind
from portal.models import Membership, Organisation, Partner
from portal.permissions import Role
from subscriptions.models import Subscription
from support_contacts.demo import customers, organisations
from support_contacts.demo.clock import Clock


class Made:
    """One run. Organisations and customers go by domain, partners by key, members by email."""

    def __init__(self, now: datetime) -> None:
        self.clock = Clock(now)
        self.organisations: dict[str, Organisation] = {}
        self.partners: dict[str, Partner] = {}
        self.customers: dict[str, Customer] = {}
        self.members: dict[str, Membership] = {}
        self.relationships: dict[tuple[uuid.UUID, uuid.UUID], CustomerRelationship] = {}
        self.subscriptions: dict[tuple[str, str], Subscription] = {}
        self.related_since = {
            (row.provider, row.reseller): row.established for row in organisations.RELATIONSHIPS
        }
        self.granted = {(row.domain, row.reseller) for row in customers.GRANTS}

    def organisation(self, pk: uuid.UUID, name: str, domain: str, country: str, zone: str) -> Organisation:
        return Organisation.objects.create(
            id=pk, name=name, domain=domain, country=country, time_zone=zone, is_demo=True
        )

    def relationship(
        self,
        partner: Partner,
        domain: str,
        since: int,
        name: str,
        alias: str = "",
        country: str = "",
        of_record: Partner | None = None,
    ) -> CustomerRelationship:
        customer = self.customers[domain]
        key = (partner.pk, customer.pk)
        if key not in self.relationships:
            known = customer.organisation.domain
            began = self.clock.at(since, "09:00")
            self.relationships[key] = CustomerRelationship.objects.create(
                partner=partner,
                customer=customer,
                company_name=name,
                alias=alias,
                domain=known,
                domains=[known, f"{known.removesuffix('.example')}.onmicrosoft.example"] if known else [],
                country=country,
                reseller_of_record_id=of_record.pk if of_record else None,
                established_at=began,
                created_at=began,
            )
        return self.relationships[key]

    def resellers_relationship(self, domain: str, reseller: str, since: int) -> CustomerRelationship:
        organisation = self.customers[domain].organisation
        return self.relationship(
            self.partners[reseller], domain, since, organisation.name, country=organisation.country
        )

    def acting(self, provider: str, who: str) -> Actor:
        """Who acts for a provider: an account, its integration, or an import."""
        organisation = self.partners[provider].organisation
        if who == "import":
            return Actor.operator(organisation, channel="import")
        if who == "api":
            roles = frozenset({Role.ADMIN_AGENT})
            return Actor(organisation, ActorKind.INTEGRATION, roles, channel="api")
        return Actor.of(self.members[f"{who}@{organisation.domain}"])
