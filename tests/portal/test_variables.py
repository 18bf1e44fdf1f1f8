"""What is told about the environment is what is read from it, and the page for operators tells the same."""

import ast
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from portal import environment
from portal.variables import LIST, NUMBER, SWITCH, TEXT, VARIABLES

PAGE = Path(__file__).resolve().parents[2] / "portal" / "deployment" / "README.md"
READERS = {"str": TEXT, "bool": SWITCH, "list": LIST, "int": NUMBER, "dj_email_url": TEXT, "_number": NUMBER}


def _read() -> dict[str, tuple[str, object]]:
    """{name: (type, default)} of every variable that portal/environment.py reads; `...` is not a plain value."""
    found: dict[str, tuple[str, object]] = {}
    for call in ast.walk(ast.parse(Path(environment.__file__).read_text())):
        if not isinstance(call, ast.Call):
            continue
        how = getattr(call.func, "attr", getattr(call.func, "id", ""))
        texts = [arg for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
        if how not in READERS or not texts or not texts[0].value.isupper():
            continue
        after = call.args[call.args.index(texts[0]) + 1 :]
        try:
            default = ast.literal_eval(after[0]) if after else None
        except ValueError:
            default = ...
        if found.get(texts[0].value, (None, None))[1] is None:
            found[texts[0].value] = READERS[how], default
    return found


def test_every_variable_that_is_read_is_told() -> None:
    assert {each.name: each.kind for each in VARIABLES} == {name: kind for name, (kind, _) in _read().items()}
    assert len({each.name for each in VARIABLES}) == len(VARIABLES)


@pytest.mark.parametrize("variable", VARIABLES, ids=[each.name for each in VARIABLES])
def test_default_that_is_told_is_the_one_that_is_read(variable: object) -> None:
    _, default = _read()[variable.name]
    if isinstance(default, bool | int):
        assert variable.default == str(int(default))
    elif default:  # a text; for what is computed, or empty, the words say what happens
        assert default is ... or variable.default == default


def test_page_for_operators_has_the_table_that_the_command_prints() -> None:
    printed = StringIO()
    call_command("environment", stdout=printed)
    page = PAGE.read_text()
    begin, end = page.index("| variable |"), page.index("\n\n", page.index("| variable |"))
    assert page[begin : end + 1] == printed.getvalue(), (
        "`manage.py environment` prints what the page must hold"
    )
