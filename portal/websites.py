"""Websites as people type them and Microsoft's profiles give them: with a scheme or without ("www.…")."""

import re
from urllib.parse import urlsplit

# A scheme, not a host with its port ("support.example:8443").
_SCHEME = re.compile(r"([a-z][a-z0-9+-]*):(?![0-9])", re.IGNORECASE)


def url_of(text: str) -> str:
    """The link a text is, "https://" where it names no scheme; empty for anything but http and https."""
    text = text.strip()
    scheme = _SCHEME.match(text)
    if not text or (scheme and scheme[1].lower() not in ("http", "https")):
        return ""
    url = text if scheme else f"https://{text}"
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return ""
    is_host = "." in host.strip(".") and "@" not in parts.netloc
    return url if is_host and url.isprintable() and " " not in url else ""
