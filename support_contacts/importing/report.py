"""What an import has to say: a line for everything it met with tolerance or refused, and counts."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

#: Lines of one file with the same reason that are printed in full; the rest is counted.
SHOWN_ALIKE = 10


class Kind(StrEnum):
    """What an item is about. The order is that of the summary."""

    CUSTOMER = "customers"
    SUBSCRIPTION = "subscriptions"
    RESELLER = "reseller relationships"
    CUSTOMER_RESELLER = "resellers of customers"
    GRANT = "delegated admin"
    CONTACT = "support contacts"
    PROFILE = "support profile"


class Outcome(StrEnum):
    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REPORTED = "reported"


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a file. `path` is as Microsoft spells it: `items[0].companyProfile.domain`."""

    file: str
    path: str = ""

    def at(self, member: str) -> "Where":
        return Where(self.file, f"{self.path}.{member}" if self.path else member)


@dataclass(frozen=True, slots=True)
class Line:
    """One remark. `refused` says that something was not read or not stored; the others are for information."""

    where: Where
    reason: str
    refused: bool
    code: str = ""

    def __str__(self) -> str:
        return ": ".join(part for part in (self.where.file, self.where.path, self.reason) if part)


class Refused(Exception):
    """An item is not stored, for this reason. The rest of the call goes on."""

    def __init__(self, reason: str, code: str = "", where: Where | None = None) -> None:
        super().__init__(reason)
        self.reason, self.code, self.where = reason, code, where


@dataclass(slots=True)
class Report:
    lines: list[Line] = field(default_factory=list)
    counts: dict[Kind, dict[Outcome, int]] = field(
        default_factory=lambda: defaultdict(lambda: dict.fromkeys(Outcome, 0))
    )
    events: int = 0

    def note(self, where: Where, reason: str) -> None:
        self.lines.append(Line(where, reason, refused=False))

    def refuse(self, where: Where, reason: str, code: str = "") -> None:
        self.lines.append(Line(where, f"{reason} ({code})" if code else reason, refused=True, code=code))

    def count(self, kind: Kind, outcome: Outcome) -> None:
        self.counts[kind][outcome] += 1

    @property
    def wrote(self) -> bool:
        """Did anything change on record?"""
        return any(row[Outcome.CREATED] or row[Outcome.CHANGED] for row in self.counts.values())

    @property
    def has_refusals(self) -> bool:
        return any(line.refused for line in self.lines)

    def summary(self) -> dict[str, dict[str, int]]:
        """The counts of every kind that was met, in their order."""
        return {
            kind.value: {outcome.value: self.counts[kind][outcome] for outcome in Outcome}
            for kind in Kind
            if kind in self.counts
        }

    def grouped(self) -> Iterator[str]:
        """Every line once, those of one file together; of many alike the first ones and how many more there are."""
        files: dict[str, dict[str, list[Line]]] = {}
        for line in self.lines:
            files.setdefault(line.where.file, {}).setdefault(line.reason, []).append(line)
        for reasons in files.values():
            for alike in reasons.values():
                distinct = list(dict.fromkeys(str(line) for line in alike))
                yield from distinct[:SHOWN_ALIKE]
                if len(distinct) > SHOWN_ALIKE:
                    first = alike[0]
                    yield f"{first.where.file}: {len(distinct) - SHOWN_ALIKE} more: {first.reason}"


def shown(value: object, most: int = 60) -> str:
    """A value from a file as it may be printed: no control characters, no half characters, not too long."""
    text = str(value)[: most * 4]
    if not text.isprintable():
        text = "".join(char for char in text if char.isprintable())
    return text if len(text) <= most else f"{text[:most]}…"
