"""What every template keeps to: it works without scripts, says who posts, runs nothing inline, speaks two languages."""

import re
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parents[2]
# A mail is no page: it brings its one sheet of style along, and no script runs in it.
TEMPLATES = sorted(path for path in (HOUSE / "templates").rglob("*.html") if path.parent.name != "emails")
#: Words that are the same in every language, or are no words.
NAMES = {"PartnerID", "Microsoft", "ID", "DAP", "GDAP", "UTC", "X"}
#: What people read that stands in an attribute.
READ_ALOUD = (
    "aria-label",
    "placeholder",
    "title",
    "alt",
    "aria-description",
    "data-one",
    "data-many",
    "data-copied",
)
#: Forms about the person, not about an organisation's rows; every other one says which organisation it is for (R11).
PERSONAL = re.compile(
    r"account_\w+|'preferences'|'join'|demo-sign-in|switch|language_url|logout_url|action_url|portal/join|portal/arrival|portal/mail_off|mfa_activate_totp"
)
_TAG = re.compile(
    r"<(?P<name>[a-z][\w-]*)(?P<rest>(?:[^<>\"']|\"[^\"]*\"|'[^']*'|\{%.*?%\}|\{\{.*?\}\})*)>", re.DOTALL
)
_ATTRIBUTE = re.compile(r"([\w:-]+)=(\"[^\"]*\"|'[^']*')")


def readable(path: Path) -> str:
    return str(path.relative_to(HOUSE / "templates"))


def bare(text: str) -> str:
    """A template without its comments."""
    text = re.sub(r"\{% comment.*?%\}.*?\{% endcomment %\}", "", text, flags=re.DOTALL)
    return re.sub(r"\{#.*?#\}|<!--.*?-->", "", text, flags=re.DOTALL)


def tags(text: str) -> list[tuple[str, str]]:
    return [(match["name"], match["rest"]) for match in _TAG.finditer(bare(text))]


def forms(text: str) -> list[str]:
    """Every form that posts, from its tag to its end."""
    found = re.findall(r"<form\b.*?</form>", bare(text), flags=re.DOTALL)
    return [form for form in found if re.search(r"""method=["']post""", form)]


@pytest.mark.parametrize("path", TEMPLATES, ids=readable)
def test_it_works_without_scripts(path: Path) -> None:
    """Whatever htmx fetches is also an address to go to; whatever it posts is a form."""
    for name, rest in tags(path.read_text()):
        if "hx-get=" in rest:
            assert re.search(r"\b(href|action)=", rest), f"<{name}{rest}> goes nowhere without htmx"
        if re.search(r"\bhx-(post|put|patch|delete)=", rest):
            assert name == "form", f"<{name}{rest}> posts without being a form"
            assert re.search(r"\baction=", rest)
            assert "method=" in rest


@pytest.mark.parametrize("path", TEMPLATES, ids=readable)
def test_it_runs_nothing_inline(path: Path) -> None:
    text = bare(path.read_text())
    assert "<style" not in text
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    for name, rest in tags(text):
        names = {found.lower() for found, _value in _ATTRIBUTE.findall(rest)}
        wrong = {n for n in names if n == "style" or re.fullmatch(r"on[a-z]+", n) or n.startswith("hx-on")}
        assert not wrong, f"<{name}{rest}>"
        assert not re.search(r"""=["']\s*(js|javascript):""", rest)
        assert "hx-vars" not in names


@pytest.mark.parametrize("path", TEMPLATES, ids=readable)
def test_its_forms_have_their_proof_and_say_for_whom(path: Path) -> None:
    for form in forms(path.read_text()):
        # The signed address of a mail is its own proof: it is posted by mail programs as well.
        assert "{% csrf_token %}" in form or readable(path) == "portal/mail_off.html", form[:200]
        is_personal = PERSONAL.search(form) or PERSONAL.search(readable(path))
        assert is_personal or 'name="organisation"' in form, form[:200]
        assert not re.search(r"""action=["']https?:""", form)


@pytest.mark.parametrize("path", TEMPLATES, ids=readable)
def test_its_words_are_translated(path: Path) -> None:
    text = bare(path.read_text())
    text = re.sub(r"\{% blocktranslate.*?\{% endblocktranslate %\}", "", text, flags=re.DOTALL)
    text = re.sub(r"\{% block page_class %\}.*?\{% endblock %\}", "", text)
    # What a block tag is given is its own affair; what stands between tags is what people read.
    spoken = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", " ", text, flags=re.DOTALL)
    for _name, rest in tags(spoken):
        for attribute, value in _ATTRIBUTE.findall(rest):
            if attribute in READ_ALOUD:
                assert not words(value), f"{attribute}={value} is not translated"
    said = words(re.sub(r"<[^>]*>", " ", _TAG.sub(" ", spoken)))
    assert not said, f"not translated: {said}"


def words(text: str) -> list[str]:
    text = re.sub(r"&[a-z#0-9]+;", " ", text)
    return [word for word in re.findall(r"[^\W\d_]{2,}", text) if word not in NAMES]


def test_the_readers_read() -> None:
    """Each rule sees what it forbids."""
    assert tags('<a class="x" hx-get="{% url "y" %}" hx-target="#a">z</a>')[0][0] == "a"
    assert forms('<form method="post"><p></form> <form></form>') == ['<form method="post"><p></form>']
    assert words("PartnerID 12 · Save") == ["Save"]
    assert bare("a {# b #}{% comment %}c{% endcomment %}d") == "a d"
