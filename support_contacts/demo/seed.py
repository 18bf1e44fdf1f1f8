"""Writes the demo's tables as rows, and what happened as events of the days it happened on."""

import uuid
from datetime import datetime
from itertools import islice

from django.contrib.auth.hashers import make_password

from customers.models import Customer, CustomerRelationship, DelegatedAdmin
from portal import audit
from portal.actor import Actor, ActorKind
from portal.models import (
    Action,
    Membership,
    Organisation,
    Partner,
    PartnerSuspension,
    ResellerRelationship,
    SupportProfile,
    User,
)
from portal.permissions import Role
from subscriptions.models import PurchasedThrough, Subscription
from support_contacts.demo import customers, history, organisations, people, subscriptions
from support_contacts.demo.clock import Clock, stable_id
from support_contacts.models import Designation, EndedAs
from support_contacts.operations.core import Choice, apply_choice

#: What a reseller holds at a customer it supports, where `customers.GRANTS` says nothing else.
USUAL_GRANT = (-400, 330)
#: Generated choices are older than any of the ends that take eligibility away again.
SETTLED = -70


class Seed:
    """One run: remembers what it made by the keys of the tables. Must run inside a transaction."""

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

    def write(self) -> None:
        self._partners()
        sales = {"fabrikam": customers.FABRIKAM_SALES, **customers.OTHER_SALES}
        for provider, rows in sales.items():
            for row in rows:
                self._customer(provider, row)
        self._people()
        self._relationships_of_partners()
        self._grants()
        for provider, rows in sales.items():
            for row in rows:
                self._sold(provider, row)
        self._named_subscriptions()
        self._history()

    # -- organisations and people
    def _organisation(self, pk: uuid.UUID, name: str, domain: str, country: str, zone: str) -> Organisation:
        return Organisation.objects.create(
            id=pk, name=name, domain=domain, country=country, time_zone=zone, is_demo=True
        )

    def _partners(self) -> None:
        for row in organisations.PARTNERS:
            organisation = self._organisation(
                uuid.UUID(row.tenant), row.name, row.domain, row.country, row.zone
            )
            partner = Partner.objects.create(
                organisation=organisation,
                partner_id=row.partner_id,
                is_indirect_provider="provider" in row.kinds,
                is_direct_partner="direct" in row.kinds,
                is_indirect_reseller="reseller" in row.kinds,
            )
            self.organisations[row.domain], self.partners[row.key] = organisation, partner
            desk = row.desk
            first, last, opens, closes = desk.week or (0, -1, "", "")
            SupportProfile.objects.create(
                partner=partner,
                email=desk.email,
                telephone=desk.telephone,
                website=desk.website,
                languages=list(desk.languages),
                always_open=desk.always_open,
                week={str(day): [[opens, closes]] for day in range(first, last + 1)},
                closed_dates=self.clock.next_holidays() if desk.holidays else [],
                time_zone=desk.zone or row.zone,
                urgent_telephone=desk.urgent,
                urgent_note=desk.urgent_note,
                updated_at=self.clock.at(-30),
            )

    def _customer(self, provider: str, row: customers.Sale) -> None:
        """The customer's organisation, once, and this partner's relationship with it."""
        domain = row.domain or "unnamed"
        if domain not in self.organisations:
            given = customers.TENANTS.get(domain)
            pk = uuid.UUID(given) if given else stable_id("tenant", domain)
            zone = customers.ZONES.get(row.country, "UTC")
            self.organisations[domain] = self._organisation(
                pk, row.name or str(pk), row.domain, row.country, zone
            )
        organisation = self.organisations[domain]
        if domain not in self.customers:
            self.customers[domain] = Customer.objects.create(organisation=organisation)
        of_record = self.partners.get(row.record)
        relationship = self._relationship(
            self.partners[provider], domain, row.since, row.name, row.alias, row.country, of_record
        )
        if row.admin:
            older = row.admin == "dap"
            began = max(row.since, -655)
            DelegatedAdmin.objects.create(
                relationship=relationship,
                kind=row.admin,
                requested_for=self.partners[provider],
                established_at=self.clock.at(began, "10:30"),
                ends_at=None if older else self.clock.at(began + 730, "10:30"),
            )

    def _relationship(
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
                reseller_of_record_id=of_record and of_record.pk,
                established_at=began,
                created_at=began,
            )
        return self.relationships[key]

    def _people(self) -> None:
        """Accounts are roles; the one password is hashed once."""
        password = make_password(people.PASSWORD)
        for domain, organisation in self.organisations.items():
            if not organisation.domain:
                continue
            for mailbox in ("global-admin", *people.ALSO.get(domain, ())):
                role = people.MAILBOXES[mailbox]
                user = User(
                    id=stable_id("user", mailbox, domain),
                    email=f"{mailbox}@{domain}",
                    name=str(role.label),
                    password=password,
                    is_demo=True,
                )
                self.members[user.email] = Membership(
                    organisation=organisation, user=user, roles=[role.value]
                )
        User.objects.bulk_create([member.user for member in self.members.values()])
        Membership.objects.bulk_create(self.members.values())

    def _acting(self, provider: str, who: str) -> Actor:
        """Who acts for a provider: an account, its integration, or an import."""
        organisation = self.partners[provider].organisation
        if who == "import":
            return Actor.operator(organisation, channel="import")
        if who == "api":
            roles = frozenset({Role.ADMIN_AGENT})
            return Actor(organisation, ActorKind.INTEGRATION, roles, channel="api")
        return Actor.of(self.members[f"{who}@{organisation.domain}"])

    # -- what partners are to each other and may do at customers
    def _relationships_of_partners(self) -> None:
        at = self.clock.at_or_none
        for row in organisations.RELATIONSHIPS:
            provider, reseller = self.partners[row.provider], self.partners[row.reseller]
            ResellerRelationship.objects.create(
                provider=provider,
                reseller=reseller,
                requested_at=at(row.requested, "09:30"),
                lapses_at=at(row.lapses, "09:30"),
                established_at=at(row.established, "11:00"),
                ended_at=at(row.ended, "18:00"),
                ended_as=row.ended_as,
                agreement_reference=row.agreement,
                agreement_scope=row.scope,
                agreement_valid_until=row.valid and self.clock.at(row.valid).date(),
                escalation_contact=row.escalation,
            )
            changes = (
                (Action.RESELLER_RELATIONSHIP_REQUESTED, at(row.requested, "09:30")),
                (Action.RESELLER_RELATIONSHIP_ESTABLISHED, at(row.established, "11:00")),
                (Action.RESELLER_RELATIONSHIP_ENDED, at(row.ended, "18:00") if row.established else None),
            )
            for action, instant in changes:
                if instant is not None:
                    audit.record(
                        action,
                        acting=self._acting(row.provider, "global-admin"),
                        organisation=provider.organisation,
                        at=instant,
                        after={"reseller": {"id": str(reseller.pk), "name": reseller.name}},
                        partner_ids=[provider.pk, reseller.pk],
                    )
        for key, since, until, reason in organisations.SUSPENSIONS:
            partner = self.partners[key]
            PartnerSuspension.objects.create(
                partner=partner, started_at=self.clock.at(since), ended_at=at(until), reason=reason
            )
            for action, instant in (
                (Action.PARTNER_SUSPENDED, at(since)),
                (Action.PARTNER_SUSPENSION_LIFTED, at(until)),
            ):
                if instant is not None:
                    operator = Actor.operator(partner.organisation)
                    audit.record(
                        action,
                        acting=operator,
                        organisation=partner.organisation,
                        at=instant,
                        partner_ids=[partner.pk],
                    )

    def _grants(self) -> None:
        at = self.clock.at_or_none
        for row in customers.GRANTS:
            first = min(day for day in (row.requested, row.since) if day is not None)
            relationship = self._resellers_relationship(row.domain, row.reseller, first - 1)
            ends_wall = "17:00" if row.until == -1 else "10:02"
            DelegatedAdmin.objects.create(
                relationship=relationship,
                requested_for=self.partners["fabrikam"],
                requested_at=at(row.requested, "09:40"),
                lapses_at=at(row.lapses, "09:40"),
                established_at=at(row.since),
                ends_at=at(row.until, ends_wall),
                ended_at=at(row.ended, "16:10"),
                ended_as=row.ended_as,
            )
            customer, reseller = relationship.customer, relationship.partner
            by_customer = Actor.of(self.members[f"global-admin@{row.domain}"])
            changes = (
                (
                    Action.DELEGATED_ADMIN_REQUESTED,
                    at(row.requested, "09:40"),
                    self._acting("fabrikam", "admin-agent"),
                ),
                (Action.DELEGATED_ADMIN_ESTABLISHED, at(row.since), by_customer),
                (Action.DELEGATED_ADMIN_ENDED, at(row.ended, "16:10") if row.since else None, by_customer),
            )
            for action, instant, acting in changes:
                if instant is not None:
                    audit.record(
                        action,
                        acting=acting,
                        organisation=acting.organisation,
                        at=instant,
                        after={"partner": {"id": str(reseller.pk), "name": reseller.name}},
                        customer_id=customer.pk,
                        partner_ids=[reseller.pk],
                    )

    def _resellers_relationship(self, domain: str, reseller: str, since: int) -> CustomerRelationship:
        organisation = self.customers[domain].organisation
        return self._relationship(
            self.partners[reseller], domain, since, organisation.name, country=organisation.country
        )

    # -- subscriptions and who supports them
    def _sold(self, provider: str, row: customers.Sale) -> None:
        domain = row.domain or "unnamed"
        made = [self._generated(provider, domain, row, number) for number in range(row.subscriptions)]
        free = iter([one for one in made if one.is_live and not one.is_new_commerce])
        for reseller, count in row.support.items():
            for subscription in islice(free, count):
                self._supported(provider, domain, reseller, subscription)

    def _generated(self, provider: str, domain: str, row: customers.Sale, number: int) -> Subscription:
        """The customer's next subscription out of the catalogue, always the same one."""
        chance = stable_id("subscription", provider, domain, number)
        catalogue = subscriptions.CATALOGUE
        start = stable_id("first offer", domain).int
        offer, quantity, new_commerce = catalogue[(start + number) % len(catalogue)]
        began = min(-5, row.since + chance.int % 40)
        ended = -(5 + chance.int % 80) if number % 11 == 9 else None
        spec = subscriptions.DemoSubscription(
            key=str(number),
            offer=offer,
            nickname=subscriptions.SITES[number // len(catalogue) % len(subscriptions.SITES)],
            quantity=max(1, quantity * (1 + chance.int % 5) // 2),
            began=began,
            ends=ended or began + 365 * (1 - began // 365) + 1,
            id=str(chance),
            status="expired" if ended else "suspended" if number % 13 == 7 else "active",
            ended=ended,
            record=row.record if number % 2 == 0 else "",
            new_commerce=new_commerce,
            usage_based=offer in subscriptions.USAGE_BASED,
        )
        return self._subscription(provider, domain, spec)

    def _supported(self, provider: str, domain: str, reseller: str, subscription: Subscription) -> None:
        since, until = USUAL_GRANT
        if (domain, reseller) not in self.granted:
            self.granted.add((domain, reseller))
            DelegatedAdmin.objects.create(
                relationship=self._resellers_relationship(domain, reseller, since - 1),
                requested_for=self.partners[provider],
                established_at=self.clock.at(since),
                ends_at=self.clock.at(until),
            )
        began = (subscription.began_at.date() - self.clock.today).days
        earliest = max(since, began, self.related_since[provider, reseller] or 0) + 2
        day = earliest + stable_id("choice", subscription.pk).int % (SETTLED - earliest)
        who = ("admin-agent", "admin-agent", "global-admin", "import")[day % 4]
        if f"{who}@{self.partners[provider].organisation.domain}" not in self.members:
            who = "global-admin"
        self._choose(provider, reseller, subscription, self.clock.at(day, "14:00"), who)

    def _named_subscriptions(self) -> None:
        for provider, domain, rows in (
            ("fabrikam", customers.CONTOSO, subscriptions.CONTOSO_FROM_FABRIKAM),
            ("proseware", customers.CONTOSO, subscriptions.CONTOSO_FROM_PROSEWARE),
            ("fabrikam", customers.NORTHWIND, subscriptions.NORTHWIND_FROM_FABRIKAM),
        ):
            for row in rows:
                self.subscriptions[domain, row.key] = self._subscription(provider, domain, row)

    def _subscription(self, provider: str, domain: str, row: subscriptions.DemoSubscription) -> Subscription:
        began = self.clock.at(row.began, "08:00")
        parent = self.subscriptions.get((domain, row.parent))
        of_record = self.partners.get(row.record)
        modern = row.new_commerce and row.moved is None
        licence = "Usage-based" if row.usage_based else "Licenses"
        return Subscription.objects.create(
            id=stable_id("row", provider, domain, row.key),
            provider=self.partners[provider],
            customer=self.customers[domain],
            microsoft_id=row.id,
            purchased_through=PurchasedThrough(row.through),
            seller_name=row.seller,
            offer_id=f"CFQ7TTC0DEMO:000{len(row.offer) % 9}:CFQ7TTC0AVAIL"
            if modern
            else str(stable_id("offer", row.offer)),
            offer_name=row.offer,
            friendly_name=row.nickname,
            order_id=str(stable_id("order", provider, domain, row.key)),
            parent=parent,
            parent_microsoft_id=parent.public_id if parent else "",
            quantity=row.quantity,
            unit_type=licence,
            status=row.status,
            suspension_reasons=["PartnerSuspended"] if row.status == "suspended" else [],
            created_on=began,
            effective_start=began,
            commitment_end=self.clock.at_or_none(row.ends, "08:00"),
            auto_renew=row.ends is not None and row.ended is None,
            billing_type="usage" if row.usage_based else "license",
            billing_cycle="monthly",
            term_duration="P1Y",
            reseller_of_record=of_record.partner_id if of_record else "",
            is_new_commerce=modern,
            recorded_at=began if row.recorded is None else self.clock.at(row.recorded, "09:00"),
            ended_at=self.clock.at_or_none(row.ended, "08:00"),
        )

    # -- history
    def _history(self) -> None:
        for row in history.HISTORY:
            subscription = self.subscriptions[row.customer, row.subscription]
            at = self.clock.at(row.days, row.wall)
            self._choose("fabrikam", row.partner, subscription, at, row.who, row.note)
        for row in subscriptions.CONTOSO_FROM_FABRIKAM:
            if row.moved is not None:
                self._moved(self.subscriptions[customers.CONTOSO, row.key], self.clock.at(row.moved, "03:00"))

    def _choose(
        self, provider: str, partner: str, subscription: Subscription, at: datetime, who: str, note: str = ""
    ) -> None:
        stored = (
            Designation.objects.stored()
            .filter(subscription=subscription)
            .select_related("partner__organisation")
        )
        choice = Choice(subscription, self.partners[partner].pk, stored.first())
        apply_choice(choice, at=at, acting=self._acting(provider, who), note=note)

    def _moved(self, subscription: Subscription, at: datetime) -> None:
        """A subscription that went over to new commerce, which ended its designation."""
        provider = subscription.provider
        before: dict[str, object] = {
            "contact": {"id": str(provider.pk), "name": provider.name},
            "designated": None,
        }
        for designation in Designation.objects.stored().filter(subscription=subscription):
            before["contact"] = before["designated"] = {
                "id": str(designation.partner_id),
                "name": designation.partner.name,
                "partner_id": designation.partner.partner_id,
            }
            designation.ended_at, designation.ended_as = at, EndedAs.NEW_COMMERCE
            designation.save(update_fields=["ended_at", "ended_as"])
        subscription.is_new_commerce, subscription.moved_to_new_commerce_at = True, at
        subscription.contact_version += 1
        subscription.save()
        audit.record(
            Action.SUBSCRIPTION_MOVED,
            acting=self._acting("fabrikam", "import"),
            organisation=provider.organisation,
            at=at,
            before=before,
            after={"contact": None, "designated": None, "version": subscription.contact_version},
            customer_id=subscription.customer_id,
            subscription_id=subscription.pk,
        )
