"""The catalogues of translations: gathered from code and templates, and built into what Django reads.

The .po files are committed and hold exactly what the code says, in alphabetical order, without places and dates, so
that they change only when words do. The .mo files beside them are built, never committed. Babel does both: no
GNU gettext is needed. Scripts say nothing of their own: their words come from attributes of the page.
"""

import ast
import io
import os
import tempfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages import Catalog, Message
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.apps import apps
from django.conf import settings
from django.utils.translation import templatize

SOURCE = "en"  # its words are the keys of the other languages
COMMENT_TAG = "Translators:"
Places = tuple[
    int | tuple[int, str], ...
]  # which arguments are the words; (1, "c"): the first is their context
KEYWORDS: dict[str, Places] = {
    "_": (1,),
    "gettext": (1,),
    "gettext_lazy": (1,),
    "gettext_noop": (1,),
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)  # a catalogue's date says nothing, and would change with every run
Id = str | tuple[str, ...]


def languages() -> list[str]:
    """The languages there is a catalogue of."""
    return [code for code, _name in settings.LANGUAGES if code != SOURCE]


def catalogue(language: str) -> Path:
    return Path(settings.LOCALE_PATHS[0]) / language / "LC_MESSAGES" / "django.po"


# -- gathering


def sources() -> Iterator[Path]:
    """Our own code and templates, in a fixed order."""
    base = Path(settings.BASE_DIR)
    for config in sorted(apps.get_app_configs(), key=lambda config: config.name):
        if Path(config.path).parent == base:
            yield from sorted(
                path for path in Path(config.path).rglob("*.py") if "migrations" not in path.parts
            )
    yield from sorted(path for path in (base / "templates").rglob("*") if path.suffix in {".html", ".txt"})


def extract(source: Path) -> Iterator[Message]:
    """What one file says to people."""
    text, names = source.read_text(), dict(KEYWORDS)
    if source.suffix == ".py":
        names |= _other_names(text)
        yield from _documented(text, source)
    else:
        # Python with the texts of the template in it; its indentation means nothing.
        text = "\n".join(line.lstrip() for line in templatize(text).split("\n"))
    found: Iterable[Any] = extract_python(
        io.BytesIO(text.encode()), names, [COMMENT_TAG], {"encoding": "utf-8"}
    )
    for line, function, arguments, comments in found:
        context, id = _arranged(names[function], arguments)
        if id:
            yield Message(id, context=context, auto_comments=comments, locations=[(str(source), line)])


def _documented(text: str, source: Path) -> Iterator[Message]:
    """What the page of the API shows of docstrings: those of its endpoints and of the bodies they take, as one line."""
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.FunctionDef(decorator_list=[*_, ast.Call(func=ast.Name(id="endpoint"))]):
                pass
            case ast.ClassDef(name=name) if name.endswith("Body"):
                pass
            case _:
                continue
        if said := ast.get_docstring(node):
            yield Message(one_line(said), locations=[(str(source), node.lineno)])


def one_line(text: str) -> str:
    """A docstring as it is shown and translated: where its lines break says nothing."""
    return " ".join(text.split())


def _other_names(text: str) -> dict[str, Places]:
    """What a module calls Django's functions: gettext_lazy is `_l` here and there."""
    return {
        alias.asname: KEYWORDS[alias.name]
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for alias in node.names
        if alias.asname and alias.name in KEYWORDS
    }


def _arranged(places: Places, arguments: str | Iterable[str | None] | None) -> tuple[str | None, Id | None]:
    """Context and id of a call; no id if one of them is not written out in the source."""
    given = [arguments] if isinstance(arguments, str) else list(arguments or [])
    context, ids = None, []
    for place in places:
        index = place[0] if isinstance(place, tuple) else place
        text = given[index - 1] if index <= len(given) else None
        if not text:
            return None, None
        if isinstance(place, tuple):
            context = text
        else:
            ids.append(text)
    return context, ids[0] if len(ids) == 1 else tuple(ids)


def gathered() -> Catalog:
    """Everything the portal says, untranslated."""
    catalog = _catalog(None)
    for source in sources():
        for message in extract(source):
            catalog.add(message.id, context=message.context, auto_comments=message.auto_comments)
    return catalog


def updated(language: str, said: Catalog) -> Catalog:
    """What is `said`, with the translations there are. Nothing is guessed from similar words."""
    known, fresh = read(language), _catalog(language)
    for message in said:
        if not message.id:
            continue
        old = known.get(message.id, message.context)
        text = old.string if old and old.id == message.id and not old.fuzzy else None
        fresh.add(
            message.id,
            text,
            context=message.context,
            auto_comments=sorted(message.auto_comments),
            user_comments=old.user_comments if old else (),
        )
    return fresh


def read(language: str) -> Catalog:
    """The committed catalogue."""
    path = catalogue(language)
    if not path.exists():
        return _catalog(language)
    with path.open("rb") as file:
        catalog = read_po(file, locale=language, abort_invalid=True)
    catalog.creation_date = EPOCH
    return catalog


def untranslated(catalog: Catalog) -> list[str]:
    """What has no translation, or one of its plural forms missing."""
    return [
        str(message.id)
        for message in catalog
        if message.id
        and not all([message.string] if isinstance(message.string, str) else message.string or [""])
    ]


def text_of(catalog: Catalog) -> bytes:
    """The .po file, its head as simple as gettext allows."""
    head = (
        "# The words of the partner portal. `make messages` brings this file up to date with the code.\n"
        'msgid ""\nmsgstr ""\n'
        f'"Language: {catalog.locale_identifier}\\n"\n'
        f'"Plural-Forms: {catalog.plural_forms}\\n"\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n'
        '"Content-Transfer-Encoding: 8bit\\n"\n\n'
    )
    out = io.BytesIO(head.encode())
    out.seek(0, io.SEEK_END)
    write_po(
        out, catalog, width=110, omit_header=True, no_location=True, sort_output=True, ignore_obsolete=True
    )
    return out.getvalue().rstrip(b"\n") + b"\n"


def _catalog(language: str | None) -> Catalog:
    return Catalog(locale=language, fuzzy=False, creation_date=EPOCH)


# -- building


def built(language: str) -> bytes:
    out = io.BytesIO()
    write_mo(out, read(language))
    return out.getvalue()


def build() -> list[str]:
    """Write the .mo files that are not what their .po says; their languages."""
    changed = []
    for language in languages():
        target, content = catalogue(language).with_suffix(".mo"), built(language)
        if not target.exists() or target.read_bytes() != content:
            _replace(target, content)
            changed.append(language)
    return changed


def _replace(target: Path, content: bytes) -> None:
    """At once: somebody may be reading it, or building it too."""
    handle, name = tempfile.mkstemp(dir=target.parent, suffix=".tmp")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    os.chmod(name, 0o644)
    os.replace(name, target)
