"""Every export is one kind of file: saved under its name, kept by no cache, and a spreadsheet runs nothing of it."""

from datetime import UTC, datetime

import pytest
from django.utils import translation
from django.utils.translation import gettext_noop

from portal import csv_files
from portal.csv_files import csv_file, csv_line

AT = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)


def test_a_file_has_a_name_a_mark_of_its_letters_and_no_place_in_a_cache():
    response = csv_file("duties", ["Customer", "Since"], [["Zoë, Ltd", AT], ["Contoso", None]], at=AT)

    assert response.streaming
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="duties-2026-11-22.csv"'
    assert "no-store" in response["Cache-Control"]
    written = b"".join(response).decode()
    assert written == '\ufeffCustomer,Since\r\n"Zoë, Ltd",2026-11-22T23:30:00Z\r\nContoso,\r\n'


def test_rows_are_asked_for_piece_by_piece_in_the_language_of_who_asked(monkeypatch):
    monkeypatch.setattr(csv_files, "CHUNK", 2)
    asked = []

    def rows():
        for number in range(5):
            asked.append(number)
            yield [number, translation.gettext(gettext_noop("Customer"))]

    with translation.override("fr"):
        pieces = iter(csv_file("duties", ["#", "?"], rows(), at=AT))
    assert (next(pieces), asked) == ("\ufeff#,?\r\n".encode(), [])
    assert (next(pieces), asked) == (b"0,Client\r\n1,Client\r\n", [0, 1])
    assert translation.get_language() == "en"
    assert b"".join(pieces) == b"2,Client\r\n3,Client\r\n4,Client\r\n"


@pytest.mark.parametrize(
    "start", ["=", "+", "-", "@", "\t=", "＝", " =", "\u00a0-", "\r+"], ids=lambda start: ascii(start)
)
def test_nothing_in_a_cell_is_a_formula(start):
    assert csv_line([f"{start}HYPERLINK(1)"]).decode().lstrip('"').startswith("'")
    assert (
        f";{start.lstrip(chr(9) + chr(13))}HYPERLINK"
        not in csv_line([f"Contoso;{start}HYPERLINK(1)"]).decode()
    )
    assert csv_line([f"Contoso{start[-1]}HYPERLINK(1)"]).decode() == f"Contoso{start[-1]}HYPERLINK(1)\r\n"
