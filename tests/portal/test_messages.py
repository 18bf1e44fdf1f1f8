"""The portal speaks French: everything it says is in the catalogue, translated, and set as French is set."""

import re
from pathlib import Path

import pytest
from babel.messages import Message
from django.core.management import call_command
from django.core.management.base import CommandError
from django.template import Context, Template
from django.utils.translation import gettext, ngettext, override, pgettext

from portal import messages
from portal.templatetags.statuses import STATUSES

NAMED = re.compile(r"%\((\w+)\)([a-z])|\{(\w*)\}")
RUN = "run `make messages`, translate what it names, and commit the catalogue"


def told(message: Message) -> str:
    return f"[{message.context}] {message.id!r}" if message.context else repr(message.id)


def keys(catalog: messages.Catalog) -> set[tuple[object, str | None]]:
    return {(message.id, message.context) for message in catalog if message.id}


def pairs(language: str) -> list[tuple[Message, list[str], str]]:
    """Every translation beside what it may be taken from, plural forms one by one.

    A singular may be taken from both forms: some say the number in words, some in figures.
    """
    found = []
    for message in messages.read(language):
        if isinstance(message.id, str):
            found += [(message, [message.id], str(message.string))] if message.id else []
        else:
            originals, forms = list(message.id), list(message.string or ())
            found += [(message, originals[min(number, 1) :], text) for number, text in enumerate(forms)]
    return found


def gathered(tmp_path: Path, name: str, text: str) -> list[tuple[object, str | None, list[str]]]:
    source = tmp_path / name
    source.write_text(text)
    return [(message.id, message.context, message.auto_comments) for message in messages.extract(source)]


# -- the committed catalogues


@pytest.fixture(scope="module")
def said() -> messages.Catalog:
    return messages.gathered()


@pytest.fixture(scope="module", params=["fr"])
def language(request: pytest.FixtureRequest) -> str:
    return request.param


def test_every_language_offered_has_a_catalogue():
    assert messages.languages() == ["fr"]
    assert all(messages.catalogue(code).exists() for code in messages.languages())


def test_catalogue_is_what_the_code_says(language, said):
    own, known = keys(said), keys(messages.read(language))
    assert not own - known, f"not in the catalogue ({RUN}): {sorted(map(str, own - known))}"
    assert not known - own, f"said nowhere any more ({RUN}): {sorted(map(str, known - own))}"


def test_catalogue_is_written_as_make_messages_writes_it(language, said):
    written = messages.catalogue(language).read_bytes()
    assert written == messages.text_of(messages.updated(language, said)), RUN


def test_catalogue_is_translated_whole(language):
    assert messages.untranslated(messages.read(language)) == []


def test_catalogue_has_nothing_fuzzy(language):
    assert [told(message) for message in messages.read(language) if message.id and message.fuzzy] == []


def test_translations_have_the_names_of_their_originals(language):
    wrong = [
        f"{told(message)}: {text!r}"
        for message, originals, text in pairs(language)
        if sorted(NAMED.findall(text)) not in [sorted(NAMED.findall(original)) for original in originals]
    ]
    assert wrong == []


def test_translations_keep_percent_signs_apart_from_names(language):
    """Text that is filled in with names has each other percent sign twice."""
    wrong = [
        told(message)
        for message, _originals, text in pairs(language)
        if "%(" in text and "%" in NAMED.sub("", text.replace("%%", ""))
    ]
    assert wrong == []


def test_translations_end_as_their_originals(language):
    """No full stop lost, none added."""

    def end(text: str) -> str:
        return text.rstrip()[-1:] if text.rstrip()[-1:] in ".:?" else ""

    wrong = [
        f"{told(m)}: {text!r}" for m, originals, text in pairs(language) if end(text) != end(originals[0])
    ]
    assert wrong == []


# -- French as it is set


def french(pattern: str) -> list[str]:
    return [
        f"{told(message)}: {text!r}" for message, _originals, text in pairs("fr") if re.search(pattern, text)
    ]


def test_french_apostrophes_are_curly():
    assert french("'") == []


def test_french_double_signs_have_a_space_that_does_not_break():
    assert french(r"(?<![\u00a0\u202f0-9%])[;!?]|(?<![\u00a0\u202f0-9s/]):(?!//)") == []
    assert french(r"[^\S\u00a0\u202f]+[:;!?]") == []


def test_french_quotes_are_guillemets_with_spaces_that_do_not_break():
    # What stands in an attribute of a tag is no quotation.
    assert french(r"«(?![\u00a0\u202f])|(?<![\u00a0\u202f])»|[“”]|(?<!=)\"(?!>)") == []


def test_french_speaks_politely():
    assert french(r"(?i)\b(tu|toi|ton|tes)\b") == []


# -- what is built and used


def test_built_translations_are_fresh():
    """tests/conftest.py builds them before the first test, `make run` before it serves."""
    for code in messages.languages():
        built = messages.catalogue(code).with_suffix(".mo")
        assert built.exists(), f"The translations ({code}) are not built: run `manage.py compile_messages`."
        stale = built.read_bytes() != messages.built(code)
        assert not stale, f"The built translations ({code}) are stale: run `manage.py compile_messages`."


def test_every_message_is_said_in_french():
    """As Django finds them at run time, in the file that is built, plural forms included."""
    with override("fr"):
        for message in messages.read("fr"):
            if not message.id:
                continue
            if isinstance(message.id, str):
                text = pgettext(message.context, message.id) if message.context else gettext(message.id)
                assert text == message.string
            elif not message.context:
                one, many = message.id
                texts = [ngettext(one, many, number) for number in (0, 1, 2, 5)]
                assert texts == [list(message.string or ())[form] for form in (0, 0, 1, 1)]


def test_templates_are_rendered_in_french():
    page = Template(
        "{% translate 'Submit' %} · {% blocktranslate with customer='Contoso' %}{{ customer }} sees the change at once."
        "{% endblocktranslate %}"
    )
    with override("en"):
        assert page.render(Context()) == "Submit · Contoso sees the change at once."
    with override("fr"):
        assert page.render(Context()) == "Envoyer · Contoso voit le changement aussitôt."


def test_status_words_agree_with_their_noun():
    with override("fr"):
        words = {key: str(STATUSES[key].word) for key in STATUSES}
    assert words["subscription.active"] == "Actif"
    assert words["delegated_admin.active"] == "Actifs"
    assert words["subscription.ended"] == "Terminé"
    assert words["relationship.ended"] == "Terminée"


@pytest.mark.django_db
def test_first_page_is_french_for_a_french_browser(client):
    page = client.get("/", headers={"accept-language": "fr-CA,fr;q=0.9,en;q=0.5"}).content.decode()
    assert '<html lang="fr"' in page
    assert "Se connecter" in page
    assert "Mot de passe oublié" in page


# -- the tool


def test_extract_template_finds_what_it_says(tmp_path):
    found = gathered(
        tmp_path,
        "page.html",
        """{% load i18n %}
        {# Translators: the button #}
        {% translate "Send" %}{% translate 'Open' context "shop" as word %}
        {% blocktranslate trimmed count n=rows|length with name=row.name %}
            {{ n }} row of {{ name }}, 100%
        {% plural %}
            {{ n }} rows of {{ name }}, 100%
        {% endblocktranslate %}
        {% blocktranslate context "menu" asvar text %}Two{% endblocktranslate %}
        {{ who|default:_("Somebody") }} {% include "a.html" with title=_("Here") %} {{ variable }}""",
    )
    assert [(id, context) for id, context, _comments in found] == [
        ("Send", None),
        ("Open", "shop"),
        (("%(n)s row of %(name)s, 100%%", "%(n)s rows of %(name)s, 100%%"), None),
        ("Two", "menu"),
        ("Somebody", None),
        ("Here", None),
    ]
    assert found[0][2] == ["Translators: the button"]


def test_extract_python_finds_what_it_says_under_any_name(tmp_path):
    found = gathered(
        tmp_path,
        "module.py",
        "from django.utils.translation import gettext as _, gettext_lazy as later, ngettext, pgettext_lazy\n"
        "# Translators: a sentence\n"
        "a = _('One ' 'sentence')\n"
        "b = later('Later')\n"
        "c = ngettext('%(n)s row', '%(n)s rows', n)\n"
        "d = pgettext_lazy('month', 'May')\n"
        "e = _(variable), other('Not said'), _(f'{variable}')\n",
    )
    assert found == [
        ("One sentence", None, ["Translators: a sentence"]),
        ("Later", None, []),
        (("%(n)s row", "%(n)s rows"), None, []),
        ("May", "month", []),
    ]


def test_build_writes_only_what_changed(settings, tmp_path):
    settings.LOCALE_PATHS = [tmp_path]
    catalogue = messages.catalogue("fr")
    catalogue.parent.mkdir(parents=True)
    catalogue.write_text(
        'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "Close"\nmsgstr "Fermer"\n'
    )
    assert messages.build() == ["fr"]
    built = catalogue.with_suffix(".mo")
    first = built.stat().st_mtime_ns
    assert b"Fermer" in built.read_bytes()
    assert messages.build() == []
    assert built.stat().st_mtime_ns == first


def test_make_messages_adds_what_is_new_and_drops_what_is_gone(settings, tmp_path, capsys):
    settings.BASE_DIR = tmp_path
    settings.LOCALE_PATHS = [tmp_path / "locale"]
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "page.html").write_text("{% translate 'Close' %}{% translate 'Cancel' %}")
    catalogue = messages.catalogue("fr")
    catalogue.parent.mkdir(parents=True)
    head = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'
    catalogue.write_text(
        head
        + 'msgid "Close"\nmsgstr "Fermer"\n\n#, fuzzy\nmsgid "Cancel"\nmsgstr "Anuler"\n\n'
        + 'msgid "Gone"\nmsgstr "Parti"\n'
    )
    with pytest.raises(CommandError, match="make messages"):
        call_command("make_messages", "--check")
    call_command("make_messages")
    said = {message.id: message.string for message in messages.read("fr")}
    assert said == {"": said[""], "Cancel": "", "Close": "Fermer"}
    assert "fr: not translated: Cancel" in capsys.readouterr().out
    written = catalogue.read_bytes()
    call_command("make_messages", "--check")
    assert catalogue.read_bytes() == written
