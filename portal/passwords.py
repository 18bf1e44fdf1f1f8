"""Passwords: length is checked by Django's MinimumLengthValidator; here, what makes a long one easy to guess.

No composition rules (NIST SP 800-63B-4): a password is refused only when little is left of it after taking away what
anybody would try first: the organisation's name, the person's address, product words, repeats and sequences.
"""

import re
from collections.abc import Iterable

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from portal.names import fold

DEMO_PASSWORD = "demo-portal-2026"
MIN_LEFT = 8
PRODUCT_WORDS = (
    "administrator admin azure bienvenue changeme contact contraseña customer demo dynamics exchange kennwort letmein"
    " login microsoft motdepasse office partner partenaire password passwort portal portail provider reseller secret"
    " support welcome windows"
).split()
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "yxcvbnm",
    "azertyuiop",
    "qsdfghjklm",
    "wxcvbn",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "qazwsxedcrfvtgbyhnujm",
)
_LOOKALIKES = str.maketrans(
    {"@": "a", "4": "a", "3": "e", "1": "i", "!": "i", "0": "o", "$": "s", "5": "s", "7": "t"}
)


class ContextBlocklistValidator:
    """Refuses a password of which fewer than eight characters are left once the obvious is taken away."""

    def validate(self, password: str, user: object = None) -> None:
        if _plain(password) == _plain(DEMO_PASSWORD):
            if getattr(settings, "DEMO", False):
                return
            raise ValidationError(
                _("This is the demo password, which everybody knows."), code="password_demo"
            )
        if len(_without_repeats(_plain(password))) < MIN_LEFT:
            raise ValidationError(
                _("This password repeats the same few characters."), code="password_repeats"
            )
        if len(_without_sequences(_plain(password))) < MIN_LEFT:
            raise ValidationError(
                _("This password is mostly a sequence of the alphabet, of numbers or of the keyboard."),
                code="password_sequence",
            )
        if _left(password, context_words(user)) < MIN_LEFT:
            raise ValidationError(
                _(
                    "This password is mostly the name of you, your organisation or this product. Add other words."
                ),
                code="password_context",
            )

    def get_help_text(self) -> str:
        return _("Several words that have nothing to do with each other or with your work are best.")


def context_words(user: object) -> list[str]:
    """Words anybody would try for this person: name, e-mail, and the organisations they belong to.

    A form that knows more (the organisation of an invitation) sets `user.password_context` to a list of texts.
    """
    texts = [getattr(user, name, "") or "" for name in ("email", "name")]
    texts += getattr(user, "password_context", ())
    if getattr(user, "pk", None) and hasattr(user, "memberships") and not user._state.adding:  # type: ignore[attr-defined]
        for membership in user.memberships.select_related("organisation"):
            texts += [membership.organisation.name, membership.organisation.domain]
    found = [word for text in texts for word in _words(text)]
    return found


def _words(text: str) -> Iterable[str]:
    """The text as one word and each of its words; country endings and two-letter words are no obvious ones."""
    parts = re.split(r"[\W_]+", fold(text))
    return [word for word in ("".join(parts), *parts) if len(word) >= 3]


def _left(password: str, context: Iterable[str]) -> int:
    """How many characters are left without context and product words, sequences and years, letters look-alike."""
    obvious = sorted({*context, *PRODUCT_WORDS}, key=len, reverse=True)
    return min(
        _left_of(spelling, obvious)
        for spelling in (_plain(password), _plain(fold(password).translate(_LOOKALIKES)))
    )


def _left_of(text: str, obvious: Iterable[str]) -> int:
    for word in obvious:
        text = text.replace(_plain(word), " ")
    text = re.sub(r"(?:19|20)\d\d|\d{1,4}(?=\s|$)", " ", text)
    return len(_without_repeats(_without_sequences(text.replace(" ", ""))))


def _plain(text: str) -> str:
    """Folded, letters and digits only; a password of other characters is left as it is."""
    folded = fold(text)
    return re.sub(r"[\W_]+", "", folded) or folded


def _without_repeats(text: str) -> str:
    """A text said over and over counts once, a character pressed over and over once."""
    for size in range(1, len(text) // 2 + 1):
        if text == (text[:size] * (len(text) // size + 1))[: len(text)]:
            text = text[:size]
            break
    return re.sub(r"(.)\1{2,}", r"\1", text)


def _without_sequences(text: str) -> str:
    """Each run of four or more characters that stand together on a keyboard or in the alphabet counts as one."""
    result, start = [], 0
    while start < len(text):
        end = start + 1
        while end < len(text) and _is_sequence(text[start : end + 1]):
            end += 1
        result.append(text[start] if end - start >= 4 else text[start:end])
        start = end
    return "".join(result)


def _is_sequence(text: str) -> bool:
    return any(text in row or text[::-1] in row for row in _ROWS)
