"""Steps somebody may not take, asked of those who may."""

import pytest
from django.http import Http404
from django.utils import timezone

from customers.models import Ask
from customers.operations import (
    ask_for_step,
    dismiss_ask,
)
from portal.errors import NotPermitted
from portal.models import Action, AuditEvent
from portal.permissions import Role
from tests.customers.asking import asked, other_provider
from tests.customers.conftest import acting, member
from tests.factories import (
    ResellerRelationshipFactory,
)

pytestmark = pytest.mark.django_db


def test_asking_twice_changes_nothing(parties):
    helpdesk = acting(member(parties.provider.organisation, Role.HELPDESK_AGENT))
    call = {
        "step": Ask.Step.DELEGATED_ADMIN,
        "customer": parties.customer,
        "path": "/somewhere/",
        "acting": helpdesk,
    }

    first, is_new = ask_for_step(parties.reseller, **call)
    second, is_newer = ask_for_step(parties.reseller, **call)

    assert (first, is_new, is_newer) == (second, True, False)
    event = AuditEvent.objects.get(action=Action.STEP_ASKED)
    assert (event.organisation_id, event.customer_id) == (parties.provider.pk, parties.customer.pk)
    assert (event.after["step"], event.after["ask"]) == ("delegated_admin", str(first.pk))
    assert event.after["reseller"]["name"] == parties.reseller.name
    assert event.actor_role == "helpdesk_agent"


def test_an_ask_is_done_when_the_step_is_taken(parties):
    for step in Ask.Step.values:
        ask_for_step(parties.reseller, step=step, customer=parties.customer, path="/p/", acting=parties.agent)
    assert Ask.objects.open().count() == 2

    asked(parties)
    assert Ask.objects.open().get().step == Ask.Step.RELATIONSHIP
    ResellerRelationshipFactory(
        provider=parties.provider,
        reseller=parties.reseller,
        established_at=None,
        requested_at=timezone.now(),
        ended_at=timezone.now(),
        ended_as="declined",
    )
    assert not Ask.objects.open().exists()

    _ask, is_new = ask_for_step(
        parties.reseller, step=Ask.Step.RELATIONSHIP, customer=None, path="/p/", acting=parties.agent
    )
    assert is_new


def test_an_ask_is_dismissed_by_who_may_take_the_step(parties):
    helpdesk = acting(member(parties.provider.organisation, Role.HELPDESK_AGENT))
    ask, _new = ask_for_step(
        parties.reseller,
        step=Ask.Step.DELEGATED_ADMIN,
        customer=parties.customer,
        path="/p/",
        acting=helpdesk,
    )

    with pytest.raises(NotPermitted):
        dismiss_ask(ask, acting=helpdesk)
    with pytest.raises(Http404):
        dismiss_ask(ask, acting=other_provider(parties))
    dismiss_ask(ask, acting=parties.agent)
    dismiss_ask(ask, acting=parties.agent)

    assert not Ask.objects.open().exists()
    event = AuditEvent.objects.get(action=Action.STEP_DISMISSED)
    assert (event.organisation_id, event.after["ask"]) == (parties.provider.pk, str(ask.pk))
    assert event.actor_role == "admin_agent"


def test_billing_admins_ask_nothing(parties):
    billing = acting(member(parties.provider.organisation, Role.BILLING_ADMIN))

    with pytest.raises(NotPermitted):
        ask_for_step(parties.reseller, step="relationship", customer=None, path="/p/", acting=billing)
