"""The URL resolver's own list of what there is."""

from collections.abc import Callable, Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver


def patterns() -> Iterator[tuple[str, str, Callable[..., Any]]]:
    """Every pattern of the portal: its full name, its path, its view."""
    yield from _walk(get_resolver().url_patterns, "", "")


def _walk(found: Any, namespace: str, path: str) -> Iterator[tuple[str, str, Callable[..., Any]]]:
    for pattern in found:
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from _walk(pattern.url_patterns, inner, path + str(pattern.pattern))
        elif isinstance(pattern, URLPattern):
            yield f"{namespace}{pattern.name or ''}", path + str(pattern.pattern), pattern.callback
