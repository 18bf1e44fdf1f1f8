"""Operators: accounts of who runs the portal. They belong to no organisation and read only."""

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from portal import second_factor
from portal.errors import OperationError
from portal.models import User

logger = structlog.get_logger(__name__)


@transaction.atomic(durable=True)
def create_operator(email: str, *, name: str, password: str) -> User:
    """A new account. One that exists is never made an operator: its password was chosen for something else."""
    if User.objects.filter(email__iexact=email).exists():
        raise OperationError(_("Somebody with this email exists already."), code="exists_already")
    user = User(email=email.strip().lower(), name=name.strip(), is_staff=True)
    user.set_password(password)
    user.save(force_insert=True)
    logger.info("operator_made", operator=str(user.pk))
    return user


@transaction.atomic(durable=True)
def reset_operator(email: str, *, password: str) -> User:
    """A lost phone: a new password, and the second factor is set up anew. A new password ends all sessions."""
    user = _operator(email)
    user.set_password(password)
    user.save(update_fields=["password"])
    second_factor.take_away(user)
    logger.info("operator_reset", operator=str(user.pk))
    return user


@transaction.atomic(durable=True)
def remove_operator(email: str) -> User:
    """No operator any more, nor able to sign in; the account stays for the logs that name its id."""
    user = _operator(email)
    user.is_staff = user.is_active = False
    user.save(update_fields=["is_staff", "is_active"])
    second_factor.take_away(user)
    logger.info("operator_removed", operator=str(user.pk))
    return user


def _operator(email: str) -> User:
    user = User.objects.select_for_update().filter(email__iexact=email, is_staff=True).first()
    if user is None:
        raise OperationError(_("There is no operator with this email."), code="no_operator")
    return user
