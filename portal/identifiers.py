"""Identifiers: our own rows' UUIDv7, and Microsoft's GUIDs in every notation people paste."""

import re
import secrets
import threading
import time
import uuid

_RANDOM_BITS = 74
_SUFFIX = (1 << 62) - 1
_GUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{32}"
#: The same for documents, as a regular expression every language reads.
PATTERN = rf"^({_GUID}|\{{({_GUID})\}})$"
_NOTATION = re.compile(rf"({_GUID})|\{{({_GUID})\}}")

_lock = threading.Lock()
_last = 0


def uuid7() -> uuid.UUID:
    """A new UUID of version 7 (RFC 9562), greater than every one this process made before.

    Within one millisecond, and while the clock is behind the last id, the 74 random bits count on by a large
    random step; a carry moves into the time, which RFC 9562 §6.2 allows.
    """
    global _last
    with _lock:
        now = time.time_ns() // 1_000_000
        if now > _last >> _RANDOM_BITS:
            _last = now << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
        else:
            _last += 1 + secrets.randbits(48)
        value = _last
    milliseconds, high, low = value >> _RANDOM_BITS, value >> 62 & 0xFFF, value & _SUFFIX
    return uuid.UUID(int=milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)


def canonical_guid(text: object) -> uuid.UUID | None:
    """The GUID a text is, in any case, with or without dashes, braces or spaces around it; otherwise None."""
    if isinstance(text, uuid.UUID):
        return text
    if not isinstance(text, str):
        return None
    match = _NOTATION.fullmatch(text.strip())
    return uuid.UUID(match[1] or match[2]) if match else None


class GuidConverter:
    """A GUID in a path, tolerant to read and canonical lower case to write."""

    regex = rf"(?:{_GUID}|\{{(?:{_GUID})\}})"

    def to_python(self, value: str) -> uuid.UUID:
        guid = canonical_guid(value)
        if guid is None:
            raise ValueError("not a GUID")
        return guid

    def to_url(self, value: object) -> str:
        return str(self.to_python(value))  # type: ignore[arg-type]
