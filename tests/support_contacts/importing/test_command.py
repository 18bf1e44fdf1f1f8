"""The command an operator types."""

import io

import pytest
from django.core.management import CommandError, call_command

from customers.models import CustomerRelationship
from portal.models import AuditEvent
from tests.support_contacts.importing import bodies

pytestmark = pytest.mark.django_db


@pytest.fixture
def files(tmp_path):
    def write(*said):
        for index, body in enumerate(said):
            (tmp_path / f"{index}.json").write_bytes(bodies.data(body))
        return [str(tmp_path / f"{index}.json") for index in range(len(said))]

    return write


def type_in(*words: str) -> tuple[str, int]:
    out = io.StringIO()
    try:
        call_command("import_partner_center", *words, stdout=out)
    except SystemExit as stop:
        return out.getvalue(), int(stop.code or 0)
    return out.getvalue(), 0


@pytest.mark.parametrize("notation", ["{tenant}", "{{{tenant}}}", "4391507"])
def test_partner_in_any_notation(provider, files, notation):
    said, status = type_in(
        "--partner", notation.format(tenant=str(provider.pk).upper()), *files(bodies.customer())
    )

    assert status == 0
    assert said.splitlines() == [
        "customers        1 created        0 changed        0 unchanged        0 reported",
        "2 events",
    ]


def test_refusal_is_a_line_and_status_1(provider, files):
    said, status = type_in("--partner", "4391507", *files(bodies.customer(), b"{", bodies.support_contact()))

    assert status == 1
    assert "1.json: broken JSON at line 1, column 2" in said
    assert "2.json: its subscription is not on record (subscription_unknown)" in said
    assert CustomerRelationship.objects.count() == 1


def test_file_that_is_not_there_does_not_stop_the_others(provider, files, tmp_path):
    said, status = type_in(
        "--partner", "4391507", str(tmp_path), str(tmp_path / "none.json"), *files(bodies.customer())
    )

    assert status == 1
    assert said.count("cannot be read") == 2
    assert CustomerRelationship.objects.count() == 1


def test_dry_run_says_so_and_stores_nothing(provider, files):
    said, status = type_in("--partner", "4391507", "--dry-run", *files(bodies.customer()))

    assert (status, "A dry run: nothing was stored." in said) == (0, True)
    assert CustomerRelationship.objects.count() == AuditEvent.objects.count() == 0


@pytest.mark.parametrize(
    "words", [("--partner", "nobody"), ("--partner", " "), ("--partner", "4391507", "--customer", "x")]
)
def test_wrong_words_import_nothing(provider, files, words):
    with pytest.raises(CommandError) as refused:
        type_in(*words, *files(bodies.customer()))

    assert refused.value.returncode == 2
    assert CustomerRelationship.objects.count() == 0


def test_many_lines_alike_are_counted(provider, files):
    said, _ = type_in("--partner", "4391507", *files(bodies.collection(*["word"] * 25)))

    assert said.count("is no object") == 11
    assert "15 more: is no object" in said


def test_help_tells_the_exit_status(capsys):
    with pytest.raises(SystemExit):
        call_command("import_partner_center", "--help")

    assert "Exit status" in capsys.readouterr().out
