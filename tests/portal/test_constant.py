"""What templates render once: icons, and parts that are the same for everybody."""

import pytest
from django.template import Context, TemplateSyntaxError, engines
from django.template.base import TextNode
from django.utils import translation
from heroicons import IconDoesNotExist
from heroicons.templatetags import heroicons

from portal.templatetags.icons import icon


def template(text: str):
    return engines["django"].from_string("{% load icons %}" + text).template


def render(text: str, **context: object) -> str:
    return template(text).render(Context(context))


@pytest.mark.parametrize("options", [{}, {"size": 16}, {"size": 16, "class": "mirrors"}], ids=str)
def test_an_icon_is_drawn_as_its_library_draws_it(options):
    drawn = heroicons.heroicon_mini("phone", **options)
    said = " ".join(
        f'{name}="{value}"' if name == "class" else f"{name}={value}" for name, value in options.items()
    )
    assert render(f'{{% heroicon_mini "phone" {said} %}}') == drawn
    assert icon("phone", **options) == drawn


def test_an_icon_written_out_is_text_and_one_by_name_is_not():
    assert isinstance(template('{% heroicon_mini "phone" %}').nodelist[-1], TextNode)
    named = template("{% heroicon_mini name %}")
    found = [named.render(Context({"name": name})) for name in ("phone", "flag")]
    assert found == [icon("phone"), icon("flag")]


def test_an_icon_that_is_not_there_is_a_mistake_of_the_template():
    with pytest.raises(IconDoesNotExist):
        template('{% heroicon_mini "no-such-icon" %}')
    with pytest.raises(TemplateSyntaxError):
        template('{% heroicon_mini "phone" 16 %}')


def test_a_constant_part_is_rendered_once_a_language():
    part = template("{% constant %}{% translate 'Help' %}{% endconstant %}")
    for language, word in (("en", "Help"), ("fr", "Aide"), ("en", "Help")):
        with translation.override(language):
            assert part.render(Context()) == word


def test_nobodys_data_can_stand_in_a_constant_part():
    part = template("{% constant %}<p>{{ contact }}</p>{% endconstant %}{{ contact }}")
    assert part.render(Context({"contact": "Trey"})) == "<p></p>Trey"
    assert part.render(Context({"contact": "Fabrikam"})) == "<p></p>Fabrikam"
