"""Endpoints for tests, made the way people make them."""

from portal.actor import Actor
from portal.models import Membership, WebhookDelivery, WebhookEndpoint
from portal.operations import webhooks as operations
from portal.permissions import Role
from tests.factories import MembershipFactory

ALL = [event.value for event in operations.WANTED]


def person(organisation, *roles):
    membership = MembershipFactory(organisation=organisation, roles=list(roles or (Role.ADMIN_AGENT,)))
    rows = Membership.objects.select_related("organisation__partner", "organisation__customer", "user")
    return Actor.of(rows.get(pk=membership.pk))


def made(organisation, url="https://hooks.company.example/portal", events=ALL, acting=None):
    """The endpoint and its secret."""
    acting = acting or person(organisation)
    return operations.create_webhook(acting=acting, url=url, events=events)


def endpoint(organisation, url="https://hooks.company.example/portal", events=ALL) -> WebhookEndpoint:
    return made(organisation, url, events).endpoint


def told(organisation):
    """What an organisation's endpoints are to be told, in order: event and resource."""
    rows = WebhookDelivery.objects.filter(endpoint__organisation=organisation)
    return list(rows.order_by("created_at", "event_id").values_list("event", "resource"))
