"""The shared components: what they say, in which language, and that nothing given to them becomes markup."""

from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.conf import settings
from django.template import Context, Template
from django.template.loader import render_to_string
from django.utils import timezone, translation

from portal.names import initials
from portal.templatetags.statuses import REASONS, STATUSES
from portal.templatetags.ui import plain_date

GUID = "9c1f0b7e-4a53-4f7c-9d0e-1b6f2c8e4d2a"
NOON = datetime(2026, 11, 20, 11, 6, tzinfo=UTC)


def render(source: str, **context: object) -> str:
    return Template("{% load ui %}" + source).render(Context(context))


@pytest.fixture
def paris():
    with timezone.override(ZoneInfo("Europe/Paris")):
        yield


def test_status_says_icon_and_word():
    html = render('{% status "subscription.active" form="pill" %}')
    assert "<svg" in html
    assert "Active" in html
    assert "status-pill" in html
    assert "tone-ok" in html


def test_status_word_and_detail_replace_and_add():
    html = render('{% status "delegated_admin.ends" word=word detail="28 Nov" %}', word="Ends in 8 days")
    assert "Ends in 8 days" in html
    assert "Ends soon" not in html
    assert "28 Nov" in html


def test_status_escapes_what_it_is_given():
    html = render('{% status "partner.open" word=word detail=word %}', word="<b>now</b>")
    assert "<b>" not in html
    assert "&lt;b&gt;" in html


def test_every_status_and_reason_has_an_icon_that_exists():
    for key in STATUSES:
        assert "<path" in render("{% status key %}", key=key)
    for code in REASONS:
        assert "<path" in render("{% reason code 'Because.' %}", code=code)


def test_reasons_are_the_twelve_of_the_rules():
    assert len(REASONS) == 12


@pytest.mark.parametrize(
    "name", ["Trey Research", "The Ltd", "<script>", "admin@contoso.example", "l_été", ""]
)
def test_monogram_shows_the_same_letters_as_everywhere(name):
    assert f">{initials(name)}</span>" in render("{% monogram name %}", name=name)


def test_monogram_is_decoration():
    assert 'aria-hidden="true"' in render("{% monogram 'Contoso' %}")


def test_copyable_shortens_and_keeps_the_whole_value():
    html = render("{% copyable value label='Subscription ID' %}", value=GUID)
    assert f'<span class="id-full">{GUID}</span>' in html  # what stands there without JavaScript
    assert "9c1f0b7e…4d2a" in html
    assert f'title="{GUID}"' in html
    assert f'data-copy="{GUID}"' in html
    assert 'aria-label="Copy Subscription ID"' in html


def test_copyable_whole_value_is_not_shortened():
    assert "…" not in render("{% copyable value short=False %}", value=GUID)
    assert "…" not in render("{% copyable 'contoso.example' %}")


def test_a_domain_breaks_after_its_dots_and_is_no_markup():
    assert render("{{ value|at_dots }}", value="contoso.onmicrosoft.example") == (
        "contoso.<wbr>onmicrosoft.<wbr>example"
    )
    assert "<img" not in render("{{ value|at_dots }}", value="a.<img src=x.y>")


def test_copyable_escapes_its_value():
    assert "<img" not in render("{% copyable value short=False %}", value='"><img src=x>')


def test_local_time_in_english_and_french(paris):
    assert ">20 Nov 2026, 12:06</time>" in render("{% local_time at %}", at=NOON)
    with translation.override("fr"):
        assert ">20 nov. 2026, 12:06</time>" in render("{% local_time at %}", at=NOON)


def test_local_time_names_the_zone_and_keeps_utc_in_the_title(paris):
    html = render("{% local_time at zone=True %}", at=NOON)
    assert "20 Nov 2026, 12:06 CET" in html
    assert 'title="20 Nov 2026, 11:06 UTC"' in html
    assert 'datetime="2026-11-20T11:06:00+00:00"' in html
    assert ">12:06</time>" in render('{% local_time at only="time" %}', at=NOON)


def test_local_time_at_the_ends_of_the_calendar_does_not_fail():
    for zone in ("Asia/Tokyo", "America/Los_Angeles"):
        with timezone.override(ZoneInfo(zone)):
            last = render("{% local_time at zone=True %}", at=datetime(9999, 12, 31, 23, 59, tzinfo=UTC))
            first = render("{% local_date at %}", at=datetime(1, 1, 1, tzinfo=UTC))
        assert "9999" in last
        assert first


def test_local_time_of_nothing_is_nothing():
    assert render("{% local_time at %}{% local_date at %}", at=None) == ""
    assert plain_date(None) == ""


def test_local_date_is_the_readers_day():
    late = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    with timezone.override(ZoneInfo("Asia/Tokyo")):
        assert ">21 Nov 2026</time>" in render("{% local_date at %}", at=late)
        assert plain_date(late) == "21 Nov 2026"
    assert ">30 Sep</time>" in render("{% local_date day year=False %}", day=date(2026, 9, 30))


def test_words_follow_the_language():
    assert render("{% country 'ae' %}") == "United Arab Emirates"
    assert render("{% languages codes %}", codes=["fr", "en"]) == "French, English"
    assert render("{% join_words names %}", names=["A", "B", "C"]) == "A, B and C"
    assert render("{% number 1240 %} {% number 12000 cap=10000 %}") == "1,240 10,000+"
    with translation.override("fr"):
        assert render("{% country 'DE' %}") == "Allemagne"
        assert render("{% languages codes %}", codes=["fr", "en"]) == "français, anglais"
        assert render("{% join_words names %}", names=["A", "B", "C"]) == "A, B et C"
        assert render("{% number 1240 %}") == "1\u202f240"


def test_words_unknown_are_shown_as_they_are():
    assert render("{% country 'QQ' %}{% country None %}") == "QQ"
    assert render("{% languages codes %}", codes=["xx-yy"]) == "xx-yy"


class Question(forms.Form):
    email = forms.EmailField(label="Email", help_text="Where we answer.")
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea)
    country = forms.ChoiceField(label="Country", choices=[("FR", "France")], required=False)
    way = forms.ChoiceField(label="Way", choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)
    sure = forms.BooleanField(label="Sure", required=False)

    def clean(self):
        if "nobody" in self.data.get("email", ""):
            raise forms.ValidationError("Nobody <is> there.")


def test_field_ties_label_hint_and_error_to_the_control():
    html = render("{% field form.email %}", form=Question({"email": "x"}))
    assert '<label for="id_email">' in html
    assert 'aria-describedby="id_email_helptext id_email_error"' in html
    assert 'id="id_email_helptext"' in html
    assert 'id="id_email_error"' in html
    assert 'aria-invalid="true"' in html


def test_field_without_errors_has_no_error():
    html = render("{% field form.email %}", form=Question())
    assert "field-error" not in html
    assert "aria-invalid" not in html


def test_field_says_optional_only_where_it_is():
    form = Question()
    assert "(optional)" in render("{% field form.note %}", form=form)
    assert "(optional)" not in render("{% field form.email %}{% field form.sure %}", form=form)


def test_field_shapes_of_radio_select_and_checkbox():
    form = Question()
    assert "<fieldset" in render("{% field form.way %}", form=form)
    assert "select-box" in render("{% field form.country %}", form=form)
    assert 'class="choice"' in render("{% field form.sure %}", form=form)


def test_error_summary_counts_and_links():
    html = render("{% error_summary form %}", form=Question({"email": "nobody"}))
    assert 'role="alert"' in html
    assert "autofocus" in html
    assert 'href="#id_email"' in html
    assert "Nobody &lt;is&gt; there." in html
    assert "3 problems" in html


def test_error_summary_of_a_good_or_fresh_form_is_nothing():
    assert render("{% error_summary form %}", form=Question()).strip() == ""
    good = Question({"email": "a@b.example", "way": "a"})
    assert render("{% error_summary form %}", form=good).strip() == ""


def test_notice_is_announced_by_its_tone():
    assert 'role="status"' in render('{% notice "ok" title="Changed." %}Well.{% endnotice %}')
    assert 'role="alert"' in render('{% notice "bad" %}No.{% endnotice %}')
    assert "role=" not in render('{% notice "warn" %}Mind.{% endnotice %}')
    assert "autofocus" in render('{% notice "ok" focus=True %}Well.{% endnotice %}')


def test_notice_and_empty_state_escape_what_they_are_given():
    html = render('{% notice "ok" title=t %}{{ t }}{% endnotice %}', t="<i>")
    html += render('{% empty_state "map" t text=t %}{{ t }}{% endempty_state %}', t="<i>")
    assert "<i>" not in html


def test_pager_dashes_what_is_not_there():
    html = render('{% pager "1–25 of 40" "" "?after=x" target="rows" %}')
    assert html.count('aria-disabled="true"') == 1
    assert 'href="?after=x"' in html
    assert 'hx-target="#rows"' in html


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("page", ["500.html", "503.html"])
def test_broken_pages_need_neither_request_nor_database(page, language):
    with translation.override(language):
        html = render_to_string(page, {"request_id": "0197c2a4", "emergency": True})
    assert f'lang="{language}"' in html
    assert "0197c2a4" in html
    assert "<form" not in html
    assert "empty-emergency" in html
    assert "<script>" not in html


@pytest.mark.parametrize("page", ["400.html", "403.html", "404.html", "409.html", "429.html"])
def test_refusals_are_a_page_and_for_a_swap_only_the_card(page):
    whole = render_to_string(page, {"actor": None, "request_id": "0197c2a4"})
    assert "<!doctype html>" in whole
    assert "0197c2a4" in whole
    part = render_to_string(page, {"actor": None, "request": SimpleNamespace(htmx=True)})
    assert "<html" not in part
    assert "<h1>" in part


def test_templates_and_styles_carry_nothing_inline_and_nothing_foreign():
    root = Path(settings.BASE_DIR)
    for path in [*root.glob("templates/**/*.html")]:
        text = path.read_text()
        if path.parent.name == "emails":
            text = text.replace("<style>", "", 1)  # a mail brings its one sheet along: it may load nothing
        for forbidden in (" style=", "<style", "hx-on", " onclick=", "javascript:"):
            assert forbidden not in text, path
    for path in [*root.glob("static/css/**/*.css"), *root.glob("static/js/*.js")]:
        text = path.read_text()
        for forbidden in ("http:", "//cdn", "gradient", "eval("):
            assert forbidden not in text, path


def test_every_stylesheet_and_script_is_linked():
    root = Path(settings.BASE_DIR)
    linked = "".join(path.read_text() for path in root.glob("templates/**/*.html"))
    for path in [*root.glob("static/css/**/*.css"), *root.glob("static/js/*.js")]:
        assert str(path.relative_to(root / "static")) in linked, path


def test_colours_are_written_once():
    """Only the tokens know a colour (and forced black and white on paper)."""
    root = Path(settings.BASE_DIR) / "static/css"
    for path in root.glob("**/*.css"):
        if path.name in {"tokens.css", "print.css"}:
            continue
        assert "light-dark(" not in path.read_text(), path
