"""Settings come from the environment alone; what is wrong or missing there is said in one sentence."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from portal import environment
from portal.checks import database_roles


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in environment.Environment.__dataclass_fields__:
        monkeypatch.delenv(name.upper(), raising=False)
    for name in ("EMBEDDED_DATABASE", "EMAIL_URL", "EMAIL_FROM", "DATABASE_AS_OWNER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("VAR_DIR", str(tmp_path / "var"))
    return tmp_path / "var"


PRODUCTION = {"DATABASE_URL": "postgresql://u@h/x", "SECRET_KEY": "k", "ALLOWED_HOSTS": "portal.example"}


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({}, "DATABASE_URL is not set."),
        ({"SECRET_KEY": "k", "ALLOWED_HOSTS": "h"}, "DATABASE_URL is not set."),
        ({**PRODUCTION, "SECRET_KEY": ""}, "SECRET_KEY is not set."),
        ({**PRODUCTION, "ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS is not set."),
        ({**PRODUCTION, "DEMO": "perhaps"}, '"DEMO" invalid'),
        ({**PRODUCTION, "TRUSTED_PROXY_COUNT": "-1"}, "TRUSTED_PROXY_COUNT=-1 is not between 0 and 9."),
        (
            {**PRODUCTION, "WEBHOOKS_TO_LOOPBACK": "1"},
            "WEBHOOKS_TO_LOOPBACK=1 lets webhooks reach this machine",
        ),
        ({"DEMO": "1", "PORT": "80000"}, "PORT=80000 is not between 1 and 65535."),
        ({"DEMO": "1", "BIND": "192.0.2.1"}, "serves this machine only"),
        ({**PRODUCTION, "PUBLIC_URL": "portal.example"}, "PUBLIC_URL=portal.example is not what links"),
        ({**PRODUCTION, "PUBLIC_URL": "https://portal.example/app"}, "is not what links in mails can begin"),
        (
            {**PRODUCTION, "ALLOWED_HOSTS": "*"},
            "PUBLIC_URL is not set, and ALLOWED_HOSTS names no single host",
        ),
    ],
)
def test_wrong_environment_is_refused_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], said: str
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured) as refused:
        environment.read()
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.usefixtures("bare")
def test_production_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in PRODUCTION.items():
        monkeypatch.setenv(name, value)
    said = environment.read()
    assert (said.demo, said.debug, said.local) == (False, False, False)
    assert said.allowed_hosts == ["portal.example"]


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize(("said", "keys"), [("", []), ("former", ["former"]), ("one,two,", ["one", "two"])])
def test_former_keys_are_listed(monkeypatch: pytest.MonkeyPatch, said: str, keys: list[str]) -> None:
    for name, value in {**PRODUCTION, "SECRET_KEY_FALLBACKS": said}.items():
        monkeypatch.setenv(name, value)
    assert environment.read().secret_key_fallbacks == keys


def test_secret_key_is_made_once_and_for_this_user_only(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMO", "1")
    first = environment.read().secret_key
    assert environment.read().secret_key == first
    assert len(first) >= 50
    assert (bare / "secret_key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in bare.iterdir()] == ["secret_key"]


def test_note_of_make_run_counts_only_where_nothing_is_decided(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare.mkdir()
    (bare / "demo").touch()
    assert environment.read().demo is True
    assert environment.read().allowed_hosts == ["127.0.0.1", "localhost", "[::1]"]
    monkeypatch.setenv("SECRET_KEY", "of a production that lost its DATABASE_URL")
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL is not set"):
        environment.read()


def test_one_database_role_is_named_before_a_deployment(settings: Any) -> None:
    said = replace(settings.ENVIRONMENT, database_url="postgresql://u@h/x", migration_database_url="")
    settings.ENVIRONMENT = said
    assert [warning.id for warning in database_roles(None)] == ["portal.W001"]
    settings.ENVIRONMENT = replace(said, migration_database_url="postgresql://owner@h/x")
    assert database_roles(None) == []


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize(
    ("environ", "url"),
    [
        (PRODUCTION, "https://portal.example"),
        ({**PRODUCTION, "ALLOWED_HOSTS": ".example,portal.example"}, "https://portal.example"),
        ({**PRODUCTION, "PUBLIC_URL": "https://help.example:8443/"}, "https://help.example:8443"),
        ({"DEMO": "1", "PORT": "8123"}, "http://127.0.0.1:8123"),
    ],
)
def test_links_in_mails_begin_where_people_reach_the_portal(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], url: str
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert environment.read().public_url == url
