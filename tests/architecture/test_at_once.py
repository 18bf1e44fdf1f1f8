"""What a person may is asked anew on every request: nothing of it lives in a session."""

import pytest
from django.urls import reverse

from portal.models import Membership, User
from tests.architecture.canaries import guid
from tests.architecture.cast import AMBI_FABRIKAM, Person
from tests.architecture.conftest import Stage
from tests.architecture.relations import sales
from tests.architecture.routes import ROUTES

AGENT = Person("fabrikam", "helpdesk_agent")


def choose(stage: Stage, person: Person = AGENT) -> int:
    """The status of one Submit in the session that is open."""
    target = sales(stage.world, person)[0]
    fields = ROUTES["customers:choose"].fields(stage.world, person, target)
    response = stage.browser.call("POST", reverse("customers:choose", args=target.args), fields)
    return response.status_code


@pytest.mark.parametrize(
    ("roles", "status"),
    [
        (["sales_agent"], 403),
        (["billing_admin"], 403),
        (["sales_agent", "admin_agent"], 303),
        (["global_admin"], 303),
    ],
)
def test_changed_roles_count_on_the_next_request(stage: Stage, roles: list[str], status: int) -> None:
    stage.sign_in(AGENT)
    with stage.cell():
        assert choose(stage) == 303
    with stage.cell():
        Membership.objects.filter(pk=stage.world.memberships[AGENT].pk).update(roles=roles)
        assert choose(stage) == status


def test_a_removed_member_is_out_on_the_next_request(stage: Stage) -> None:
    stage.sign_in(AGENT)
    with stage.cell():
        assert choose(stage) == 303
    with stage.cell():
        Membership.objects.filter(pk=stage.world.memberships[AGENT].pk).delete()
        assert choose(stage) == 404
        assert stage.browser.call("GET", reverse("organisation:profile")).status_code == 404


def test_a_person_without_their_second_organisation_acts_for_the_first(stage: Stage) -> None:
    """Removed from Proseware while acting for it: the next page is Fabrikam's, never Proseware's."""
    ambi = Person("proseware", "helpdesk_agent", "ambi@proseware")
    stage.sign_in(ambi)
    url = reverse("organisation:profile")
    with stage.cell():
        assert stage.world.organisations["proseware"].name in stage.browser.call("GET", url).content.decode()
        Membership.objects.filter(pk=stage.world.memberships[ambi].pk).delete()
        page = stage.browser.call("GET", url).content.decode()
        assert stage.world.organisations["fabrikam"].name in page
        assert stage.world.organisations["proseware"].name not in page


def test_a_switched_off_account_is_signed_out(stage: Stage) -> None:
    stage.sign_in(AGENT)
    with stage.cell():
        User.objects.filter(pk=stage.world.users[str(AGENT)].pk).update(is_active=False)
        assert choose(stage) == 302


def test_a_form_of_another_organisation_is_a_conflict_and_changes_nothing(stage: Stage) -> None:
    """R11: opened for Fabrikam, sent while acting for Proseware, by somebody who may for both."""
    ambi = Person("proseware", "helpdesk_agent", "ambi@proseware")
    target = sales(stage.world, AMBI_FABRIKAM)[0]
    fields = ROUTES["customers:choose"].fields(stage.world, AMBI_FABRIKAM, target)
    url = reverse("customers:choose", args=target.args)
    assert stage.ask(AMBI_FABRIKAM, "POST", url, fields).status_code == 303
    response, queries = stage.measure(ambi, "POST", url, fields)
    assert response.status_code == 409
    assert not [sql for sql in queries if sql.startswith("INSERT") and "portal_auditevent" in sql]
    assert fields["organisation"] == guid("fabrikam")
