"""The building of the world, in order."""

from datetime import timedelta

from django.utils import timezone

from customers.models import CustomerRelationship
from tests.architecture import credentials, dealings, people, trade, webhooks
from tests.architecture.canaries import guid
from tests.architecture.cast import EMPTY, ENDED, ORGANISATIONS, SALES, SELLERS, STAFF
from tests.architecture.world import World


def build() -> World:
    """The whole world, in the transaction of whoever asks for it."""
    world = World()
    sellers = [guid(name) for name in SELLERS]
    for name in ORGANISATIONS:
        people.organisation(world, name)
    for one in STAFF:
        people.person(world, one)
    for name in ORGANISATIONS:
        if name != EMPTY:
            people.subject(world, name)
    people.people_between(world)
    trade.relationships(world)
    for seller, sales in SALES.items():
        for customer, reseller in (*sales, (ENDED, sales[0][1])):
            trade.sale(world, seller, customer, reseller)
    trade.trey_keeps_a_record_of_its_own(world)
    trade.what_fabrikam_has_besides(world)
    CustomerRelationship.objects.filter(customer=world.customers[ENDED], partner__in=sellers).update(
        ended_at=timezone.now() - timedelta(days=2), ended_as="ended"
    )
    dealings.deal(world)
    credentials.give(world)
    webhooks.give(world)
    return world
