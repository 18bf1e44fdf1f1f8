"""The activity log as tests write and read it."""

from datetime import timedelta

from django.utils import timezone

from portal import audit
from portal.models import Action
from tests.pages import text

URL = "/activity/"
NOW = timezone.now().replace(microsecond=0)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def write(actor, action=Action.POLICY_CHANGED, *, at=None, organisation=None, **about):
    return audit.record(
        action, acting=actor, organisation=organisation or actor.organisation, at=at or NOW, **about
    )


def shown(client, **query):
    response = client.get(URL, query)
    assert response.status_code == 200, text(response)
    return [entry.event.pk for entry in response.context["list"].entries]


def entry(client, event, **query):
    found = client.get(URL, query).context["list"].entries
    return next(one for one in found if one.event.pk == event.pk)
