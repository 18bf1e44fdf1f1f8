"""The select of zones is the one Django would write, without the time it takes to write it."""

import pytest
from django import forms
from django.test.html import parse_html
from django.utils import translation

from portal import zones
from portal.forms.zone_choice import ZoneField


class Form(forms.Form):
    zone = ZoneField(required=True)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["zone"].offer(("", "As in my browser"), ('Old/"Zone"', '<Old> & "Zone"'))


@pytest.mark.parametrize("chosen", ["Europe/Paris", "", None, 'Old/"Zone"', '"><script>', "Europe/Par"])
def test_it_is_what_django_writes(chosen):
    form = Form({"zone": chosen})
    attrs = {"id": "id_zone", "aria-invalid": "true", "aria-describedby": "why"}
    written = form.fields["zone"].widget.render("zone", chosen, attrs)

    django = forms.Select(choices=form.fields["zone"].choices)
    assert parse_html(written) == parse_html(django.render("zone", chosen, attrs))
    assert written.count(" selected") == (chosen in ("Europe/Paris", "", None, 'Old/"Zone"'))
    assert 'autocomplete="off"' in str(
        Form(initial={"zone": "UTC"})["zone"].as_widget(attrs={"autocomplete": "off"})
    )


def test_it_speaks_the_readers_language_and_takes_what_it_offers():
    with translation.override("fr"):
        form = Form({"zone": "Africa/Cairo"})
        assert "Le Caire (Africa/Cairo)</option>" in str(form["zone"])
    assert form.is_valid()
    assert "Cairo (Africa/Cairo)</option>" in str(Form()["zone"])
    assert not Form({"zone": "Africa/Nowhere"}).is_valid()
    zones.choices().clear()
    assert len(zones.choices()) > 300
