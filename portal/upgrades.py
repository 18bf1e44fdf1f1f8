"""During an upgrade a process serves on while the files around it are already those of the next version."""

import re
from importlib import import_module
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.template.loader import get_template
from whitenoise.middleware import WhiteNoiseMiddleware

#: As `collectstatic` names what it gathers: whoever has the name has exactly that content.
_HASHED = re.compile(r"/[\w/.-]+\.[0-9a-f]{12}\.\w+", re.ASCII)


def read_everything() -> None:
    """Views and templates, at the start of a process: read on first use, they would be a later version's."""
    import_module(settings.ROOT_URLCONF)
    directory = settings.BASE_DIR / "templates"
    for file in directory.rglob("*.*"):
        get_template(str(file.relative_to(directory)))


class StaticFilesMiddleware(WhiteNoiseMiddleware):
    """Serves also what was gathered after its process began.

    A page of a process that was replaced already names files by new hashes, and the browser asks any process for them.
    """

    def __init__(self, get_response: Any) -> None:
        super().__init__(get_response)
        if not self.autorefresh:
            self.directories = [(f"{self.static_root}/", self.static_prefix)]

    def __call__(self, request: HttpRequest) -> Any:
        path = request.path_info
        asks_once_more = path not in self.files and _HASHED.fullmatch(path)
        if asks_once_more and (found := self.find_file(path)) is not None:
            self.files[path] = found
        return super().__call__(request)
