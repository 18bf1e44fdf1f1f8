"""Webhooks of every partner of the world: one that is sent to, with two secrets, and one that is paused."""

from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

from portal.models import WebhookEvent
from portal.operations import webhook_deliveries, webhooks
from tests.architecture.cast import PARTNERS, Person
from tests.architecture.relations import NOWHERE, Target, organisations_of
from tests.architecture.world import World


def give(world: World) -> None:
    for name in PARTNERS:
        acting = world.actor(Person(name, "global_admin"))
        readers = {f"{name}:editors"}
        for state in ("live", "paused"):
            path = world.canaries.word(f"address of a webhook of {name}, {state}", readers)
            row = webhooks.create_webhook(
                acting=acting,
                url=f"https://hooks.{name}.example/{path}",
                events=[WebhookEvent.RELATIONSHIP_ENDED],
            ).endpoint
            world.canaries.plant(row.pk, f"webhook of {name}, {state}", readers)
            world.dealings["webhook", name, state] = row
            sent = webhook_deliveries.send_test(row.pk, acting=acting)
            world.canaries.plant(sent.pk, f"delivery of {name}, {state}", readers)
            world.dealings["delivery", name, state] = sent
            if state == "live":
                soon = timezone.now() + timedelta(days=1)
                webhooks.rotate_webhook(row.pk, acting=acting, former_until=soon)
            else:
                webhooks.pause_webhook(row.pk, acting=acting)


def endpoints(state: str = "live") -> Callable[[World, Person], list[Target]]:
    """A webhook: own organisation's, another's; the other one of one's own."""

    def found(world: World, person: Person) -> list[Target]:
        targets = [
            Target(relation, (world.dealings["webhook", name, state].pk,), name == person.organisation)
            for relation, name in _partners(person).items()
        ]
        if person.organisation in PARTNERS:
            other = {"live": "paused", "paused": "live"}[state]
            row = world.dealings["webhook", person.organisation, other]
            targets.append(Target(other, (row.pk,)))
        return [*targets, Target("nonexistent", (NOWHERE,), False)]

    return found


def deliveries(world: World, person: Person) -> list[Target]:
    """A delivery: own organisation's, another's; one's own endpoint with what was not sent there."""

    def at(name: str, state: str = "live", of: str = "live") -> tuple[object, object]:
        return world.dealings["webhook", name, state].pk, world.dealings["delivery", name, of].pk

    found = [
        Target(relation, at(name), name == person.organisation)
        for relation, name in _partners(person).items()
    ]
    if person.organisation in PARTNERS:
        me = person.organisation
        stranger = next(name for name in PARTNERS if name != me)
        found += [
            Target("paused", at(me, "paused", "paused")),
            Target("crossed", at(me, "live", "paused"), False, is_within=True),
            Target("crossed", (at(me)[0], at(stranger)[1]), False, is_within=True),
            Target("nonexistent", (at(me)[0], NOWHERE), False, is_within=True),
        ]
    return [*found, Target("nonexistent", (NOWHERE, NOWHERE), False)]


def _partners(person: Person) -> dict[str, str]:
    return {relation: name for relation, name in organisations_of(person).items() if name in PARTNERS}
