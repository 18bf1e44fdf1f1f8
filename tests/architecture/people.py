"""Organisations of the world, what they say of themselves, and who works there."""

from datetime import timedelta

from django.utils import timezone

from portal.models import PasswordLink
from portal.operations.links import make_link
from tests import factories as f
from tests.architecture import readers
from tests.architecture.canaries import guid
from tests.architecture.cast import CUSTOMERS, PARTNERS, Person
from tests.architecture.world import PASSWORD, World


def organisation(world: World, name: str) -> None:
    plant = world.canaries
    is_partner = name in PARTNERS
    known = readers.of_partner(name) if is_partner else {name}
    plant.plant(guid(name), f"tenant id of {name}", known | readers.of_tenant(name), must=())
    organisation = world.organisations[name] = f.OrganisationFactory(
        id=guid(name),
        name=f"{plant.word(f'name of {name}', known, must=readers.finders_of_name(name))} Limited",
        domain=f"{plant.word(f'domain of {name}', known | readers.of_domain(name), must={name})}.example",
    )
    if is_partner:
        partner_id, kinds = PARTNERS[name]
        plant.plant(partner_id, f"PartnerID of {name}", readers.of_partner_id(name), must={name})
        world.partners[name] = f.PartnerFactory(
            organisation=organisation,
            partner_id=partner_id,
            is_indirect_provider="p" in kinds,
            is_direct_partner="d" in kinds,
            is_indirect_reseller="r" in kinds,
        )
        _profile(world, name)
    if name in CUSTOMERS:
        world.customers[name] = f.CustomerFactory(organisation=organisation)


def _profile(world: World, name: str) -> None:
    plant = world.canaries
    may, must = readers.of_profile(name), readers.finders_of_profile(name)
    f.SupportProfileFactory(
        partner=world.partners[name],
        email=f"{plant.word(f'support mail of {name}', may, must)}@support.example",
        telephone=plant.telephone(f"telephone of {name}", may, must),
        website=f"www.{plant.word(f'site of {name}', may, must)}.example",
        urgent_telephone=plant.telephone(f"urgent telephone of {name}", may, must),
        urgent_note=plant.word(f"urgent note of {name}", may, must),
    )
    if name == "relecloud":
        f.PartnerSuspensionFactory(
            partner=world.partners[name],
            started_at=timezone.now() - timedelta(days=90),
            ended_at=timezone.now() - timedelta(days=80),
            reason=plant.word("why relecloud was suspended", (), ()),
        )


def person(world: World, person: Person) -> None:
    plant, organisation, role = world.canaries, person.organisation, person.role
    own = {str(person), f"{organisation}:managers"}
    may = {organisation} if role in ("global_admin", "admin_agent") else own
    named = may | readers.of_the_log(organisation)
    membership = world.memberships[person] = f.MembershipFactory(
        organisation=world.organisations[organisation],
        roles=[role],
        user__name=plant.word(f"name of {person}", named, own),
        user__email=f"{plant.word(f'mail of {person}', may, own)}@people.example",
        user__password=PASSWORD,
    )
    world.users[str(person)] = membership.user
    plant.plant(membership.pk, f"membership of {person}", {f"{organisation}:managers"})
    plant.plant(membership.user_id, f"user id of {person}", {organisation}, must=())


def subject(world: World, name: str) -> None:
    """Somebody to change and to remove, who does not act; somebody who was removed; invitations in every state."""
    plant, organisation = world.canaries, world.organisations[name]
    managers = {f"{name}:managers"}
    role = "billing_admin" if name in PARTNERS else "service_support_admin"
    world.subjects[name] = f.MembershipFactory(
        organisation=organisation,
        roles=[role],
        user__name=plant.word(f"name of a member of {name}", managers | readers.of_the_log(name), managers),
        user__email=f"{plant.word(f'mail of a member of {name}', managers)}@people.example",
        user__password=PASSWORD,
    )
    plant.plant(world.subjects[name].pk, f"membership in {name}", managers)
    gone = f.MembershipFactory(
        organisation=organisation,
        roles=[role],
        user__name=plant.word(f"name of a former member of {name}", (), ()),
        user__email=f"{plant.word(f'mail of a former member of {name}', (), ())}@people.example",
    )
    world.removed[name] = gone.pk
    gone.delete()
    acting = world.actor(Person(name, "global_admin"))
    for store, state in ((world.invitations, "invited"), (world.withdrawn, "no longer invited")):
        shown = managers if state == "invited" else set()
        store[name], token = make_link(
            organisation,
            email=f"{plant.word(f'mail of somebody {state} by {name}', shown)}@invited.example",
            name=plant.word(f"name of somebody {state} by {name}", shown, ()),
            roles=[role],
            acting=acting,
            at=timezone.now(),
        )
        world.tokens[f"{name}: {state}"] = token
        if state == "invited":
            plant.plant(store[name].pk, f"invitation of {name}", managers)
    PasswordLink.objects.filter(pk=world.withdrawn[name].pk).update(withdrawn_at=timezone.now())


def people_between(world: World) -> None:
    """One person of two organisations, one of none, and the links that are waiting for them."""
    plant = world.canaries
    circles = {"fabrikam:managers", "proseware:managers"}
    ambi = f.UserFactory(
        name=plant.word(
            "name of ambi",
            circles
            | {"ambi@fabrikam", "ambi@proseware"}
            | readers.of_the_log("fabrikam")
            | readers.of_the_log("proseware"),
            circles | {"ambi@fabrikam", "ambi@proseware"},
        ),
        email=f"{plant.word('mail of ambi', circles | {'ambi@fabrikam', 'ambi@proseware'})}@people.example",
        password=PASSWORD,
    )
    for organisation, role in (("fabrikam", "admin_agent"), ("proseware", "helpdesk_agent")):
        person = Person(organisation, role, f"ambi@{organisation}")
        world.memberships[person] = f.MembershipFactory(
            organisation=world.organisations[organisation], user=ambi, roles=[role]
        )
        plant.plant(world.memberships[person].pk, f"membership of {person}", {f"{organisation}:managers"})
        world.users[str(person)] = ambi
    nobody = world.users["nobody"] = f.UserFactory(
        name="Nobody", email="nobody@people.example", password=PASSWORD
    )
    link, world.tokens["for nobody"] = make_link(
        world.organisations["fabrikam"],
        email=nobody.email,
        name="",
        roles=["sales_agent"],
        acting=world.actor(Person("fabrikam", "global_admin")),
        at=timezone.now(),
    )
    world.invitations["for nobody"] = link
    world.users["demo"] = f.UserFactory(name="Demo", email="demo@people.example", is_demo=True)
