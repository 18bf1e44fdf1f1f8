"""Names as people type them: folded for comparing, sorting and searching the same on every server."""

import re
import unicodedata
from functools import lru_cache

MAX_WORDS = 40
MAX_WORD_LENGTH = 64
MAX_SORT_NAME = 200

#: Letters that have no decomposition, but that people type without their stroke or ligature.
_PLAIN = str.maketrans(
    {"ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ł": "l", "ŧ": "t", "æ": "ae", "œ": "oe", "þ": "th"}
)
#: Nukta, kana voicing and virama make another letter, not an accented one.
_LETTER_MARKS = frozenset({7, 8, 9})
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_APOSTROPHES = "'\u2019\u02bc\u2018`"
_DOMAIN = re.compile(r"(?:[a-z0-9][a-z0-9-]{0,62}\.){1,20}[a-z]{2}[a-z0-9-]{0,61}")
#: Words of a name that say nothing about whose it is: legal forms, articles, "and".
_SAY_NOTHING = frozenset(
    """
    ab ag as bv co corp corporation gmbh inc incorporated kg limited llc llp ltd nv oy plc pty sa sarl sas
    se spa srl and of the et de des du la le les und der die das
    """.split()  # noqa: SIM905 - a list this long reads better as text
)


def fold(text: str) -> str:
    """The text without accents, case, invisible characters or doubled spaces, to compare names by."""
    return _folded(text)


@lru_cache(maxsize=4096)
def _folded(text: str) -> str:
    """A text always folds alike, and pages fold the same few names again and again."""
    once = _without_marks(text).casefold().translate(_PLAIN)
    return " ".join(unicodedata.normalize("NFC", _without_marks(once)).split())


def sort_name(text: str) -> str:
    """What a list is sorted by: folded, without leading punctuation, never empty."""
    folded = fold(text)
    start = next((i for i, char in enumerate(folded) if _in_word(char)), 0)
    return folded[start:][:MAX_SORT_NAME].strip() or "~"


def words(*texts: str) -> list[str]:
    """The words a name, domain or alias is found by, distinct, in order of appearance.

    A domain counts as a whole and by its labels; an apostrophe may be typed or not.
    """
    found: dict[str, None] = {}
    for text in texts:
        for chunk in fold(text).split(" "):
            for word in _words_of(chunk):
                found.setdefault(word[:MAX_WORD_LENGTH])
    return list(found)[:MAX_WORDS]


def query_words(text: str) -> list[str]:
    """The words somebody searches for: every one must begin a word of the name. A domain is one word."""
    found: dict[str, None] = {}
    for chunk in fold(text).split(" "):
        chunk = _trimmed(chunk)
        for word in [chunk] if _DOMAIN.fullmatch(chunk) else _split(chunk):
            found.setdefault(word[:MAX_WORD_LENGTH])
    return list(found)[:8]


@lru_cache(maxsize=4096)
def initials(name: str) -> str:
    """Two letters for the monogram: of the first two words that say something, or of the only one."""
    parts = _split(unicodedata.normalize("NFC", _visible(name.partition("@")[0] or name)))
    parts = [part for part in parts if fold(part) not in _SAY_NOTHING] or parts
    letters = parts[0][:1] + parts[1][:1] if len(parts) > 1 else "".join(parts)[:2]
    return letters.upper()[:2] or "–"


def _words_of(chunk: str) -> list[str]:
    chunk = _trimmed(chunk)
    parts = _split(chunk)
    if len(parts) < 2:
        return parts
    whole = [chunk] if _DOMAIN.fullmatch(chunk) else []
    joined = chunk.translate({ord(mark): None for mark in _APOSTROPHES})
    return whole + parts + (_split(joined) if joined != chunk else [])


def _split(text: str) -> list[str]:
    return "".join(char if _in_word(char) else " " for char in text).split()


def _trimmed(chunk: str) -> str:
    start = next((i for i, char in enumerate(chunk) if _in_word(char)), len(chunk))
    end = next((i for i in range(len(chunk), start, -1) if _in_word(chunk[i - 1])), start)
    return chunk[start:end]


def _in_word(char: str) -> bool:
    # Marks count: vowel signs of Indic scripts and of Thai are part of the word.
    return unicodedata.category(char)[0] in "LNM"


def _visible(text: str) -> str:
    return "".join(
        " " if char.isspace() else char
        for char in text
        if char.isspace() or unicodedata.category(char) not in _INVISIBLE
    )


def _without_marks(text: str) -> str:
    return "".join(char for char in _visible(unicodedata.normalize("NFKD", text)) if not _is_mark(char))


def _is_mark(char: str) -> bool:
    return unicodedata.combining(char) not in _LETTER_MARKS | {0} or "\ufe00" <= char <= "\ufe0f"
