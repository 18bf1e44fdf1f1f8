"""Where the time of a page goes, by layer: shares of one profile, so that the machine's noise meets all alike."""

import cProfile
import pstats
from collections import Counter
from collections.abc import Callable

#: A file of whose path one of these is part belongs to the layer; the first one counts. The rest is "other".
LAYERS = {
    "driver and database": ("/psycopg", "/psycopg_binary", "django/db/backends/"),
    "ORM, compiling": (
        "django/db/models/sql/",
        "django/db/models/expressions.py",
        "django/db/models/lookups.py",
        "django/db/models/query_utils.py",
        "django/db/models/functions/",
        "portal/prepared.py",
        "portal/tenancy.py",
        "support_contacts/filters.py",
    ),
    "ORM, rows": ("django/db/models/",),
    "templates": (
        "django/template/",
        "template_partials/",
        "templatetags/",
        "heroicons/",
        "xml/etree/",
        "django/utils/html.py",
        "django/utils/safestring.py",
        "babel/",
    ),
    "translation": ("django/utils/translation/", "gettext.py"),
    "middleware, session, actor": (
        "middleware",
        "django/core/handlers/",
        "django/contrib/sessions/",
        "django/contrib/auth/",
        "django/core/signing.py",
        "django/utils/crypto.py",
        "allauth/",
        "portal/actor.py",
        "portal/logs.py",
        "portal/metrics.py",
        "structlog/",
    ),
}
OTHER = "other (our own code, addresses, the standard library)"


def layers(page: Callable[[], object], *, calls: int) -> dict[str, float]:
    """The share of each layer in the time `calls` calls take, largest first.

    What a function of the interpreter itself takes (`len`, `getattr`, `copy`) belongs to whoever calls it. Profiling
    makes small functions look dearer than they are: shares, never times.
    """
    profile = cProfile.Profile()
    profile.enable()
    for _ in range(calls):
        page()
    profile.disable()
    spent: Counter[str] = Counter()
    for (path, _line, _name), (_cc, _nc, own, _all, callers) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        if path != "~" or not callers:
            spent[_layer(path)] += own
            continue
        for (caller, _, _), (_cc, _nc, part, _all) in callers.items():
            spent[_layer(caller)] += part
    whole = sum(spent.values())
    return {name: seconds / whole for name, seconds in spent.most_common()}


def _layer(path: str) -> str:
    return next((name for name, parts in LAYERS.items() if any(part in path for part in parts)), OTHER)
