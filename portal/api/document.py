"""The OpenAPI document: what every operation shares is said here once."""

from typing import Any


def completed(document: dict[str, Any]) -> dict[str, Any]:
    return document
