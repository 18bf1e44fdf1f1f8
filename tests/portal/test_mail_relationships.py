"""Who is told of relationships between organisations: asked, reminded, answered, ended; each person once, in their
language, nobody of their own act, and nobody of what did not happen."""

from types import SimpleNamespace

import pytest
from django.db import transaction
from django.utils import timezone

from customers import operations as customers
from customers.models import DelegatedAdmin
from portal import tasks
from portal.actor import Actor
from portal.mail import invitations
from portal.models import Mail, MailKind, Membership
from portal.operations import members, reseller_invitations, resellers
from portal.permissions import Role
from tests.factories import (
    CustomerFactory,
    CustomerRelationshipFactory,
    MembershipFactory,
    OrganisationFactory,
    ProviderFactory,
    ResellerFactory,
    ResellerRelationshipFactory,
    make_eligible,
)
from tests.letterbox import told, waiting, work


def person(organisation, name, *roles, language=""):
    address = f"{name}@people.example"
    return MembershipFactory(
        organisation=organisation,
        roles=list(roles),
        user__name=name,
        user__email=address,
        user__language=language,
    )


def acting(membership, request_id="request"):
    rows = Membership.objects.select_related("organisation__partner", "organisation__customer", "user")
    return Actor.of(rows.get(pk=membership.pk), request_id=request_id)


@pytest.fixture
def world(db):
    provider = ProviderFactory(organisation=OrganisationFactory(name="Fabrikam"))
    reseller = ResellerFactory(organisation=OrganisationFactory(name="ReleCloud"))
    customer = CustomerFactory(organisation=OrganisationFactory(name="Contoso"))
    CustomerRelationshipFactory(partner=provider, customer=customer, company_name="Contoso of Fabrikam")
    return SimpleNamespace(
        provider=provider,
        reseller=reseller,
        customer=customer,
        sales=person(provider.organisation, "sales", Role.SALES_AGENT),
        agent=person(provider.organisation, "agent", Role.ADMIN_AGENT),
        billing=person(provider.organisation, "billing", Role.BILLING_ADMIN),
        top=person(provider.organisation, "top", Role.GLOBAL_ADMIN),
        boss=person(reseller.organisation, "boss", Role.GLOBAL_ADMIN, language="fr"),
        helper=person(reseller.organisation, "helper", Role.ADMIN_AGENT),
        desk=person(reseller.organisation, "desk", Role.HELPDESK_AGENT),
        owner=person(customer.organisation, "owner", Role.GLOBAL_ADMIN),
        reader=person(customer.organisation, "reader", Role.SERVICE_SUPPORT_ADMIN),
    )


def names() -> set[str]:
    """Whom mail was written to, by first name; and the letter box is empty again."""
    work()
    found = {address.partition("@")[0] for address in told()}
    assert Mail.objects.count() == len(found), "one mail a person"
    Mail.objects.all().delete()
    return found


# -- provider and reseller


def requested(world, **more):
    made = resellers.request_reseller_relationship(world.reseller, acting=acting(world.sales), **more)
    return made.relationship


def test_a_request_goes_to_those_who_may_answer_in_their_language(world) -> None:
    requested(world, message="We met in Lyon.")
    work()
    assert set(told()) == {"boss@people.example", "helper@people.example"}
    mail = Mail.objects.get(address="helper@people.example")
    assert mail.subject == "“Fabrikam” asks you for a reseller relationship"
    assert (mail.kind, mail.language, mail.organisation_id) == ("request", "en", world.reseller.pk)
    assert "> We met in Lyon." in mail.text
    assert "https://testserver/providers/" in mail.text
    french = Mail.objects.get(address="boss@people.example")
    assert french.language == "fr"
    assert 'lang="fr"' in french.html
    assert "Portail partenaires" in french.html
    assert mail.key == f"{mail.key.partition(':')[0]}:{world.helper.user_id}"


def test_a_request_that_is_withdrawn_before_the_job_runs_is_not_told(world) -> None:
    relationship = requested(world)
    resellers.withdraw_request(relationship, acting=acting(world.sales))
    assert names() == set()


@pytest.mark.django_db(transaction=True)
def test_a_request_that_rolls_back_was_never_told_of(world) -> None:
    with transaction.atomic():
        relationship = ResellerRelationshipFactory(
            provider=world.provider,
            reseller=world.reseller,
            established_at=None,
            requested_at=timezone.now(),
        )
        from portal.jobs import defer

        defer("portal.tell_of_request", relationship_id=relationship.pk, again=1)
        transaction.set_rollback(True)
    assert waiting() == []
    assert names() == set()


def test_asking_again_for_what_waits_writes_nothing(world) -> None:
    requested(world)
    assert names() == {"boss", "helper"}
    assert isinstance(
        resellers.request_reseller_relationship(world.reseller, acting=acting(world.sales)),
        resellers.AlreadyThere,
    )
    assert names() == set()


def test_a_reminder_comes_once_a_day_however_often_it_is_asked_for(world) -> None:
    relationship = requested(world)
    names()
    for _ in range(3):
        resellers.renew_request(relationship, acting=acting(world.sales))
    work()
    assert set(told()) == {"boss@people.example", "helper@people.example"}
    assert Mail.objects.count() == 2
    subject = Mail.objects.get(address="helper@people.example").subject
    assert subject == "Still to answer: “Fabrikam” asks you for a reseller relationship"


def test_a_link_that_is_only_copied_mails_nobody(world) -> None:
    relationship = requested(world)
    names()
    resellers.renew_request(relationship, acting=acting(world.sales), tell=False)
    assert names() == set()


def test_an_answer_goes_to_whoever_asked_and_the_admin_agents(world) -> None:
    relationship = requested(world)
    names()
    resellers.accept_request(relationship, acting=acting(world.boss))
    work()
    assert told() == {
        "sales@people.example": "“ReleCloud” accepted your relationship",
        "agent@people.example": "“ReleCloud” accepted your relationship",
    }
    Mail.objects.all().delete()
    resellers.accept_request(relationship, acting=acting(world.boss))  # a no-op
    assert names() == set()


def test_a_no_carries_its_reason(world) -> None:
    relationship = requested(world)
    names()
    resellers.decline_request(relationship, acting=acting(world.boss), note="Not this year.")
    work()
    assert "> Not this year." in Mail.objects.get(address="sales@people.example").text


def test_where_nobody_else_is_left_the_global_admins_hear_the_answer(world) -> None:
    relationship = requested(world)
    names()
    for gone in (world.sales, world.agent):
        gone.delete()
    resellers.accept_request(relationship, acting=acting(world.boss))
    assert names() == {"top"}


@pytest.mark.parametrize(
    ("who", "hear"), [("top", {"boss", "helper"}), ("boss", {"top", "agent"})], ids=["provider", "reseller"]
)
def test_an_end_goes_to_the_other_side(world, who, hear) -> None:
    relationship = requested(world)
    resellers.accept_request(relationship, acting=acting(world.boss))
    names()
    resellers.end_reseller_relationship(relationship, acting=acting(getattr(world, who)))
    assert names() == hear
    resellers.end_reseller_relationship(relationship, acting=acting(getattr(world, who)))
    assert names() == set()


def test_roles_are_read_when_it_is_told(world) -> None:
    requested(world)
    Membership.objects.filter(pk=world.helper.pk).update(roles=[Role.HELPDESK_AGENT])
    Membership.objects.filter(pk=world.desk.pk).update(roles=[Role.ADMIN_AGENT])
    assert names() == {"boss", "desk"}


def test_a_kind_that_is_switched_off_is_not_written(world) -> None:
    world.helper.user.mail_off = [MailKind.REQUEST]
    world.helper.user.save()
    requested(world)
    assert names() == {"boss"}


# -- an organisation that is not here yet


def test_an_invitation_is_mailed_with_a_link_that_no_table_holds(world, mailoutbox) -> None:
    invited = reseller_invitations.invite_reseller(
        acting=acting(world.sales), email="new@tailspin.example", partner_id="7654321", message="Welcome."
    )
    work()
    mail = Mail.objects.get()
    assert (mail.address, mail.user, mail.organisation_id) == (
        "new@tailspin.example",
        None,
        world.provider.pk,
    )
    token = reseller_invitations.mail_token(invited.invitation)
    assert token not in mail.text + mail.html
    (message,) = mailoutbox
    assert f"https://testserver/invitations/{token}/" in message.body
    assert "7654321" not in message.body, "the invitee confirms the id: the mail does not tell it"
    assert "List-Unsubscribe" not in message.extra_headers
    invitations.tell(str(invited.invitation.pk))
    assert Mail.objects.count() == 1, "the same link once"


def test_an_invitation_is_not_sent_after_it_was_withdrawn(world, mailoutbox) -> None:
    invited = reseller_invitations.invite_reseller(
        acting=acting(world.sales), email="new@tailspin.example", partner_id="7654321"
    )
    tasks.tell_of_invitation(str(invited.invitation.pk))
    reseller_invitations.withdraw_invitation(invited.invitation, acting=acting(world.sales))
    work()
    assert mailoutbox == []


def test_an_invitation_cannot_be_used_to_flood_an_address(world, mailoutbox) -> None:
    invited = reseller_invitations.invite_reseller(
        acting=acting(world.sales), email="new@tailspin.example", partner_id="7654321"
    )
    for _ in range(8):
        work()
        reseller_invitations.renew_invitation(invited.invitation, acting=acting(world.sales))
    work()
    assert len(mailoutbox) == invitations.A_DAY


# -- partner and customer


def asked(world, partner=None, days=365, **more):
    partner = partner or world.provider
    made = customers.request_customer(
        world.customer, partner=partner, acting=acting(world.agent), days=days, **more
    )
    return made.relationship


def test_the_customers_global_admins_are_asked_once_for_both(world) -> None:
    ResellerRelationshipFactory(provider=world.provider, reseller=world.reseller)
    asked(world, partner=world.reseller, message="For your backups.")
    work()
    mail = Mail.objects.get()
    assert mail.address == "owner@people.example"
    assert mail.subject == "“ReleCloud” asks for admin rights at “Contoso”"
    assert "may act as admin in “Contoso” for 365 days" in mail.text
    assert "“Fabrikam” asked for this" in mail.text
    assert "https://testserver/partner-relationships/" in mail.text
    assert "Contoso of Fabrikam" not in mail.text, "what the provider calls it is the provider's"


def test_a_yes_tells_the_askers_and_whom_it_is_for_once(world) -> None:
    ResellerRelationshipFactory(provider=world.provider, reseller=world.reseller)
    relationship = asked(world, partner=world.reseller)
    names()
    customers.accept_request(relationship, acting=acting(world.owner))
    assert names() == {"agent", "boss", "helper"}


def test_a_no_tells_the_askers_alone(world) -> None:
    ResellerRelationshipFactory(provider=world.provider, reseller=world.reseller)
    relationship = asked(world, partner=world.reseller)
    names()
    customers.decline_request(relationship, acting=acting(world.owner), note="Not now.")
    work()
    assert set(told()) == {"agent@people.example"}
    assert "> Not now." in Mail.objects.get().text


def test_ending_admin_rights_tells_who_asked_and_who_held_them_once(world) -> None:
    _related, grant = make_eligible(world.reseller, provider=world.provider, customer=world.customer)
    DelegatedAdmin.objects.create(
        relationship=grant.relationship,
        requested_for=world.provider,
        established_at=grant.established_at,
        ends_at=grant.ends_at,
        source_id="second",
    )
    customers.end_admin_rights(grant.relationship, acting=acting(world.owner))
    assert names() == {"agent", "top", "boss", "helper"}
    customers.end_admin_rights(grant.relationship, acting=acting(world.owner))
    assert names() == set()


def test_ending_the_relationship_is_told_once_with_its_grants(world) -> None:
    _related, grant = make_eligible(world.reseller, provider=world.provider, customer=world.customer)
    customers.end_customer_relationship(
        grant.relationship, acting=acting(world.owner), live_subscriptions=lambda row: []
    )
    assert names() == {"agent", "top", "boss", "helper"}


def test_a_partner_that_ends_the_relationship_tells_the_customer(world) -> None:
    _related, grant = make_eligible(
        world.reseller, provider=world.provider, customer=world.customer, requested_for=world.reseller
    )
    customers.end_customer_relationship(
        grant.relationship, acting=acting(world.boss), live_subscriptions=lambda row: []
    )
    assert names() == {"owner"}


def test_a_customer_is_reminded_once_a_day(world) -> None:
    relationship = asked(world)
    names()
    for _ in range(2):
        customers.renew_request(relationship, acting=acting(world.agent))
    work()
    (subject,) = told().values()
    assert subject == "Still to answer: “Fabrikam” asks for admin rights at “Contoso”"


def test_two_providers_that_wait_for_one_reseller_remind_each_of_its_own(world) -> None:
    other = ProviderFactory(organisation=OrganisationFactory(name="Proseware"))
    CustomerRelationshipFactory(partner=other, customer=world.customer)
    theirs = person(other.organisation, "theirs", Role.ADMIN_AGENT)
    for asker, provider in ((world.agent, world.provider), (theirs, other)):
        ResellerRelationshipFactory(provider=provider, reseller=world.reseller)
        made = customers.request_customer(
            world.customer, partner=world.reseller, days=30, acting=acting(asker)
        )
    work()
    Mail.objects.all().delete()
    for asker, name in ((world.agent, "Fabrikam"), (theirs, "Proseware")):
        customers.renew_request(made.relationship, acting=acting(asker))
        work()
        (mail,) = Mail.objects.filter(subject__startswith="Still to answer")
        assert f"“{name}” asked for this" in mail.text
        Mail.objects.all().delete()


# -- one's own membership


def test_a_change_of_roles_is_told_to_that_person(world) -> None:
    members.change_roles(world.desk.pk, acting=acting(world.boss), roles=[Role.ADMIN_AGENT])
    work()
    mail = Mail.objects.get()
    assert (mail.address, mail.subject) == ("desk@people.example", "Your roles at “ReleCloud” changed")
    assert "Before: Helpdesk agent" in mail.text
    assert "Now: Admin agent" in mail.text
    assert "Changed by: boss" in mail.text
    Mail.objects.all().delete()
    members.change_roles(world.desk.pk, acting=acting(world.boss), roles=[Role.ADMIN_AGENT])
    assert names() == set()


def test_somebody_removed_is_told_although_they_are_a_member_no_more(world, mailoutbox) -> None:
    members.remove_member(world.desk.pk, acting=acting(world.boss))
    work()
    assert [message.subject for message in mailoutbox] == ["You are no longer a member of “ReleCloud”"]


def test_nobody_is_told_of_what_they_did_to_themselves(world) -> None:
    members.remove_member(
        world.boss.pk, acting=acting(person(world.reseller.organisation, "other", Role.GLOBAL_ADMIN))
    )
    assert names() == {"boss"}
    top = person(world.reseller.organisation, "third", Role.GLOBAL_ADMIN)
    members.remove_member(top.pk, acting=acting(top))
    assert names() == set()
