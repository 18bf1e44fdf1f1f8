"""The support card, from rows alone."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.template.loader import render_to_string

from portal.models import Organisation, Partner, SupportProfile
from subscriptions.models import Subscription
from support_contacts.cards import Customer, card_for, cards_of
from support_contacts.contacts import Shown
from support_contacts.models import ContactKind, Designation
from support_contacts.reach import mail_href, site

PARIS = ZoneInfo("Europe/Paris")
NIGHT = datetime(2026, 11, 22, 22, 14, tzinfo=UTC)
DAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
WEEK = {str(day): [["08:00", "18:30"]] for day in range(5)}


def partner(name, **profile):
    row = Partner(
        organisation=Organisation(name=name, sort_name=name.lower(), country="FR", time_zone="Europe/Paris")
    )
    row.support_profile = SupportProfile(partner=row, **profile)
    return row


def sold(provider, name="Microsoft 365 E3", identity="9c1f0b7e-4a53-4f7c-9d0e-1b6f2c8e4d2a", **extra):
    return Subscription(
        provider=provider, microsoft_id=identity, offer_name=name, sort_name=name.lower(), **extra
    )


FULL = {
    "telephone": "01 99 00 47 10",
    "urgent_telephone": "01 99 00 47 99",
    "email": "support@treyresearch.example",
    "website": "treyresearch.example/support",
    "languages": ["fr", "en"],
    "week": WEEK,
}


def told(card):
    return [(number.label, number.telephone.display, number.is_filled) for number in card.numbers]


def test_card_open_fills_the_main_number():
    card = card_for(partner("Trey", **FULL), [], at=DAY, zone=PARIS)
    assert told(card) == [
        ("Call", "+33 1 99 00 47 10", True),
        ("Urgent, outside office hours", "+33 1 99 00 47 99", False),
    ]
    assert card.remark == ""


def test_card_closed_fills_the_urgent_number_first():
    card = card_for(partner("Trey", **FULL), [], at=NIGHT, zone=PARIS)
    assert told(card) == [
        ("Urgent, outside office hours", "+33 1 99 00 47 99", True),
        ("Office hours", "+33 1 99 00 47 10", False),
    ]


def test_card_closed_without_an_urgent_line_fills_none_and_says_so():
    card = card_for(partner("Trey", **FULL | {"urgent_telephone": ""}), [], at=NIGHT, zone=PARIS)
    assert told(card) == [("Office hours", "+33 1 99 00 47 10", False)]
    assert card.remark == "No urgent line. Email is read after opening."
    without_mail = card_for(partner("Trey", telephone="01 99 00 47 10", week=WEEK), [], at=NIGHT, zone=PARIS)
    assert without_mail.remark == "No urgent line."


def test_card_of_unknown_hours_fills_the_main_number():
    card = card_for(partner("Trey", telephone="01 99 00 47 10"), [], at=NIGHT, zone=PARIS)
    assert told(card) == [("Call", "+33 1 99 00 47 10", True)]
    assert card.open.text == "Hours not given"
    assert card.hours == ""


def test_card_of_a_telephone_that_cannot_be_dialled_is_text_and_lends_the_sellers():
    seller = partner("Fabrikam", telephone="+33 1 99 00 12 00", always_open=True)
    card = card_for(partner("Trey", telephone="ask for Zoé, 47 10"), [sold(seller)], at=DAY, zone=PARIS)
    assert told(card) == [
        ("Call", "ask for Zoé, 47 10", False),
        ("Fabrikam, who sold it", "+33 1 99 00 12 00", True),
    ]
    assert card.has_telephone


def test_card_without_a_telephone_lends_the_number_of_who_added_it():
    seller = partner("Fabrikam", telephone="+33 1 99 00 12 00", always_open=True)
    row = sold(seller, purchased_through="open")
    card = card_for(partner("Trey", email="a@trey.example"), [row], at=DAY, zone=PARIS)
    assert told(card) == [("Fabrikam, who added it", "+33 1 99 00 12 00", True)]
    assert not card.has_telephone
    assert card.mail_href.startswith("mailto:a@trey.example?subject=")


def test_card_without_anything_uses_the_sellers_mail_and_site_by_name():
    seller = partner("Fabrikam", email="help@fabrikam.example", website="fabrikam.example")
    card = card_for(partner("Trey"), [sold(seller)], at=DAY, zone=PARIS)
    assert card.sentence == "Trey has given no contact details. Call Fabrikam."
    assert (card.mail_label, card.site_label) == ("Email Fabrikam", "Website of Fabrikam")


def test_card_is_never_empty_even_when_nobody_gave_anything():
    seller = partner("Fabrikam")
    alone = card_for(seller, [sold(seller)], at=DAY, zone=PARIS)
    assert alone.sentence == "Fabrikam has given no contact details. Your invoice or contract has them."


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("www.trey.example", "https://www.trey.example"),
        ("HTTP://trey.example/a", "HTTP://trey.example/a"),
        ("trey.example:8443/help", "https://trey.example:8443/help"),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("ftp://trey.example", ""),
        ("see our brochure", ""),
        ("https://[broken", ""),
    ],
)
def test_site_becomes_a_link_only_over_http(typed, url):
    assert site(SupportProfile(website=typed)).url == url


@pytest.mark.parametrize("typed", ["not an address", "@", "a@", "a b@c.example"])
def test_mail_that_is_no_address_is_no_link(typed):
    assert mail_href(typed, "x") == ""


def test_mail_subject_cannot_add_a_header():
    assert (
        mail_href("a+b@c.example", "E3 & more\nbcc:x?y")
        == "mailto:a%2Bb@c.example?subject=E3%20%26%20more%0Abcc%3Ax%3Fy"
    )


def test_mail_of_a_card_names_its_subscriptions_or_with_many_the_customer():
    desk = partner("Trey", **FULL)
    seller = partner("Fabrikam")
    rows = [Shown(sold(seller, f"Offer {n}", f"id-{n}"), desk, ContactKind.DESIGNATED) for n in range(6)]
    caller = Customer("Contoso", "tenant-id")
    one, three, six = (
        cards_of(rows[:n], at=DAY, zone=PARIS, customer=caller)[0].mail_href.split("subject=")[1]
        for n in (1, 3, 6)
    )
    assert one == "Offer%200%20%C2%B7%20id-0"
    assert all(f"id-{n}" in three for n in range(3))
    assert six == "Contoso%20%C2%B7%20tenant-id"


def test_cards_group_by_contact_and_order_by_kind_count_and_name():
    fabrikam, proseware = partner("Fabrikam", **FULL), partner("Proseware", **FULL)
    trey, alpine = partner("Trey", **FULL), partner("Alpine", **FULL)
    rows = [
        Shown(sold(fabrikam, "A", "1"), fabrikam, ContactKind.DEFAULT),
        Shown(sold(fabrikam, "B", "2"), fabrikam, ContactKind.NEW_COMMERCE),
        Shown(sold(fabrikam, "C", "3"), fabrikam, ContactKind.DEFAULT),
        Shown(sold(proseware, "D", "4"), proseware, ContactKind.DEFAULT),
        Shown(sold(proseware, "E", "5"), trey, ContactKind.DESIGNATED),
        Shown(sold(fabrikam, "F", "6"), alpine, ContactKind.DESIGNATED),
        Shown(sold(fabrikam, "G", "7"), trey, ContactKind.DESIGNATED),
    ]
    cards = cards_of(rows, at=DAY, zone=PARIS)
    assert [card.partner.name for card in cards] == ["Trey", "Alpine", "Fabrikam", "Proseware"]
    assert [product.notes for product in cards[0].products] == [("Sold by Proseware",), ("Sold by Fabrikam",)]
    assert (cards[0].seller, cards[2].seller) == ("", "Fabrikam")


def test_card_says_under_the_product_who_no_longer_supports_it_and_puts_it_first():
    fabrikam, tailspin = partner("Fabrikam", **FULL), partner("Tailspin Toys")
    stored = Designation(partner=tailspin, provider=fabrikam, started_at=NIGHT)
    rows = [
        Shown(sold(fabrikam, "Exchange", "1"), fabrikam, ContactKind.DEFAULT),
        Shown(sold(fabrikam, "Power BI", "2"), fabrikam, ContactKind.FALLBACK, stored, NIGHT),
    ]
    card = cards_of(rows, at=DAY, zone=PARIS)[0]
    assert [product.name for product in card.products] == ["Power BI", "Exchange"]
    assert card.products[0].fallback == "Tailspin Toys no longer supports it. Call Fabrikam, who sold it."
    assert card.since is None


def test_card_names_the_desks_zone_and_its_closed_dates():
    desk = partner(
        "Trey",
        **FULL | {"time_zone": "Europe/London", "closed_dates": [date(2026, 12, 25), date(2020, 1, 1)]},
    )
    card = card_for(desk, [], at=DAY, zone=PARIS)
    assert card.hours == "Mon–Fri 08:00–18:30 in London (GMT)"
    assert card.closed == "25 Dec 2026"
    assert card_for(partner("Trey", always_open=True), [], at=DAY, zone=PARIS).hours == "24 hours, every day"


def test_card_of_an_unsaved_profile_shows_what_was_typed_in_a_preview():
    desk = partner("Trey")
    typed = SupportProfile(partner=desk, **FULL)
    card = card_for(desk, [], at=DAY, zone=PARIS, profile=typed)
    html = render_to_string("support_contacts/_card.html", {"card": card, "preview": True})
    assert "tel:+33199004710" in html
    assert "What to tell support" not in html
    assert "support-for" not in html


def test_card_escapes_what_partners_type():
    bad = partner(
        "<script>alert(1)</script>",
        telephone="<b>",
        website="<i>",
        email='"><img src=x>@e.example',
        week=WEEK,
    )
    row = sold(bad, '"><svg onload=alert(1)>', '"><x', friendly_name="<u>")
    html = render_to_string("support_contacts/_card.html", {"card": card_for(bad, [row], at=DAY, zone=PARIS)})
    assert not any(tag in html for tag in ("<script", "<b>", "<i>", "<img", "<u>", "<x", "<svg onload"))


def test_card_of_many_lines_is_told_so_that_the_number_goes_first():
    desk = partner("Fabrikam", **FULL)
    short = [sold(desk, f"Offer {n}", f"id-{n}") for n in range(5)]
    long = [
        sold(desk, f"Microsoft 365 Enterprise E{n} (unattended licence, Northern region)", f"id-{n}")
        for n in range(5)
    ]
    assert not card_for(desk, short, at=DAY, zone=PARIS).is_long
    assert card_for(desk, long, at=DAY, zone=PARIS).is_long
