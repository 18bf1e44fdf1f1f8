"""Words that exist nowhere else: planted in every text, so that a reader who meets one was shown that row.

Each canary says who may read it (DESIGN §6, in this file's own words, never the product's) and who must find it when
they read everything they can reach. A circle is an organisation, or the part of it whose roles open the page:
`fabrikam`, `fabrikam:agents`, `fabrikam:managers`, `contoso:readers`.
"""

import itertools
import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tests.architecture.cast import Person

#: Roles that open the pages of a circle. Written out here: the tables of the product are what is tested.
CIRCLES = {
    "agents": {"global_admin", "admin_agent", "helpdesk_agent", "sales_agent"},
    "assigners": {"global_admin", "admin_agent", "helpdesk_agent"},
    "editors": {"global_admin", "admin_agent"},
    "managers": {"global_admin", "user_admin"},
    "readers": {"global_admin", "service_support_admin"},
    "overseers": {"global_admin", "admin_agent", "user_admin"},
}


@dataclass(frozen=True, slots=True)
class Canary:
    """Something to look for, what it is, and whom it is for."""

    text: str
    about: str
    may: frozenset[str]
    must: frozenset[str]
    is_number: bool = False


def is_for(circles: Iterable[str], person: Person) -> bool:
    """Does this person belong to one of these circles, by name, or by organisation and role?"""
    for circle in circles:
        name, _colon, part = circle.partition(":")
        if circle == str(person) or (
            name == person.organisation and (not part or person.role in CIRCLES[part])
        ):
            return True
    return False


@dataclass
class Canaries:
    """Every canary of a world."""

    planted: list[Canary] = field(default_factory=list)
    _planted: int = 0
    _known: dict[str, Canary] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def word(self, about: str, may: Iterable[str], must: Iterable[str] | None = None) -> str:
        """A new word for a text field; without `must`, everyone who may read it has to find it."""
        text = f"Zq{_letters(next(self._numbers))}x"
        self.plant(text, about, may, must)
        return text

    def telephone(self, about: str, may: Iterable[str], must: Iterable[str] | None = None) -> str:
        """A dialable French number that is nobody else's."""
        number = next(self._numbers)
        text = f"+33 1 99 00 {number // 100 % 100:02d} {number % 100:02d}"
        self.plant(text, about, may, must, is_number=True)
        return text

    def plant(
        self,
        text: object,
        about: str,
        may: Iterable[str],
        must: Iterable[str] | None = None,
        *,
        is_number: bool = False,
    ) -> None:
        """Watch for a text that is there already: an id, a PartnerID."""
        readers = frozenset(may)
        finders = readers if must is None else frozenset(must)
        self.planted.append(Canary(str(text).casefold(), about, readers, finders, is_number))

    @property
    def standing(self) -> set[Canary]:
        """Every canary once; what was planted anew counts as it was planted last."""
        return set(self._texts().values())

    def among(self, text: str) -> set[Canary]:
        """Those that stand in a text, whatever its case and however its numbers are written."""
        text, known = text.casefold(), self._texts()
        words = {*_WORD.findall(text), *_ID.findall(text), *_PARTNER.findall(text)}
        found = {known[word] for word in words if word in known}
        if numbers := {_digits(match) for match in _NUMBER.findall(text)}:
            found |= {c for c in known.values() if c.is_number and _digits(c.text)[-9:] in numbers}
        return found

    def _texts(self) -> dict[str, Canary]:
        if self._planted != len(self.planted):
            self._planted = len(self.planted)
            self._known = {canary.text: canary for canary in self.planted}
        return self._known


def _letters(number: int) -> str:
    """Four letters that read as a word: baba, babe …"""
    consonants, vowels = "bdfgklmnprtv", "aeiou"
    parts = []
    for alphabet in (vowels, consonants, vowels, consonants):
        number, rest = divmod(number, len(alphabet))
        parts.append(alphabet[rest])
    return "".join(reversed(parts))


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())


def guid(name: str) -> uuid.UUID:
    """The same id in every run, so that a failure reads the same twice."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"portal:{name}")


_WORD = re.compile(r"zq[a-z]{4}x")
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_PARTNER = re.compile(r"(?<![0-9a-f-])[0-9]{7}(?![0-9a-f-])")
_NUMBER = re.compile(
    r"1[\s\u00a0\u202f.-]?99[\s\u00a0\u202f.-]?00[\s\u00a0\u202f.-]?\d\d[\s\u00a0\u202f.-]?\d\d"
)
