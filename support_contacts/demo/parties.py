"""Who there is: partners with their support profiles, customers, and the people of both."""

import uuid

from django.contrib.auth.hashers import make_password

from customers.models import Customer, DelegatedAdmin
from portal.models import Membership, Partner, SupportProfile, User
from support_contacts.demo import customers, organisations, people
from support_contacts.demo.clock import stable_id
from support_contacts.demo.made import Made


def write_partners(made: Made) -> None:
    for row in organisations.PARTNERS:
        organisation = made.organisation(uuid.UUID(row.tenant), row.name, row.domain, row.country, row.zone)
        partner = Partner.objects.create(
            organisation=organisation,
            partner_id=row.partner_id,
            is_indirect_provider="provider" in row.kinds,
            is_direct_partner="direct" in row.kinds,
            is_indirect_reseller="reseller" in row.kinds,
        )
        made.organisations[row.domain], made.partners[row.key] = organisation, partner
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
            closed_dates=made.clock.next_holidays() if desk.holidays else [],
            time_zone=desk.zone or row.zone,
            urgent_telephone=desk.urgent,
            urgent_note=desk.urgent_note,
            updated_at=made.clock.at(-30),
        )


def write_customer(made: Made, provider: str, row: customers.Sale) -> None:
    """The customer's organisation, once, and this partner's relationship with it."""
    domain = row.domain or "unnamed"
    if domain not in made.organisations:
        given = customers.TENANTS.get(domain)
        pk = uuid.UUID(given) if given else stable_id("tenant", domain)
        zone = customers.ZONES.get(row.country, "UTC")
        made.organisations[domain] = made.organisation(pk, row.name or str(pk), row.domain, row.country, zone)
    organisation = made.organisations[domain]
    if domain not in made.customers:
        made.customers[domain] = Customer.objects.create(organisation=organisation)
    of_record = made.partners.get(row.record)
    relationship = made.relationship(
        made.partners[provider], domain, row.since, row.name, row.alias, row.country, of_record
    )
    if row.admin:
        older = row.admin == "dap"
        began = max(row.since, -655)
        DelegatedAdmin.objects.create(
            relationship=relationship,
            kind=row.admin,
            requested_for=made.partners[provider],
            established_at=made.clock.at(began, "10:30"),
            ends_at=None if older else made.clock.at(began + 730, "10:30"),
        )


def write_people(made: Made) -> None:
    """Accounts are roles; the one password is hashed once."""
    password = make_password(people.PASSWORD)
    for domain, organisation in made.organisations.items():
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
            made.members[user.email] = Membership(organisation=organisation, user=user, roles=[role.value])
    User.objects.bulk_create([member.user for member in made.members.values()])
    Membership.objects.bulk_create(made.members.values())
