"""What goes wrong, in Microsoft's words: the flat error body, its numbers, and our reason codes in `data`.

A client's mistakes are 400, 401, 403, 404 and 409 alone: Microsoft's Java SDK sends those five times and then gives
up, and repeats everything else without end (partner-center-api.md §9.1.3). Numbers are those of Microsoft's
error-codes page.
"""

import logging
from collections.abc import Mapping
from http import HTTPStatus

import pydantic
from django.core.exceptions import (
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    ValidationError,
)
from django.db import OperationalError
from django.http import Http404, UnreadablePostError
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from ninja.errors import HttpError
from ninja.errors import ValidationError as ParametersInvalid
from psycopg import errors as postgresql

from portal import outage
from portal.errors import (
    Busy,
    Conflict,
    NewCommerce,
    NotEligible,
    NotPermitted,
    OperationError,
    SubscriptionEnded,
)

logger = logging.getLogger(__name__)

SOURCE = "PartnerPortal"
LONGEST_DESCRIPTION = 1024

ACCESS_DENIED = 400  # with HTTP 401
NOT_FOUND = 1000
SUBSCRIPTION_DELETED = 2011
STALE_ETAG = 2055  # with HTTP 400, not 412
INVALID_PROPERTY = 3000
CUSTOMER_NOT_FOUND = 20002
SUBSCRIPTION_NOT_FOUND = 20003
NO_TOKEN = 800001
INVALID_INPUT = 800002
UNEXPECTED = 800003
PARTNER_NOT_FOUND = 800015
NOT_A_RESELLER = 800016
NOT_SUPPORTED = 900141
ROLE_LACKS_RIGHTS = 900150
OPERATION_PENDING = 900278


class Fault(Exception):
    """An answer that says what went wrong. Clients read the code and our reasons, never the description."""

    def __init__(
        self,
        status: int,
        code: int,
        description: str | Promise,
        *reasons: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, code, *reasons)
        self.status = status
        self.code = code
        self.description = description
        self.reasons = reasons
        self.headers = dict(headers or {})

    @property
    def body(self) -> dict[str, object]:
        """Microsoft's flat shape; the description in the language of this moment."""
        return {
            "code": self.code,
            "description": str(self.description)[:LONGEST_DESCRIPTION],
            "data": list(self.reasons),
            "source": SOURCE,
        }


def bad_input(description: str | Promise, *reasons: str) -> Fault:
    """400: the request itself is not right."""
    return Fault(HTTPStatus.BAD_REQUEST, INVALID_INPUT, description, *reasons)


def fault_of(error: Exception) -> Fault:
    """The fault any exception is. What nobody foresaw is 500, and logged."""
    if isinstance(error, Fault):
        return error
    if isinstance(error, OperationError):
        return _of_operation(error)
    if isinstance(error, Http404):
        return Fault(HTTPStatus.NOT_FOUND, NOT_FOUND, _("There is no such resource."), "not_found")
    if isinstance(error, PermissionDenied):
        return _of_permission(error)
    if isinstance(error, ValidationError | pydantic.ValidationError | ParametersInvalid):
        return _of_validation(error)
    if isinstance(error, RequestDataTooBig):
        return bad_input(_("The request is too large."), "too_large")
    if isinstance(error, BadRequest | SuspiciousOperation | UnreadablePostError):
        return bad_input(_("The request cannot be read."), "unreadable")
    if isinstance(error, HttpError):
        return _of_ninja(error)
    if isinstance(error, OperationalError) and isinstance(
        error.__cause__, postgresql.LockNotAvailable | postgresql.DeadlockDetected
    ):
        return _of_operation(Busy())
    if outage.is_away(error):
        logger.warning("database_away", extra={"error": str(error).splitlines()[:1]})
        return Fault(
            HTTPStatus.SERVICE_UNAVAILABLE,
            UNEXPECTED,
            _("The portal cannot reach its database just now. Try again."),
            "unavailable",
            headers={"Retry-After": str(outage.RETRY_AFTER)},
        )
    logger.error("api_failed", exc_info=error)
    return Fault(
        HTTPStatus.INTERNAL_SERVER_ERROR, UNEXPECTED, _("Something went wrong on our side."), "unexpected"
    )


def _of_operation(error: OperationError) -> Fault:
    if isinstance(error, Busy):
        return Fault(HTTPStatus.CONFLICT, OPERATION_PENDING, error.message, error.code)
    code = INVALID_INPUT
    if isinstance(error, Conflict):  # the portal's sentence speaks of a page
        text = _("Somebody changed this since the etag was read.")
        return Fault(HTTPStatus.BAD_REQUEST, STALE_ETAG, text, error.code)
    if isinstance(error, NotEligible):
        code = NOT_A_RESELLER
    elif isinstance(error, NewCommerce):
        code = NOT_SUPPORTED
    elif isinstance(error, SubscriptionEnded):
        code = SUBSCRIPTION_DELETED
    return Fault(HTTPStatus.BAD_REQUEST, code, error.message, error.code)


def _of_permission(error: PermissionDenied) -> Fault:
    text = _("The role of this credential lacks the rights for this.")
    if isinstance(error, NotPermitted) and error.roles:
        text = _("The role of this credential lacks the rights for this. It needs one of: %(roles)s.") % {
            "roles": ", ".join(error.roles)
        }
    return Fault(HTTPStatus.FORBIDDEN, ROLE_LACKS_RIGHTS, text, "role_lacks_rights")


def _of_validation(error: ValidationError | pydantic.ValidationError | ParametersInvalid) -> Fault:
    """400/3000 with the names of the members, never with what was in them."""
    if isinstance(error, ValidationError):
        names = list(error.message_dict) if hasattr(error, "error_dict") else []
        said = " ".join(dict.fromkeys(error.messages))
    else:
        found = error.errors() if isinstance(error, pydantic.ValidationError) else error.errors
        names = [str(place["loc"][-1]) for place in found if place.get("loc")]
        said = ""
    return Fault(
        HTTPStatus.BAD_REQUEST,
        INVALID_PROPERTY,
        said or _("A value is not valid: %(names)s.") % {"names": ", ".join(dict.fromkeys(names))},
        "invalid_property",
        *dict.fromkeys(names),
    )


def _of_ninja(error: HttpError) -> Fault:
    status = error.status_code if error.status_code in (400, 401, 403, 404, 409) else 400
    return Fault(status, ACCESS_DENIED if status == 401 else INVALID_INPUT, str(error), "refused")
