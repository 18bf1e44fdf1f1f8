"""Which texts are links, and to where: one rule for the form, the importer and every card."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.models import SupportProfile
from portal.websites import url_of


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("www.trey.example", "https://www.trey.example"),
        (" trey.example/help ", "https://trey.example/help"),
        ("HTTP://trey.example/a", "HTTP://trey.example/a"),
        ("trey.example:8443/help", "https://trey.example:8443/help"),
        ("", ""),
        ("javascript:alert(1)", ""),
        ("javascript://trey.example/%0aalert(1)", ""),
        ("data:text/html,x", ""),
        ("ftp://trey.example", ""),
        ("//trey.example", ""),
        ("localhost", ""),
        ("help@trey.example", ""),
        ("https://www.microsoft.example@trey.example", ""),
        ("see our brochure", ""),
        ("https://[broken", ""),
    ],
)
def test_only_web_addresses_are_links(typed, url):
    assert url_of(typed) == url
    assert SupportProfile(website=typed).website_url == url


@given(st.text(max_size=40))
def test_whatever_is_typed_a_link_is_http(typed):
    assert url_of(typed) == "" or url_of(typed).lower().startswith(("http://", "https://"))
