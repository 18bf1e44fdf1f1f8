"""Addresses a browser sent."""

from urllib.parse import SplitResult, urlsplit


def split(address: str | None) -> SplitResult:
    """The parts of an address; what is none (`http://[`) has empty parts instead of an error."""
    try:
        return urlsplit(address or "")
    except ValueError:
        return urlsplit("")
