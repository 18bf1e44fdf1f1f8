"""Integrations of every partner of the world: one that works with two secrets, and one that was revoked."""

from datetime import timedelta

from django.utils import timezone

from portal.operations import credentials as operations
from tests.architecture.cast import PARTNERS, Person
from tests.architecture.relations import NOWHERE, Target, organisations_of
from tests.architecture.world import World


def give(world: World) -> None:
    for name in PARTNERS:
        acting = world.actor(Person(name, "global_admin"))
        day = timezone.now() + timedelta(days=1)
        for state in ("live", "over"):
            readers = {f"{name}:editors"}
            made = operations.create_credential(
                acting=acting,
                name=world.canaries.word(f"name of an integration of {name}, {state}", readers),
                role="helpdesk_agent",
                expires_at=day + timedelta(days=300),
            )
            world.canaries.plant(made.credential.pk, f"integration of {name}, {state}", readers)
            world.dealings["integration", name, state] = made.credential
            if state == "live":
                operations.rotate_credential(
                    made.credential.pk, acting=acting, former_until=day, expires_at=day + timedelta(days=300)
                )
            else:
                operations.revoke_credential(made.credential.pk, acting=acting)


def integrations(world: World, person: Person) -> list[Target]:
    """An integration: own organisation's, another's, one that is revoked."""
    others = {relation: name for relation, name in organisations_of(person).items() if name in PARTNERS}
    found = [
        Target(
            relation,
            (world.dealings["integration", name, "live"].pk,),
            name == person.organisation,
            subject="live",
        )
        for relation, name in others.items()
    ]
    if person.organisation in PARTNERS:
        over = world.dealings["integration", person.organisation, "over"]
        found.append(Target("revoked", (over.pk,), subject="over"))
    return [*found, Target("nonexistent", (NOWHERE,), False, subject="live")]
