"""How people are let in: allauth with our own limits, and no door for demo accounts outside the demo."""

import uuid
from datetime import UTC, datetime
from math import ceil
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from portal import ratelimit
from portal.middleware import ORGANISATION, SEEN, STARTED
from portal.models import Membership, User
from portal.prepared import Prepared

#: The messages of allauth we pass on, in our words; the others say what everybody sees anyway.
MESSAGES: dict[str, str | Promise] = {
    "account/messages/password_changed.txt": _(
        "Your password is changed. Your other sessions are signed out."
    ),
}

_MEMBERSHIPS = Prepared.by_key(
    lambda user: Membership.objects.of(user).select_related("user"),
    user=uuid.UUID,
)


class Backend(AuthenticationBackend):
    """E-mail and password. Demo accounts exist only in the demo: neither a password nor a session opens them else.

    A session's person comes with the organisations they are in, which every page needs: one question for both.
    """

    def get_user(self, user_id: uuid.UUID) -> User | None:
        members = _MEMBERSHIPS(user=user_id)
        user = members[0].user if members else User.objects.filter(pk=user_id).first()
        if user is None or not self.user_can_authenticate(user):
            return None
        user.read_memberships = members
        return user

    def user_can_authenticate(self, user: AbstractBaseUser | None) -> bool:
        return super().user_can_authenticate(user) and (settings.DEMO or not getattr(user, "is_demo", False))


class TooManyTries(ValidationError):
    """Counted by (account, network) and by network: the person themselves may still come from elsewhere."""

    def __init__(self, seconds: int) -> None:
        minutes = max(1, ceil(seconds / 60))
        text = ngettext(
            "Too many tries. Try again in %(n)s minute.",
            "Too many tries. Try again in %(n)s minutes.",
            minutes,
        )
        super().__init__(text % {"n": minutes}, code="too_many_tries")
        self.seconds = seconds


class Adapter(DefaultAccountAdapter):
    """What allauth asks us."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _("Email or password is not right."),
        "enter_current_password": _("The current password is not right."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_ajax(self, request: HttpRequest) -> bool:
        return False  # pages only; allauth would answer some headers with JSON

    def format_email_subject(self, subject: str) -> str:
        return subject

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """The person, or None: unknown, wrong, inactive and demo accounts get one answer, after one hash."""
        account, address = str(credentials.get("email", "")), ratelimit.client_address(request)
        verdict = ratelimit.sign_in_attempt(account, address)
        if not verdict:
            raise TooManyTries(verdict.retry_after_seconds)
        user = authenticate(request, **credentials)
        AuthenticationBackend.unstash_authenticated_user()  # an inactive account is no account
        if not isinstance(user, User):
            return None
        ratelimit.sign_in_succeeded(account, address)
        return user

    def login(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        """Every door ends here: the session's twelve hours begin, in the person's first organisation."""
        super().login(request, user)
        now = datetime.now(UTC).timestamp()
        request.session[STARTED] = request.session[SEEN] = now
        request.session.pop(ORGANISATION, None)

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        text = message or MESSAGES.get(message_template or "")
        if text:
            messages.add_message(request, level, str(text), extra_tags=extra_tags)
