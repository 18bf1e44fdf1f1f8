"""The mails themselves, the pages about them, the way out of a kind, and the demo's letter box."""

import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core import mail as django_mail
from django.test import Client
from django.urls import resolve, reverse
from django.utils import timezone, translation

from portal.mail import outbox
from portal.mail.compose import absolute, compose, named, off_path
from portal.mail.letter import Letter, Telling
from portal.mail.recipients import Reader
from portal.models import Mail, MailKind
from portal.permissions import Role
from portal.templatetags.ui import plain_date
from tests.factories import MembershipFactory, OrganisationFactory, ProviderFactory

HOSTILE = "Evil\r\nBcc: all@people.example\u202egnp.exe <script>alert(1)</script>"


@pytest.fixture
def world(db):
    provider = ProviderFactory(organisation=OrganisationFactory(name="Fabrikam", time_zone="Europe/Paris"))
    other = ProviderFactory(organisation=OrganisationFactory(name="Proseware"))
    member = MembershipFactory(organisation=provider.organisation, roles=[Role.HELPDESK_AGENT])
    return SimpleNamespace(provider=provider, other=other, member=member)


def reader(membership) -> Reader:
    return Reader(membership.user, membership.organisation)


def letter(subject="A subject", **more) -> Letter:
    return Letter(subject, ["A sentence."], "A button", "/duties/?show=earlier", **more)


def write(membership, subject="A subject", key="", **more) -> Mail:
    key = key or subject
    telling = Telling(MailKind.ANSWER, [reader(membership)], lambda _: letter(subject, **more))
    outbox.write(telling, reader(membership), key=key)
    return Mail.objects.get(key=key)


# -- what is written


def test_text_and_html_say_the_same_and_every_link_is_a_page_of_ours(world) -> None:
    mail = write(
        world.member,
        facts=[("Label", "Value <b>")],
        rows=[("Contoso", "Offer & more")],
        quoted="Two\nlines",
        closing="That is all.",
    )
    for words in ("A sentence.", "A button", "Label", "Contoso", "That is all.", "Fabrikam"):
        assert words in mail.text
        assert words in mail.html
    assert "Value <b>" in mail.text
    assert "Value &lt;b&gt;" in mail.html
    assert "> Two\n> lines" in mail.text
    links = set(re.findall(r'href="([^"]+)"', mail.html))
    assert links == set(re.findall(r"https?://[^\s]+", mail.text))
    for link in links:
        assert link.startswith("https://testserver/")
        resolve(link.removeprefix("https://testserver").partition("?")[0])
    assert not re.search(r"<img|<link|<script|url\(|\bsrc=|\bstyle=", mail.html)


def test_dates_are_the_readers(world) -> None:
    late = timezone.now().replace(year=2026, month=11, day=20, hour=23, minute=30)
    for language, zone, day in (("", "", "21 Nov 2026"), ("fr", "America/Montreal", "20 nov. 2026")):
        world.member.user.language, world.member.user.time_zone = language, zone
        telling = Telling(MailKind.ANSWER, [], lambda _: letter(plain_date(late)))
        composed = compose(telling, reader(world.member))
        assert composed.subject == day
        assert f'lang="{language or "en"}"' in composed.html
    assert translation.get_language() == "en", "the job's own language is left alone"


def test_a_name_breaks_neither_headers_nor_html_nor_the_direction(world) -> None:
    mail = write(world.member, subject=f"“{named(HOSTILE)}” asks", key="hostile")
    assert mail.subject == "“Evil Bcc: all@people.example gnp.exe <script>alert(1)</script>” asks"
    outbox.send(str(mail.pk))
    (message,) = django_mail.outbox
    assert message.message()["Bcc"] is None
    assert "<script>" not in mail.html
    assert "\u202e" not in mail.text + mail.html


# -- what became of them


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.GLOBAL_ADMIN, 200),
        (Role.ADMIN_AGENT, 200),
        (Role.USER_ADMIN, 200),
        (Role.HELPDESK_AGENT, 403),
        (Role.SALES_AGENT, 403),
        (Role.BILLING_ADMIN, 403),
    ],
)
def test_who_may_see_what_became_of_mails(client, world, role, status) -> None:
    who = MembershipFactory(organisation=world.provider.organisation, roles=[role])
    client.force_login(who.user)
    assert client.get(reverse("organisation:mail")).status_code == status


def test_the_list_says_what_became_of_each_and_nothing_of_others(client, world) -> None:
    top = MembershipFactory(organisation=world.provider.organisation)
    stranger = MembershipFactory(organisation=world.other.organisation)
    now = timezone.now()
    changes = {
        "Subject that waits": {},
        "Subject that left": {"sent_at": now, "attempted_at": now},
        "Subject that failed": {"gave_up_at": now, "attempted_at": now, "failure": "550 No such user"},
        "Subject tried again": {"attempted_at": now, "failure": "unreachable", "attempts": 2},
        "Subject nobody knows of": {"attempted_at": now - timedelta(hours=1), "attempts": 1},
        "Subject withheld": {"gave_up_at": now},
    }
    for subject, fields in changes.items():
        Mail.objects.filter(pk=write(world.member, subject).pk).update(**fields)
    write(stranger, "Subject of another organisation")
    client.force_login(top.user)
    page = client.get(reverse("organisation:mail")).content.decode()
    assert all(subject in page for subject in changes)
    for words in (
        "550 No such user",
        "The mail server cannot be reached.",
        "tried 2 times",
        "Not known whether",
    ):
        assert words in page
    assert "another organisation" not in page
    assert "A sentence." not in page, "what a mail said is its reader's"
    for state, subject in {
        "failed": "that failed",
        "unknown": "nobody knows",
        "sent": "that left",
        "withheld": "withheld",
    }.items():
        page = client.get(reverse("organisation:mail"), {"state": state}).content.decode()
        assert [s for s in changes if s in page] == [s for s in changes if subject in s]


def test_the_list_pages_without_losing_or_repeating_a_mail(client, world, django_assert_num_queries) -> None:
    top = MembershipFactory(organisation=world.provider.organisation)
    for n in range(60):
        write(world.member, f"Subject {n:02}")
    client.force_login(top.user)
    first = client.get(reverse("organisation:mail"))
    following = re.search(r'href="(\?after=[^"]+)"', first.content.decode())
    assert following
    second = client.get(reverse("organisation:mail") + following[1].replace("&amp;", "&"))
    seen = [set(re.findall(r"Subject \d\d", page.content.decode())) for page in (first, second)]
    assert [len(found) for found in seen] == [50, 10]
    assert not seen[0] & seen[1]
    assert (
        client.get(reverse("organisation:mail"), {"after": "nonsense", "state": "nonsense"}).status_code
        == 200
    )


# -- the way out


def test_the_link_of_a_mail_switches_its_kind_off_without_signing_in(client, world) -> None:
    mail = write(world.member)
    outbox.send(str(mail.pk))
    url = re.search(r"<https://testserver(.+)>", django_mail.outbox[0].extra_headers["List-Unsubscribe"])[1]
    assert url in mail.text
    assert url in mail.html
    for _look in range(2):
        page = client.get(url)
        assert page.status_code == 200
        assert "Answers to our requests" in page.content.decode()
    world.member.user.refresh_from_db()
    assert world.member.user.mail_off == [], "looking changes nothing"
    assert client.post(url).status_code == 302
    world.member.user.refresh_from_db()
    assert world.member.user.mail_off == ["answer"]
    assert "You get no more mails" in client.get(url).content.decode()
    client.post(url, {"on": "1"})
    world.member.user.refresh_from_db()
    assert world.member.user.mail_off == []


def test_the_way_out_leads_to_no_page_its_reader_has_not(client, world) -> None:
    """Preferences belong to members: a person who is of no organisation any more is not sent there."""
    url = off_path(str(world.member.user.pk), MailKind.ANSWER)
    preferences = reverse("preferences")
    assert preferences in client.get(url).content.decode()
    client.force_login(world.member.user)
    assert preferences in client.get(url).content.decode()
    world.member.delete()
    assert preferences not in client.get(url).content.decode()


def test_a_mail_programs_own_button_works_without_cookies(world) -> None:
    url = off_path(str(world.member.user_id), MailKind.REQUEST)
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post(url, {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    world.member.user.refresh_from_db()
    assert world.member.user.mail_off == ["request"]


def test_an_address_we_never_signed_is_not_there(client, world) -> None:
    url = off_path(str(world.member.user_id), MailKind.REQUEST)
    for bad in (url.replace("request", "answer"), "/mail/off/x/", url[:-5] + "AAAA/"):
        assert client.get(bad).status_code == 404
        assert client.post(bad).status_code == 404
    world.member.user.delete()
    assert client.get(url).status_code == 404


def test_preferences_switch_kinds_off_and_the_language_menu_leaves_them(client, world) -> None:
    user = world.member.user
    client.force_login(user)
    page = client.get(reverse("preferences")).content.decode()
    assert page.count('name="mails"') == len(MailKind) - 1
    assert page.count("checked") == len(MailKind) - 1
    posted = {"name": user.name, "language": "en", "time_zone": "", "mails": ["request", "member"]}
    assert client.post(reverse("preferences"), posted).status_code == 302
    user.refresh_from_db()
    assert set(user.mail_off) == {"answer", "ended", "designation", "report", "attention", "integration"}
    client.post(reverse("language"), {"language": "fr"})
    user.refresh_from_db()
    assert (user.language, len(user.mail_off)) == ("fr", 6)


# -- the demo's letter box


def test_outside_the_demo_there_is_no_letter_box(client, world) -> None:
    mail = write(world.member)
    assert client.get(reverse("demo-mail")).status_code == 404
    assert client.get(reverse("demo-mail-html", args=[mail.pk])).status_code == 404


def test_the_demo_shows_every_mail_whoever_it_was_for(client, world, settings, tmp_path) -> None:
    settings.DEMO = True
    settings.EMAIL_FILE_PATH = tmp_path
    assert "No mails yet" in client.get(reverse("demo-mail")).content.decode()
    mails = [write(world.member, f"Subject {n:02}") for n in range(60)]
    page = client.get(reverse("demo-mail")).content.decode()
    older = re.search(r'href="(\?before=[^"]+)"', page)
    seen = re.findall(r"Subject \d\d", page)
    seen += re.findall(r"Subject \d\d", client.get(reverse("demo-mail") + older[1]).content.decode())
    assert sorted(seen) == [mail.subject for mail in mails]
    page = client.get(reverse("demo-mail"), {"mail": mails[3].pk}, headers={"host": "localhost"})
    text = page.content.decode()
    assert "A sentence." in text
    assert 'href="http://localhost/duties/?show=earlier"' in text, "links lead to where the visitor is"
    assert absolute("/duties/") not in text
    assert "Sign in as" not in text, "only people of the demo are one click away"
    type(world.member.user).objects.update(is_demo=True)
    assert "Sign in as" in client.get(reverse("demo-mail"), {"mail": mails[3].pk}).content.decode()
    assert "frame-src 'self'" in page["Content-Security-Policy"]


def test_the_html_of_the_demo_is_shown_under_a_policy_of_its_own(client, world, settings) -> None:
    settings.DEMO = True
    mail = write(world.member)
    answer = client.get(reverse("demo-mail-html", args=[mail.pk]))
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox allow-top-navigation-by-user-activation" in policy
    assert re.search(r"style-src 'sha256-[\w+/=]+'", policy)
    assert "unsafe" not in policy
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert '<base target="_top">' in answer.content.decode()
    assert client.get(reverse("demo-mail-html", args=[world.member.pk])).status_code == 404


def test_the_demo_shows_what_was_mailed_without_the_outbox(client, world, settings, tmp_path) -> None:
    settings.DEMO = True
    settings.EMAIL_FILE_PATH = tmp_path
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    django_mail.send_mail("Come in", "Open https://testserver/join/secret/", None, ["new@people.example"])
    outbox.send(str(write(world.member).pk))
    page = client.get(reverse("demo-mail")).content.decode()
    assert page.count("Come in") == 1
    assert page.count("A subject") == 1, "what the outbox sent stands there once"
    chosen = re.search(r'href="(\?mail=[^"]+)"[^>]*><bdi>Come in', page)[1]
    text = client.get(reverse("demo-mail") + chosen).content.decode()
    assert "new@people.example" in text
    assert 'href="http://testserver/join/secret/"' in text
