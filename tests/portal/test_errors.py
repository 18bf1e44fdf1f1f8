import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext_lazy, override

from portal.errors import (
    Conflict,
    NewCommerce,
    NotEligible,
    NotPermitted,
    NotVisible,
    OperationError,
    SubscriptionEnded,
)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OperationError("No."), "refused"),
        (OperationError("No.", code="closed"), "closed"),
        (Conflict("Lea was faster."), "conflict"),
        (NotEligible("No delegated admin at Contoso.", "delegated_admin_missing"), "delegated_admin_missing"),
        (NewCommerce(), "new_commerce_not_supported"),
        (SubscriptionEnded(), "subscription_ended"),
    ],
)
def test_every_broken_rule_has_a_code_and_a_sentence(error, code):
    assert isinstance(error, OperationError)
    assert error.code == code
    assert str(error).endswith(".")


def test_details_are_kept_for_the_page():
    assert Conflict("Lea was faster.", who="Lea", version=7).details == {"who": "Lea", "version": 7}


def test_the_message_is_translated_when_it_is_shown():
    error = OperationError(gettext_lazy("Monday"))

    assert str(error) == "Monday"
    with override("fr"):
        assert str(error) == "lundi"


def test_not_visible_is_404():
    assert isinstance(NotVisible(), Http404)


def test_not_permitted_is_403_and_names_the_roles():
    error = NotPermitted("contact:assign", ["Global admin", "Admin agent"])

    assert isinstance(error, PermissionDenied)
    assert (error.permission, error.roles) == ("contact:assign", ("Global admin", "Admin agent"))
    assert str(error) == "contact:assign needs one of: Global admin, Admin agent"
