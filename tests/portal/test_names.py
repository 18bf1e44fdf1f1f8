import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.names import (
    MAX_SORT_NAME,
    MAX_WORD_LENGTH,
    MAX_WORDS,
    fold,
    initials,
    query_words,
    sort_name,
    words,
)

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Contoso", "contoso"),
        ("  Trey \t\n Research ", "trey research"),
        ("Müller & Söhne GmbH", "muller & sohne gmbh"),
        ("Cœur de Pirate", "coeur de pirate"),
        ("Ærø Łódź Đakovo", "aero lodz dakovo"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("İstanbul Kıyı", "istanbul kiyi"),
        ("ΑΘΉΝΑΣ", "αθηνασ"),
        ("αθήνας", "αθηνασ"),
        ("ﬁnance", "finance"),
        ("Ｆａｂｒｉｋａｍ", "fabrikam"),
        ("日本マイクロソフト株式会社", "日本マイクロソフト株式会社"),
        ("ガス", "ガス"),
        ("한국 전력", "한국 전력"),
        ("हिन्दी", "हिन्दी"),
        ("مُحَمَّد", "محمد"),
        ("Con\u200btoso\u202e \u2067Ltd\u2069", "contoso ltd"),
        ("Con\x00to\ud800so", "contoso"),
        ("soft\u00adhyphen no\u00a0break", "softhyphen no break"),
        ("☎️ Support", "☎ support"),
        ("", ""),
        (" \u200b\u202e ", ""),
    ],
)
def test_fold_compares_as_people_do(text, folded):
    assert fold(text) == folded


@settings(deadline=None)
@given(ANY_TEXT)
def test_fold_of_the_folded_changes_nothing(text):
    assert fold(fold(text)) == fold(text)


@settings(deadline=None)
@given(ANY_TEXT)
def test_fold_can_always_be_stored(text):
    folded = fold(text)

    folded.encode("utf-8")
    assert "\x00" not in folded
    assert folded == " ".join(folded.split())


@pytest.mark.parametrize(
    ("name", "sorted_by"),
    [
        ("Contoso", "contoso"),
        ("“Contoso”", "contoso”"),
        ("  (the) Élan", "the) elan"),
        ("…¡Álvarez!", "alvarez!"),
        ("42 North", "42 north"),
        ("!!!", "!!!"),
        ("", "~"),
        ("\u200b", "~"),
    ],
)
def test_sort_name_leaves_leading_punctuation_out(name, sorted_by):
    assert sort_name(name) == sorted_by


@settings(deadline=None)
@given(ANY_TEXT)
def test_sort_name_is_never_empty(name):
    assert sort_name(name)


def test_sort_name_fits_its_column():
    assert len(sort_name("ﷺ" * 200)) <= MAX_SORT_NAME


def test_sort_name_puts_accents_where_people_look_for_them():
    assert sorted(["Zeta", "émile", "Alpha", "Eva", "Éa"], key=sort_name) == [
        "Alpha",
        "Éa",
        "émile",
        "Eva",
        "Zeta",
    ]


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (["Trey Research"], ["trey", "research"]),
        (["Müller & Söhne GmbH"], ["muller", "sohne", "gmbh"]),
        (["Coca-Cola"], ["coca", "cola"]),
        (["O’Reilly Médias"], ["o", "reilly", "oreilly", "medias"]),
        (["O'Reilly"], ["o", "reilly", "oreilly"]),
        (["A.B.C. Consulting"], ["a", "b", "c", "consulting"]),
        (["contoso.onmicrosoft.com"], ["contoso.onmicrosoft.com", "contoso", "onmicrosoft", "com"]),
        (["Contoso", "contoso.example"], ["contoso", "contoso.example", "example"]),
        (["Trey Research", "TREY"], ["trey", "research"]),
        (["日本マイクロソフト株式会社"], ["日本マイクロソフト株式会社"]),
        (["हिन्दी कंपनी"], ["हिन्दी", "कंपनी"]),
        (["ไมโครซอฟท์ ประเทศไทย"], [fold("ไมโครซอฟท์"), "ประเทศไทย"]),
        (["!!!", "", "\u200b"], []),
        ([], []),
    ],
)
def test_words_finds_names_and_domains(texts, found):
    assert words(*texts) == found


def test_words_are_capped_in_number_and_length():
    assert len(words(" ".join(f"w{n}" for n in range(500)))) == MAX_WORDS
    assert words("x" * 500) == ["x" * MAX_WORD_LENGTH]


@settings(deadline=None)
@given(ANY_TEXT, ANY_TEXT)
def test_words_are_distinct_and_never_empty(one, two):
    found = words(one, two)

    assert len(set(found)) == len(found)
    assert all(found)


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("Trey res", ["trey", "res"]),
        ("O'Reilly", ["o", "reilly"]),
        ("oreilly", ["oreilly"]),
        ("Contoso.OnMicrosoft.com", ["contoso.onmicrosoft.com"]),
        ("contoso.", ["contoso"]),
        ("coca-cola", ["coca", "cola"]),
        ("%_ ", []),
        ("", []),
    ],
)
def test_query_words_are_what_was_typed(typed, asked):
    assert query_words(typed) == asked


@settings(deadline=None)
@given(ANY_TEXT)
def test_query_words_of_a_name_find_it(name):
    assert set(query_words(name)) <= set(words(name))


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Trey Research", "TR"),
        ("Contoso", "CO"),
        ("VanArsdel, Ltd.", "VA"),
        ("Coho Vineyard & Winery Managed Services Deutschland GmbH & Co. KG", "CV"),
        ("First Up Consultants", "FU"),
        ("ReleCloud", "RE"),
        ("The Phone Company", "PC"),
        ("Léa Fontaine", "LF"),
        ("Élan", "ÉL"),
        ("camille.moreau@fabrikam.example", "CM"),
        ("admin@contoso.example", "AD"),
        ("日本マイクロソフト", "日本"),
        ("Co. KG", "CK"),
        ("Société méditerranéenne d’équipements", "SM"),
        ("Черноморски пристанищни услуги", "ЧП"),
        ("The Ltd", "TL"),
        ("<script>", "SC"),
        ("@Home", "HO"),
        ("X", "X"),
        ("ß", "SS"),
        ("42 North", "4N"),
        ("\u202eContoso", "CO"),
        ("!!!", "–"),
        ("", "–"),
    ],
)
def test_initials_are_two_letters_of_the_name(name, letters):
    assert initials(name) == letters


@settings(deadline=None)
@given(ANY_TEXT)
def test_initials_are_one_or_two_characters(name):
    assert 1 <= len(initials(name)) <= 2
