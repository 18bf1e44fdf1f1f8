"""Telephones: read with the partner's country, shown in international groups, dialled by E.164."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from django.utils.translation import gettext
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult

_FRENCH_EXTENSION = re.compile(r"\bposte\b", re.IGNORECASE)
_WORDS_OF_NUMBERS = re.compile(r"extension|extn|ext|tel|x", re.IGNORECASE)
_NORTH_AMERICA = 1

#: What more is typed into a telephone is cut off.
MAX_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Telephone:
    """A telephone as it was typed. `e164` is None where it cannot be dialled from anywhere: no link."""

    text: str
    e164: str | None = None
    grouped: str = ""
    extension: str = ""

    def __str__(self) -> str:
        return self.display

    @property
    def display(self) -> str:
        """International, in the country's groups ("+33 1 99 00 12 00"), or the text as it was typed."""
        if not self.extension:
            return self.grouped or self.text
        return gettext("%(number)s ext. %(extension)s") % {
            "number": self.grouped,
            "extension": self.extension,
        }

    @property
    def href(self) -> str:
        """RFC 3966: what a phone dials, empty where there is nothing to dial."""
        if not self.e164:
            return ""
        return f"tel:{self.e164};ext={self.extension}" if self.extension else f"tel:{self.e164}"

    @property
    def is_dialable(self) -> bool:
        return self.e164 is not None


@lru_cache(maxsize=4096)
def read(text: str | None, country: str | None) -> Telephone | None:
    """The telephone a text is, dialled from `country` (two letters); None for no text. Nothing typed is lost.

    Possible is enough: fictional and brand-new ranges are not in the library's tables, yet they are numbers.
    """
    clean = _clean(text or "")
    if not clean:
        return None
    try:
        number = phonenumbers.parse(_FRENCH_EXTENSION.sub("ext.", clean), (country or "").upper() or None)
    except NumberParseException:
        return Telephone(clean)
    if not _is_dialable(number):
        return Telephone(clean)
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    if _has_words(clean):
        # "1-800-CONTOSO" is dialled by its letters. Elsewhere words are a remark, which grouping would drop.
        is_spelled = number.country_code == _NORTH_AMERICA and phonenumbers.is_alpha_number(clean)
        return Telephone(clean, e164=e164 if is_spelled else None)
    extension = number.extension or ""
    number.extension = None
    grouped = phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
    return Telephone(clean, e164=e164, grouped=grouped, extension=extension)


def _is_dialable(number: phonenumbers.PhoneNumber) -> bool:
    # Stricter than is_possible_number(), which also takes a local number without its area code.
    return phonenumbers.is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE


def _has_words(text: str) -> bool:
    text = _WORDS_OF_NUMBERS.sub("", _FRENCH_EXTENSION.sub("", text))
    return any(char.isalpha() for char in text)


def _clean(text: str) -> str:
    visible = (
        char if unicodedata.category(char)[0] != "C" else " " if char.isspace() else "" for char in text
    )
    return " ".join("".join(visible).split())[:MAX_LENGTH]
