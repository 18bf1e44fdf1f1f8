"""What an operation may answer instead of doing its work."""

from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class OperationError(Exception):
    """A broken business rule. The message is translated and shown as it is; `code` is for programs."""

    default_code: ClassVar[str] = "refused"

    def __init__(self, message: str | Promise, *, code: str = "", **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.details = details

    def __str__(self) -> str:
        return str(self.message)


class Conflict(OperationError):
    """Somebody was faster: what the form was loaded with is no longer so. `details`: who, when, what."""

    default_code = "conflict"


class NotEligible(OperationError):
    """The partner may not be chosen now; the code is the reason (R4)."""

    default_code = "not_eligible"

    def __init__(self, message: str | Promise, reason: str, **details: Any) -> None:
        super().__init__(message, code=reason, **details)
        self.reason = reason


class NewCommerce(OperationError):
    """New commerce has no designated support contact (R5)."""

    default_code = "new_commerce_not_supported"

    def __init__(self, message: str | Promise = "", **details: Any) -> None:
        text = _(
            "New-commerce subscriptions have no designated support contact. The customer calls the seller."
        )
        super().__init__(message or text, **details)


class SubscriptionEnded(OperationError):
    """An ended subscription keeps its history and takes no new designation."""

    default_code = "subscription_ended"

    def __init__(self, message: str | Promise = "", **details: Any) -> None:
        super().__init__(
            message or _("This subscription has ended. Its support contact stays as it was."), **details
        )


class Busy(OperationError):
    """Somebody else is changing the same thing at this moment and it took too long to wait. Try again."""

    default_code = "busy"

    def __init__(self, message: str | Promise = "", **details: Any) -> None:
        super().__init__(
            message or _("Somebody else is changing this at this moment. Submit again."), **details
        )


class NotVisible(Http404):
    """Not the actor's to see, or not there: the same answer, 404 (R11)."""


class NotPermitted(PermissionDenied):
    """Visible, but the actor's roles forbid it: 403, naming the roles that may (R11)."""

    def __init__(self, permission: str, roles: list[str] | tuple[str, ...] = ()) -> None:
        super().__init__(f"{permission} needs one of: {', '.join(str(role) for role in roles)}")
        self.permission = permission
        self.roles = tuple(roles)
