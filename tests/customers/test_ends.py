"""R10: how admin rights and relationships end; each refusal beside the success."""

from datetime import timedelta

import pytest
from django.http import Http404

from customers.models import CustomerRelationship
from customers.operations import (
    end_admin_rights,
    end_customer_relationship,
    end_delegated_admin,
)
from portal.errors import NotPermitted, OperationError
from portal.models import Action, AuditEvent, State
from portal.permissions import Role
from tests.customers.asking import NONE_LEFT, actions, asked, back_date, granted, state_of
from tests.customers.conftest import acting, member
from tests.factories import (
    CustomerFactory,
    DelegatedAdminFactory,
)

pytestmark = pytest.mark.django_db


def test_admin_rights_end_without_the_relationship(parties):
    first = granted(parties, days=30)
    second = granted(parties, days=90)
    waits = asked(parties, days=730)

    assert end_admin_rights(first.relationship, acting=parties.admin) == 2
    assert end_admin_rights(first.relationship, acting=parties.admin) == 0

    assert state_of(first.grant) == state_of(second.grant) == State.ENDED
    assert state_of(waits.grant) == State.REQUESTED
    assert state_of(first.relationship) == State.ESTABLISHED
    assert actions().count(Action.DELEGATED_ADMIN_ENDED) == 2


def test_one_grant_ends_alone_and_once(parties):
    first, second = granted(parties, days=30), granted(parties, days=90)

    end_delegated_admin(first.grant, acting=parties.admin)
    end_delegated_admin(first.grant, acting=parties.admin)

    assert state_of(first.grant) == State.ENDED
    assert state_of(second.grant) == State.ESTABLISHED
    assert actions().count(Action.DELEGATED_ADMIN_ENDED) == 1


def test_the_relationship_ends_with_its_grants_each_with_its_event(parties):
    made = granted(parties)
    waits = asked(parties, days=730)

    end_customer_relationship(made.relationship, acting=parties.admin, **NONE_LEFT)
    end_customer_relationship(made.relationship, acting=parties.admin, **NONE_LEFT)

    assert state_of(made.relationship) == state_of(made.grant) == State.ENDED
    assert state_of(waits.grant) == State.WITHDRAWN
    assert actions()[-3:] == [
        Action.DELEGATED_ADMIN_ENDED,
        Action.DELEGATED_ADMIN_WITHDRAWN,
        Action.CUSTOMER_RELATIONSHIP_ENDED,
    ]


def test_what_the_clock_did_is_written_down_as_it_was(parties):
    """A grant that expired, and a request that lapsed, keep their own dates when the relationship ends."""
    expired = granted(parties, days=30)
    expired.grant.established_at -= timedelta(days=60)
    expired.grant.ends_at -= timedelta(days=60)
    expired.grant.save()
    lapsed = asked(parties, days=30)
    back_date(lapsed.grant, 100)

    end_customer_relationship(expired.relationship, acting=parties.admin, **NONE_LEFT)

    expired.grant.refresh_from_db()
    lapsed.grant.refresh_from_db()
    assert (expired.grant.ended_as, expired.grant.ended_at) == ("expired", expired.grant.ends_at)
    assert (lapsed.grant.ended_as, lapsed.grant.ended_at) == ("lapsed", lapsed.grant.lapses_at)


def test_a_sellers_relationship_ends_only_when_nothing_live_is_left(parties):
    with pytest.raises(OperationError) as refusal:
        end_customer_relationship(
            parties.own, acting=parties.admin, live_subscriptions=lambda row: ["Microsoft 365 E3"]
        )

    assert refusal.value.code == "live_subscriptions"
    assert refusal.value.details["left"] == ["Microsoft 365 E3"]
    assert state_of(parties.own) == State.ESTABLISHED
    end_customer_relationship(parties.own, acting=parties.boss, **NONE_LEFT)
    assert state_of(parties.own) == State.ENDED


def test_what_hangs_on_the_relationship_ends_with_it(parties):
    seen = []

    end_customer_relationship(
        parties.own, acting=parties.boss, along=lambda row, actor, at: seen.append((row, at)), **NONE_LEFT
    )

    parties.own.refresh_from_db()
    assert seen == [(parties.own, parties.own.ended_at)]


def test_a_request_is_withdrawn_or_declined_never_ended(parties):
    made = asked(parties)

    with pytest.raises(OperationError) as refusal:
        end_customer_relationship(made.relationship, acting=parties.admin, **NONE_LEFT)

    assert refusal.value.code == "relationship_not_established"


def test_who_may_end(parties):
    made = granted(parties)
    support = acting(member(parties.customer.organisation, Role.SERVICE_SUPPORT_ADMIN))
    stranger = acting(member(CustomerFactory().organisation, Role.GLOBAL_ADMIN))

    for actor in (support, parties.agent):
        with pytest.raises(NotPermitted):
            end_customer_relationship(parties.own, acting=actor, **NONE_LEFT)
    with pytest.raises(NotPermitted):
        end_admin_rights(made.relationship, acting=support)
    # The provider asked for it, and is still not part of it; admin rights are the customer's to take back.
    for actor in (stranger, parties.boss):
        with pytest.raises(Http404):
            end_customer_relationship(made.relationship, acting=actor, **NONE_LEFT)
        with pytest.raises(Http404):
            end_admin_rights(made.relationship, acting=actor)
        with pytest.raises(Http404):
            end_delegated_admin(made.grant, acting=actor)


def test_it_can_be_asked_for_again_after_the_end(parties):
    made = granted(parties)
    end_customer_relationship(made.relationship, acting=parties.admin, **NONE_LEFT)

    again = granted(parties)

    assert again.relationship != made.relationship
    assert (
        again.relationship.established_at
        >= CustomerRelationship.objects.get(pk=made.relationship.pk).ended_at
    )


def test_grants_of_an_import_have_no_asker_and_still_end(parties):
    grant = DelegatedAdminFactory(relationship=parties.own, kind="dap", ends_at=None)

    end_delegated_admin(grant, acting=parties.admin)

    assert state_of(grant) == State.ENDED
    assert AuditEvent.objects.get().organisation_id == parties.provider.pk
