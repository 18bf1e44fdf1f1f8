"""The second factor of operators: how its secret is kept, and whether a session has been opened with it."""

import base64
import hashlib

from allauth.account.authentication import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from portal.models import User

_PURPOSE = b"portal.second_factor:"


class Adapter(DefaultMFAAdapter):
    """What allauth asks us. A secret is not readable in the database or a backup of it."""

    error_messages = {**DefaultMFAAdapter.error_messages, "incorrect_code": _("The code is not right.")}

    def encrypt(self, text: str) -> str:
        return _fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _fernet().decrypt(encrypted_text.encode()).decode()

    def send_notification_mail(self, *args: object, **kwargs: object) -> None:
        """The operator's log tells of it; there is no mail of ours about it."""


def has_second_factor(user: AbstractBaseUser | AnonymousUser) -> bool:
    return Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.TOTP).exists()


def was_asked(request: HttpRequest) -> bool:
    """This session was opened with the second factor, not with the password alone."""
    return any(record.get("method") == "mfa" for record in get_authentication_records(request, request.user))


def take_away(user: User) -> bool:
    """For a lost phone: the next sign-in is by password, and a new one has to be set up."""
    return bool(Authenticator.objects.filter(user=user).delete()[0])


def _fernet() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet(
        [Fernet(base64.urlsafe_b64encode(hashlib.sha256(_PURPOSE + key.encode()).digest())) for key in keys]
    )
