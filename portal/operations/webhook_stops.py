"""The portal stops sending to an endpoint that has let nothing through for a day, and says so."""

import uuid
from datetime import datetime

from django.db.models import Q
from django.urls import reverse

from portal.actor import Actor
from portal.audit import record
from portal.jobs import defer
from portal.models import (
    Action,
    Membership,
    Notice,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookOutcome,
)
from portal.permissions import Permission, roles_allowing
from portal.webhooks.addresses import origin_of


def stop_endpoint(endpoint_id: uuid.UUID, *, since: datetime, at: datetime) -> bool:
    """Stop it where nothing has got through since this instant; what waits for it has failed. Answers whether.

    Inside the caller's transaction. An event of the log, a notice and a mail for everybody who may see to it.
    """
    rows = WebhookEndpoint.objects.collecting().filter(Q(succeeded_at=None) | Q(succeeded_at__lt=since))
    endpoint = (
        rows.filter(pk=endpoint_id)
        .select_related("organisation")
        .select_for_update(of=("self",), no_key=True)
        .first()
    )
    if endpoint is None:
        return False
    endpoint.stopped_at = at
    endpoint.save(update_fields=["stopped_at"])
    WebhookDelivery.objects.filter(endpoint=endpoint, outcome="").update(
        outcome=WebhookOutcome.FAILED, finished_at=at, due_at=None
    )
    about = {"webhook": str(endpoint.pk), "address": origin_of(endpoint.url)}
    event = record(
        Action.WEBHOOK_STOPPED,
        acting=Actor.system(endpoint.organisation),
        organisation=endpoint.organisation,
        at=at,
        after={
            **about,
            "failing_since": endpoint.failing_since.isoformat() if endpoint.failing_since else "",
        },
    )
    _notify(endpoint, about)
    defer("portal.tell", event_id=event.pk)
    return True


def see_to(endpoint: WebhookEndpoint) -> None:
    """Somebody has seen to it: the notices that it was stopped are seen."""
    Notice.objects.unseen().filter(
        organisation=endpoint.organisation_id,
        kind=Notice.Kind.WEBHOOK_STOPPED,
        data__webhook=str(endpoint.pk),
    ).delete()


def _notify(endpoint: WebhookEndpoint, about: dict[str, str]) -> None:
    roles = [role.value for role in roles_allowing(Permission.CREDENTIAL_MANAGE)]
    members = Membership.objects.filter(organisation=endpoint.organisation, roles__overlap=roles)
    Notice.objects.bulk_create(
        Notice(
            organisation=endpoint.organisation,
            user_id=user_id,
            kind=Notice.Kind.WEBHOOK_STOPPED,
            path=reverse("organisation:webhook", args=[endpoint.pk]),
            data=about,
        )
        for user_id in members.values_list("user_id", flat=True)
    )
