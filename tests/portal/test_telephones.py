import pytest
from django.utils.translation import override
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.telephones import MAX_LENGTH, Telephone, read


@pytest.mark.parametrize(
    ("text", "country", "e164", "display"),
    [
        ("+33 1 99 00 12 00", None, "+33199001200", "+33 1 99 00 12 00"),
        ("01 99 00 12 00", "FR", "+33199001200", "+33 1 99 00 12 00"),
        ("01.99.00.12.00", "fr", "+33199001200", "+33 1 99 00 12 00"),
        ("+33 (0)1 99 00 12 00", "DE", "+33199001200", "+33 1 99 00 12 00"),
        ("0044 20 7946 0107", "FR", "+442079460107", "+44 20 7946 0107"),
        ("020 7946 0107", "GB", "+442079460107", "+44 20 7946 0107"),
        ("+1 (425) 555-0100", "FR", "+14255550100", "+1 425-555-0100"),
        ("425-555-0100", "US", "+14255550100", "+1 425-555-0100"),
        ("+49 30 23125 014", "", "+493023125014", "+49 30 23125014"),
        ("03-1234-5678", "JP", "+81312345678", "+81 3-1234-5678"),
        ("tel:+33199001200", "FR", "+33199001200", "+33 1 99 00 12 00"),
        ("Tel. 01 99 00 12 00", "FR", "+33199001200", "+33 1 99 00 12 00"),
        ("٠١ ٩٩ ٠٠ ١٢ ٠٠", "FR", "+33199001200", "+33 1 99 00 12 00"),
        ("＋３３１９９００１２００", None, "+33199001200", "+33 1 99 00 12 00"),
        ("\u202a+33 1 99 00 12 00\u202c", "ZZ", "+33199001200", "+33 1 99 00 12 00"),
        ("+33\u00a01\u202f99 00\t12 00\x00", "", "+33199001200", "+33 1 99 00 12 00"),
        ("1-800-CONTOSO", "US", "+18002668676", "1-800-CONTOSO"),
    ],
)
def test_read_dials_and_groups(text, country, e164, display):
    telephone = read(text, country)

    assert (telephone.e164, telephone.display) == (e164, display)
    assert telephone.href == f"tel:{e164}"
    assert telephone.is_dialable
    assert str(telephone) == display


@pytest.mark.parametrize(
    ("text", "country", "href", "display"),
    [
        ("01 99 00 12 00 ext. 12", "FR", "tel:+33199001200;ext=12", "+33 1 99 00 12 00 ext. 12"),
        ("01 99 00 12 00 poste 12", "FR", "tel:+33199001200;ext=12", "+33 1 99 00 12 00 ext. 12"),
        ("0800 123 456 x7", "GB", "tel:+44800123456;ext=7", "+44 800 123456 ext. 7"),
        ("+1 425 555 0100 #012", "", "tel:+14255550100;ext=012", "+1 425-555-0100 ext. 012"),
        ("tel:+33-1-99-00-12-00;ext=12", "", "tel:+33199001200;ext=12", "+33 1 99 00 12 00 ext. 12"),
    ],
)
def test_read_keeps_the_extension(text, country, href, display):
    telephone = read(text, country)

    assert (telephone.href, telephone.display) == (href, display)


def test_reading_what_is_shown_gives_the_same():
    telephone = read("01 99 00 12 00 poste 12", "FR")

    again = read(telephone.display, "US")

    assert (again.e164, again.display) == (telephone.e164, telephone.display)


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("01 99 00 12 00", None),  # of no country
        ("01 99 00 12 00", "ZZ"),
        ("555-0100", "US"),  # without its area code it cannot be dialled from elsewhere
        ("3900", "FR"),  # a short number
        ("call us", "FR"),
        ("01 99 00 12 00 / 06 12 34 56 78", "FR"),
        ("+33 1 99 00 12 00 (ask for Jo)", "FR"),
        ("030 23125 Jochen", "DE"),
        ("+999 1234567", "FR"),
        ("+33 1", "FR"),
        ("(:", "FR"),
    ],
)
def test_read_keeps_what_cannot_be_dialled_as_text(text, country):
    telephone = read(text, country)

    assert telephone == Telephone(text)
    assert telephone.display == text
    assert telephone.href == ""
    assert not telephone.is_dialable


@pytest.mark.parametrize("text", ["", " ", None, "\u202e\x00\ud800", "\u200b"])
def test_read_of_nothing_is_none(text):
    assert read(text, "FR") is None


def test_extension_is_translatable():
    with override("fr"):
        assert read("+33 1 99 00 12 00 ext. 12", "").display == "+33 1 99 00 12 00, poste 12"


def test_read_cuts_what_is_no_telephone_any_more():
    assert len(read("9" * 10_000, "FR").text) == MAX_LENGTH


@settings(deadline=None)
@given(
    st.text(st.characters(exclude_categories=()), max_size=40), st.sampled_from(["FR", "US", "", "zz", None])
)
def test_read_never_fails_and_links_digits_only(text, country):
    telephone = read(text, country)

    if telephone is not None:
        telephone.display.encode("utf-8")
        assert telephone.text
        if telephone.href:
            head, _, extension = telephone.href.removeprefix("tel:+").partition(";ext=")
            assert head.isascii()
            assert head.isdigit()
            assert extension == "" or (extension.isascii() and extension.isalnum())
