"""Passwords: Django's MinimumLengthValidator asks for length; here, what makes a long one easy to guess.

No composition rules (NIST SP 800-63B-4): a password is refused only when little is left of it without what
anybody would try first: the organisation's name, the person's address, product words, repeats and sequences.
"""

import re
from collections.abc import Collection, Iterator

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from portal.names import fold

DEMO_PASSWORD = "demo-portal-2026"  # noqa: S105 - public on purpose, and refused outside the demo
MIN_LEFT = 8
LOOKED_AT = 256  # enough to judge by; keeps the work small

PRODUCT_WORDS = frozenset(
    """
    administrator admin azure bienvenue changeme contact contrasena customer demo dynamics exchange iloveyou
    kennwort letmein login microsoft motdepasse office partner partenaire passwort password portail portal
    provider reseller secret support welcome windows
    """.split()  # noqa: SIM905 - a list this long reads better as text
)
_ROWS = (
    *("abcdefghijklmnopqrstuvwxyz", "012345678901234567890"),
    *("qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm", "azertyuiop", "qsdfghjklm", "wxcvbn"),
    *("1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik", "qazwsxedcrfvtgbyhnujmik", "aqwzsxedcrfvtgbyhnuj"),
)
_LOOKALIKES = str.maketrans("@43!10$57", "aaeiiosst")
_YEAR_OR_COUNT = re.compile(r"(?:19|20)\d\d|\d{1,4}$")


class ContextBlocklistValidator:
    """Refuses a password of which fewer than eight characters are left once the obvious is taken away."""

    def validate(self, password: str, user: object = None) -> None:
        folded = fold(password[:LOOKED_AT])
        if _letters(folded) == _letters(DEMO_PASSWORD):
            if settings.DEMO:
                return
            raise ValidationError(
                _("This is the password of the demo. Everybody knows it."), code="password_demo"
            )
        spellings = _spellings(folded)
        if any(len(_without_repeats(text)) < MIN_LEFT for text in spellings):
            raise ValidationError(
                _("This password repeats the same few characters. Choose a longer phrase."),
                code="password_repeats",
            )
        if any(_left(text, ()) < MIN_LEFT for text in spellings):
            raise ValidationError(
                _("This password is mostly a row of letters, digits or keys. Choose unrelated words."),
                code="password_sequence",
            )
        words = context_words(user) | PRODUCT_WORDS
        lookalikes = _spellings(folded.translate(_LOOKALIKES))
        if any(_left(text, words) < MIN_LEFT for text in spellings + lookalikes):
            raise ValidationError(
                _("This password is mostly names of you, your organisation or this product. Add others."),
                code="password_context",
            )

    def get_help_text(self) -> str:
        return _("Best are several unrelated words that have nothing to do with you or your organisation.")


def context_words(user: object) -> frozenset[str]:
    """Words anybody would try for this person: of their name, their e-mail, and their organisations.

    A form that knows more, such as an invitation's organisation, lists it in `user.password_context`.
    """
    texts = [str(getattr(user, name, "") or "") for name in ("email", "name")]
    texts += getattr(user, "password_context", ())
    is_stored = hasattr(user, "memberships") and not user._state.adding  # type: ignore[attr-defined]
    for membership in user.memberships.select_related("organisation") if is_stored else ():  # type: ignore[attr-defined]
        texts += [membership.organisation.name, membership.organisation.domain]
    return frozenset(word for text in texts for word in _words(text))


def _words(text: str) -> Iterator[str]:
    """The text as one word, and each of its words; shorter ones than three letters prove nothing."""
    for part in text.split("@"):
        words = re.split(r"[\W_]+", fold(part))
        yield from (word for word in ("".join(words), *words) if len(word) >= 3)


def _spellings(folded: str) -> tuple[str, ...]:
    """The password, and without its separators if it has only one or two kinds of them ("1-2-3-4")."""
    separators = {char for char in folded if not char.isalnum()}
    return (folded, _letters(folded)) if 0 < len(separators) <= 2 else (folded,)


def _letters(folded: str) -> str:
    return "".join(char for char in folded if char.isalnum())


def _left(text: str, words: Collection[str]) -> int:
    """How many characters are left without these words, years, sequences and repeats."""
    for word in sorted(words, key=len, reverse=True):
        text = text.replace(word, "\n")
    if words:
        text = _YEAR_OR_COUNT.sub("", text)
    return len(_without_repeats(_without_sequences(text.replace("\n", ""))))


def _without_repeats(text: str) -> str:
    """What is said over and over counts once, and so does a key held down."""
    for size in range(1, len(text) // 2 + 1):
        if text == (text[:size] * (len(text) // size + 1))[: len(text)]:
            text = text[:size]
            break
    return re.sub(r"(.)\1{2,}", r"\1", text)


def _without_sequences(text: str) -> str:
    """Each run of four or more neighbours in the alphabet or on a keyboard counts as one character."""
    kept, start = [], 0
    while start < len(text):
        end = start + 1
        while end < len(text) and _is_run(text[start : end + 1]):
            end += 1
        kept.append(text[start] if end - start >= 4 else text[start:end])
        start = end
    return "".join(kept)


def _is_run(text: str) -> bool:
    return any(text in row or text[::-1] in row for row in _ROWS)
