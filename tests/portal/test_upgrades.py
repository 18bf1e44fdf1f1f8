"""What a process has of its own version while the next one's files are put beside it."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as portal_settings
from django.http import HttpResponse
from django.template import engines
from django.test import RequestFactory

from portal.upgrades import StaticFilesMiddleware, read_everything

NEW = "base.0123456789ab.css"


def test_every_template_is_read_at_the_start() -> None:
    (partials,) = engines["django"].engine.template_loaders
    (cached,) = partials.loaders
    cached.reset()
    read_everything()
    directory = portal_settings.BASE_DIR / "templates"
    names = {str(file.relative_to(directory)) for file in directory.rglob("*") if file.is_file()}
    assert len(names) > 100
    assert names <= cached.get_template_cache.keys()


@pytest.mark.django_db  # an answer that is closed looks after the connection
@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/static/css/{NEW}", 200),
        ("/static/css/base.css", 404),  # known by its name alone: not of this version
        ("/static/css/gone.0123456789ab.css", 404),
        ("/static/../secret.0123456789ab.css", 404),
        (f"/other/{NEW}", 404),
    ],
)
def test_what_was_gathered_later_is_served(
    path: str, status: int, tmp_path: Path, settings: Any, rf: RequestFactory
) -> None:
    settings.STATIC_ROOT = tmp_path / "static"
    settings.WHITENOISE_AUTOREFRESH = settings.WHITENOISE_USE_FINDERS = False
    (settings.STATIC_ROOT / "css").mkdir(parents=True)
    middleware = StaticFilesMiddleware(lambda request: HttpResponse(status=404))
    for name in (f"static/css/{NEW}", "static/css/base.css", "secret.0123456789ab.css"):
        (tmp_path / name).write_text("a {}")
    request = rf.get("/")
    request.path_info = path
    answer = middleware(request)
    answer.close()
    assert answer.status_code == status
