"""A zone out of four hundred: written once a language, and then only the one that is chosen is marked."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from portal import zones


class ZoneSelect(forms.Select):
    """A select as Django writes it. Django fills a template for each option, which is most of such a page's time."""

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        written = _options(tuple((str(value), str(label)) for value, label in self.choices))
        chosen = format_html('<option value="{}"', "" if value is None else value)
        said = flatatt(self.build_attrs(self.attrs, {**(attrs or {}), "name": name}))
        options = written.replace(f"{chosen}>", f"{chosen} selected>", 1)
        return format_html("<select{}>\n{}\n</select>", said, mark_safe(options))  # noqa: S308 - escaped below


class ZoneField(forms.ChoiceField):
    """Every zone this machine knows by its city, in the reader's language; `first` stands before them."""

    widget = ZoneSelect

    def offer(self, *first: tuple[str, Any]) -> None:
        self.choices = [*first, *zones.choices()]


@lru_cache(maxsize=32)
def _options(choices: Iterable[tuple[str, str]]) -> str:
    return format_html_join("\n", '<option value="{}">{}</option>', choices)
