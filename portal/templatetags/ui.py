"""The few components templates share: they escape what they are given and speak the active language."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from typing import Any

from babel import Locale
from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import format_decimal
from django import template
from django.forms import BaseForm, BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect, Select
from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal.names import initials
from portal.templatetags.icons import icon as drawn
from portal.templatetags.statuses import NOTICES, REASONS, STATUSES
from portal.zones import abbreviation, locale_for

register = template.Library()

_FORMS = {"pill": "status-pill", "bare": "status-bare", "quiet": "status-quiet"}


# -- state


@register.simple_tag
def status(key: str, form: str = "bare", word: object = None, detail: object = None) -> SafeString:
    """Icon and word of a state. `word` replaces the known word ("Ends in 25 days"), `detail` is a line."""
    mark = _status(key, form, word) if word else _known(key, form, get_language())
    if not detail:
        return mark
    return format_html('{}<span class="status-detail">{}</span>', mark, detail)


def _status(key: str, form: str, word: object) -> SafeString:
    icon, tone, _known = STATUSES[key]
    return format_html(
        '<span class="status {} tone-{}">{}<span>{}</span></span>',
        _FORMS[form],
        tone,
        drawn(icon, size=16),
        word,
    )


@lru_cache(maxsize=512)
def _known(key: str, form: str, _language: str | None) -> SafeString:
    """A state in its own word of the active language: there are few."""
    return _status(key, form, STATUSES[key].word)


@register.simple_tag
def reason(code: str, sentence: object) -> SafeString:
    """Why a reseller is not available: icon of the code, one sentence."""
    icon, tone = REASONS[code]
    return format_html(
        '<p class="reason-why tone-{}">{}<span>{}</span></p>', tone, drawn(icon, size=16), sentence
    )


@register.simple_tag
def tag(word: object, accent: bool = False) -> SafeString:
    """A small label that is not a status."""
    return format_html('<span class="tag{}">{}</span>', " tag-accent" if accent else "", word)


@register.simple_tag
def monogram(name: str, tone: str = "", size: str = "") -> SafeString:
    """Two letters of a name; decorative, so hidden from screen readers."""
    extra = "".join(f" monogram-{part}" for part in (tone, size) if part)
    return format_html(
        '<span class="monogram{}" aria-hidden="true">{}</span>', extra, initials(str(name or ""))
    )


@register.simple_tag
def copyable(value: object, short: bool = True, label: object = "") -> SafeString:
    """An identifier with its copy button; without JavaScript the whole identifier stands there."""
    text = str(value)
    shortens = short and len(text) > 16
    shown = (
        format_html(
            '<span class="id-full">{}</span><span class="id-short" aria-hidden="true">{}…{}</span>',
            text,
            text[:8],
            text[-4:],
        )
        if shortens
        else at_dots(text)
    )
    return format_html(
        '<span class="copyable{}"><bdi class="id" dir="ltr" title="{}">{}</bdi>'
        '<button class="copy" type="button" data-copy="{}" data-copied="{}" aria-label="{}">{}</button>'
        "</span>",
        " id-shortens" if shortens else "",
        text,
        shown,
        text,
        _("Copied"),
        _("Copy %(what)s") % {"what": label} if label else _("Copy"),
        drawn("square-2-stack", size=14),
    )


@register.filter
def at_dots(text: object) -> SafeString:
    """A domain that breaks, where it has to, after a dot and not within a word."""
    return mark_safe(".<wbr>".join(conditional_escape(part) for part in str(text).split(".")))  # noqa: S308


# -- words and numbers of the active language


_BRITISH = Locale("en", "GB")  # "A, B and C"; for dates plain English is right: British data say "Sept"


@register.simple_tag
def country(code: str | None) -> str:
    """Name of a country in the active language."""
    return locale_for().territories.get((code or "").upper(), code or "")


@register.simple_tag
def languages(codes: Iterable[str]) -> str:
    """Names of languages in the active language, in the order given."""
    names = locale_for().languages
    return ", ".join(names.get(code.replace("-", "_"), names.get(code.split("-")[0], code)) for code in codes)


@register.simple_tag
def join_words(words: Iterable[object]) -> str:
    """A, B and C."""
    locale = locale_for()
    return format_list([str(word) for word in words], locale=_BRITISH if locale.language == "en" else locale)


@register.simple_tag
def number(value: int, cap: int | None = None) -> str:
    """1,240 in English, 1 240 in French; over the cap "10,000+"."""
    if cap is not None and value > cap:
        return format_decimal(cap, locale=locale_for()) + "+"
    return format_decimal(value, locale=locale_for())


# -- dates


def _local(moment: datetime, zone: tzinfo | None) -> datetime:
    try:
        return moment.astimezone(zone or timezone.get_current_timezone())
    except (OverflowError, ValueError):  # the last or first hours of the calendar
        return moment


def _long(moment: datetime) -> str:
    return f"{_day(moment.date())}, {moment:%H:%M}"


def _day(day: date, pattern: str = "d MMM y") -> str:
    return _written(day, pattern, locale_for())


@lru_cache(maxsize=4096)
def _written(day: date, pattern: str, locale: Locale) -> str:
    """A day in a language is always written alike, and a page has the same few days again and again."""
    return format_date(day, pattern, locale=locale)


@register.simple_tag
def local_time(moment: datetime | None, zone: bool = False, only: str = "") -> SafeString | str:
    """20 Nov 2026, 12:06 in the reader's zone, UTC in the title. `zone` names it; `only="time"`: no day."""
    if moment is None:
        return ""
    there = _local(moment, None)
    text = f"{there:%H:%M}" if only == "time" else _long(there)
    if zone:
        text += f" {abbreviation(there.tzinfo or UTC, there)}"
    utc = _local(moment, UTC)
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>', utc.isoformat(timespec="seconds"), _long(utc), text
    )


@register.simple_tag
def local_date(day: date | datetime | None, year: bool = True) -> SafeString | str:
    """20 Nov 2026; an instant is first moved to the reader's zone."""
    if day is None:
        return ""
    if isinstance(day, datetime):
        day = _local(day, None).date()
    text = _day(day, "d MMM y" if year else "d MMM")
    return format_html('<time datetime="{}">{}</time>', day.isoformat(), text)


def plain_date(day: date | datetime | None) -> str:
    """The date alone, for sentences composed in Python."""
    if day is None:
        return ""
    if isinstance(day, datetime):
        day = _local(day, None).date()
    return _day(day)


# -- forms


@register.inclusion_tag("ui/field.html")
def field(bound: BoundField, optional: bool | None = None, hint: object = None) -> dict[str, Any]:
    """Label, control, hint and error of one form field, tied together for screen readers."""
    widget = bound.field.widget
    if isinstance(widget, RadioSelect | CheckboxSelectMultiple):
        kind = "group"
    elif isinstance(widget, CheckboxInput):
        kind = "check"
    else:
        kind = "select" if isinstance(widget, Select) and not widget.allow_multiple_selected else "plain"
    return {
        "field": bound,
        "kind": kind,
        "optional": not bound.field.required and kind != "check" if optional is None else optional,
        "hint": hint or bound.help_text,
    }


@register.inclusion_tag("ui/error_summary.html")
def error_summary(form: BaseForm) -> dict[str, Any]:
    """What is wrong with a form, with links to the fields; nothing when nothing is."""
    problems: list[tuple[BoundField | None, object]] = (
        [(None, message) for message in form.non_field_errors()] if form.is_bound else []
    )
    if form.is_bound:
        problems += [(bound, message) for bound in form.visible_fields() for message in bound.errors]
    return {"problems": problems, "count": len(problems)}


# -- blocks


@register.simple_block_tag
def notice(content: str, tone: str, title: object = "", focus: bool = False) -> SafeString:
    """A message that stays: ok is announced, bad is an alert and takes the focus, warn and wait are plain."""
    icon, attributes = NOTICES[tone]
    if focus and "autofocus" not in attributes:
        attributes += ' tabindex="-1" autofocus'
    return format_html(
        '<div class="notice tone-{}"{}>{}<div class="notice-body">{}{}</div></div>',
        "wait" if tone == "info" else tone,
        mark_safe(attributes),  # noqa: S308 (our own constants)
        drawn(icon),
        format_html("<strong>{}</strong> ", title) if title else "",
        conditional_escape(content),
    )


@register.simple_block_tag
def empty_state(content: str, icon: str, title: object, text: object = "", level: int = 2) -> SafeString:
    """Nothing here, and the next step (the block's content: buttons)."""
    return format_html(
        '<div class="empty"><div class="empty-icon">{}</div><h{level}>{}</h{level}>{}{}</div>',
        drawn(icon, size=26),
        title,
        format_html('<p class="empty-text">{}</p>', text) if text else "",
        format_html('<div class="actions">{}</div>', conditional_escape(content)) if content.strip() else "",
        level=level,
    )


@register.inclusion_tag("ui/pager.html")
def pager(summary: object, previous: str = "", following: str = "", target: str = "") -> dict[str, Any]:
    """Previous and next; what is unavailable is dashed, not hidden. `target`: id of the swapped fragment."""
    return {"summary": summary, "previous": previous, "following": following, "target": target}


@register.inclusion_tag("ui/line.html")
def line(fallback: bool = False) -> dict[str, Any]:
    """The mark between a customer and a partner: solid = designated, dashed = fallback to the provider."""
    return {"fallback": fallback}
