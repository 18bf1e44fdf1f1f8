"""What partners are to each other, and what they may do at customers."""

from customers.models import DelegatedAdmin
from portal import audit
from portal.actor import Actor
from portal.models import Action, PartnerSuspension, ResellerRelationship
from support_contacts.demo import customers, organisations
from support_contacts.demo.made import Made


def write_relationships(made: Made) -> None:
    at = made.clock.at_or_none
    for row in organisations.RELATIONSHIPS:
        provider, reseller = made.partners[row.provider], made.partners[row.reseller]
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
            agreement_valid_until=None if row.valid is None else made.clock.at(row.valid).date(),
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
                    acting=made.acting(row.provider, "global-admin"),
                    organisation=provider.organisation,
                    at=instant,
                    after={"reseller": {"id": str(reseller.pk), "name": reseller.name}},
                    partner_ids=[provider.pk, reseller.pk],
                )


def write_suspensions(made: Made) -> None:
    at = made.clock.at_or_none
    for key, since, until, reason in organisations.SUSPENSIONS:
        partner = made.partners[key]
        PartnerSuspension.objects.create(
            partner=partner, started_at=made.clock.at(since), ended_at=at(until), reason=reason
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


def write_grants(made: Made) -> None:
    at = made.clock.at_or_none
    for row in customers.GRANTS:
        first = min(day for day in (row.requested, row.since) if day is not None)
        relationship = made.resellers_relationship(row.domain, row.reseller, first - 1)
        ends_wall = "17:00" if row.until == -1 else "10:02"
        DelegatedAdmin.objects.create(
            relationship=relationship,
            requested_for=made.partners["fabrikam"],
            requested_at=at(row.requested, "09:40"),
            lapses_at=at(row.lapses, "09:40"),
            days=365 if row.requested is not None else None,
            established_at=at(row.since),
            ends_at=at(row.until, ends_wall),
            ended_at=at(row.ended, "16:10"),
            ended_as=row.ended_as,
        )
        customer, reseller = relationship.customer, relationship.partner
        by_customer = Actor.of(made.members[f"global-admin@{row.domain}"])
        changes = (
            (
                Action.DELEGATED_ADMIN_REQUESTED,
                at(row.requested, "09:40"),
                made.acting("fabrikam", "admin-agent"),
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
