"""What holds at every door: the proof a form needs, what a page may run, what reading and refusing leave behind."""

import re

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles import finders
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.models import AuditEvent
from tests.architecture.cast import AMBI_FABRIKAM, ANONYMOUS, DEMO, EVERYBODY, NOBODY, Person
from tests.architecture.conftest import Browser, Stage
from tests.architecture.crawler import body_of, read_everything
from tests.architecture.relations import Target
from tests.architecture.routes import ROUTES, Entry
from tests.architecture.walk import patterns

THERE_ARE = {name for name, _path, _view in patterns()}
POSTS = [name for name, entry in ROUTES.items() if entry.post is not None and name in THERE_ARE]
GETS = [name for name, entry in ROUTES.items() if entry.get is not None and name in THERE_ARE]
ADMINS = [Person(name, "global_admin") for name in ("fabrikam", "trey", "contoso")]
#: What a successful POST leaves in the record; every other route leaves nothing.
EVENTS = {
    "organisation:end-former-secret": ["credential.secret_ended"],
    "organisation:limit-credentials": ["credential.limit_changed"],
    "organisation:new-credential": ["credential.created"],
    "organisation:rename-credential": ["credential.renamed"],
    "organisation:revoke-credential": ["credential.revoked"],
    "organisation:rotate-credential": ["credential.rotated"],
    "contacts:policy": ["policy.changed"],
    "contacts:repair": ["designation.ended"],
    "contacts:report": ["contact.report_answered"],
    "contacts:seen": ["designation.end_seen"],
    "customers:ask": ["step.asked"],
    "customers:choose": ["designation.ended"],
    "customers:dismiss-ask": ["step.dismissed"],
    "customers:end": ["customer_relationship.ended"],
    "customers:first-admin": ["member.invited"],
    "customers:register": ["subscription.registered"],
    "customers:request": ["customer_relationship.requested"],
    "customers:request-rights": ["delegated_admin.requested"],
    "customers:request-withdraw": ["delegated_admin.withdrawn"],
    "join": ["member.joined"],
    "organisation-invitation": [
        "member.joined",
        "organisation.created",
        "reseller_relationship.established",
    ],
    "organisation:change-profile": ["support_profile.changed"],
    "organisation:change-webhook": ["webhook.changed"],
    "organisation:delete-webhook": ["webhook.deleted"],
    "organisation:end-former-webhook-secret": ["webhook.secret_ended"],
    "organisation:invite": ["member.invited"],
    "organisation:member": ["member.roles_changed"],
    "organisation:new-webhook": ["webhook.created"],
    "organisation:pause-webhook": ["webhook.paused"],
    "organisation:remove-member": ["member.removed"],
    "organisation:resume-webhook": ["webhook.resumed"],
    "organisation:rotate-webhook": ["webhook.rotated"],
    "organisation:withdraw-invitation": ["member.invitation_withdrawn"],
    "partner_relationships:accept": ["customer_relationship.established", "delegated_admin.established"],
    "partner_relationships:decline": ["customer_relationship.declined", "delegated_admin.declined"],
    "partner_relationships:end": ["customer_relationship.ended", "delegated_admin.ended"],
    "partner_relationships:end-rights": ["delegated_admin.ended"],
    "providers:accept": ["reseller_relationship.established"],
    "providers:decline": ["reseller_relationship.declined"],
    "providers:end": ["reseller_relationship.ended"],
    "resellers:agreement": ["reseller_agreement.changed"],
    "resellers:end": ["reseller_relationship.ended"],
    "resellers:invitation-withdraw": ["organisation.invitation_withdrawn"],
    "resellers:invite": ["organisation.invited"],
    "resellers:request": ["reseller_relationship.requested"],
    "resellers:withdraw": ["reseller_relationship.withdrawn"],
    "support_contacts:acknowledge-duty": ["designation.acknowledged"],
    "support_contacts:decline-duty": ["designation.ended"],
    "support_contacts:hand-back-duty": ["designation.hand_back_planned"],
    "support_contacts:keep-duty": ["designation.hand_back_planned"],
    "support_contacts:remove-registered": ["subscription.removed"],
    "support_contacts:report": ["contact.reported"],
}
#: What reading may write: that a session was seen, that somebody tried, and the key of a mail put out of sight; the
#: sign-in pages also keep a copy of a person's own address.
READING_WRITES = ("django_session", "portal_ratelimit", "account_emailaddress")
WRITES = re.compile(r"\s*(?:WITH\b.*\b)?(?:INSERT|UPDATE|DELETE|TRUNCATE)\b", re.IGNORECASE | re.DOTALL)
#: Others who read: what an agent may not open, and what only the kinds of organisation above have not.
READING = [
    Person("tailspin", "global_admin"),
    Person("woodgrove", "helpdesk_agent"),
    Person("asked", "admin_agent"),
]
UNWANTED = {
    "inline style": re.compile(r"<style|\sstyle=", re.IGNORECASE),
    "inline script": re.compile(r"<script(?![^>]*\ssrc=)", re.IGNORECASE),
    "inline handler": re.compile(r"<[^>]*\s(?:on[a-z]+|hx-on[:\w-]*)=", re.IGNORECASE),
    "evaluated attribute": re.compile(r"""="(?:js|javascript):""", re.IGNORECASE),
    "address of elsewhere": re.compile(
        r"""<(?:script|link|img|iframe|source)[^>]*(?:src|href)=["'](?:https?:)?//""", re.I
    ),
}


def allowed(stage: Stage, name: str, method: str) -> tuple[Person, Target]:
    """Somebody for whom this works, and what it works on: their own, where they have some."""
    entry = ROUTES[name]
    for person in (*ADMINS, *EVERYBODY, NOBODY, ANONYMOUS):
        for target in sorted(entry.targets(stage.world, person), key=lambda found: found.relation != "own"):
            if entry.is_allowed(person, target, method) and succeeds(entry, person, target, method):
                return person, target
    raise AssertionError(f"nobody may {method} {name}")


def succeeds(entry: Entry, person: Person, target: Target, method: str) -> bool:
    return target.is_visible and entry.status(person, target, method) < 400


@pytest.mark.parametrize("name", [name for name in POSTS if name not in ("demo-sign-in", "mail-off")])
def test_a_form_without_its_proof_is_refused_and_changes_nothing(stage: Stage, name: str) -> None:
    person, target = allowed(stage, name, "POST")
    url, entry = reverse(name, args=target.args), ROUTES[name]
    fields = entry.fields(stage.world, person, target)
    assert stage.ask(person, "POST", url, fields).status_code == entry.status(person, target, "POST")
    strict = stage.sign_in(person, Browser(checks_csrf=True))
    with stage.cell():
        before = AuditEvent.objects.count()
        assert strict.call("POST", url, fields).status_code == 403
        assert AuditEvent.objects.count() == before


@pytest.mark.parametrize("name", [name for name in POSTS if name != "demo-sign-in"])
def test_a_change_leaves_its_event_and_nothing_else_does(stage: Stage, name: str) -> None:
    person, target = allowed(stage, name, "POST")
    stage.sign_in(person)
    with stage.cell():
        known = set(AuditEvent.objects.values_list("pk", flat=True))
        fields = ROUTES[name].fields(stage.world, person, target)
        response = stage.browser.call("POST", reverse(name, args=target.args), fields)
        events = list(AuditEvent.objects.exclude(pk__in=known))
        assert sorted(event.action for event in events) == EVENTS.get(name, [])
        for event in events:
            assert event.actor_id, "who"
            assert event.request_id == response["X-Request-ID"]


def test_no_page_is_left_out() -> None:
    """Whatever the resolver answers to GET is read below."""
    readable = {name for name, _path, view in patterns() if "GET" in view.route.methods}
    assert readable == set(GETS)


#: Pages only the demo or a token opens.
SHUT = ("demo-mail", "demo-mail-html", "metrics")


@pytest.mark.parametrize("name", [name for name in GETS if name not in SHUT])
def test_reading_changes_nothing(stage: Stage, name: str) -> None:
    """Everything somebody may open there, one's own or a stranger's: no statement writes, no table grows or shrinks."""
    entry, walked = ROUTES[name], 0
    with stage.cell(), CaptureQueriesContext(connection) as captured:
        before = sizes()
        for person in (*ADMINS, *READING, NOBODY, ANONYMOUS):
            stage.sign_in(person)
            for target in entry.targets(stage.world, person):
                response = stage.browser.call("GET", reverse(name, args=target.args))
                body_of(response)  # what is written while it is sent is read to its end
                walked += response.status_code < 400
        assert sizes() == before
    writes = [query["sql"] for query in captured.captured_queries if WRITES.match(query["sql"])]
    assert not [sql for sql in writes if not any(table in sql for table in READING_WRITES)]
    assert walked, "nobody here may open it"


def sizes() -> dict[str, int]:
    """Rows of every table but those that reading writes to."""
    tables = [
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and model._meta.db_table not in READING_WRITES
    ]
    counts = ", ".join(f'(SELECT count(*) FROM "{table}")' for table in tables)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {counts}")
        return dict(zip(tables, cursor.fetchone(), strict=True))


@pytest.mark.parametrize("person", [*ADMINS, AMBI_FABRIKAM], ids=str)
def test_pages_hold_nothing_inline_and_nothing_of_elsewhere(stage: Stage, person: Person) -> None:
    reading = read_everything(stage, person)
    assert len(reading.bodies) > 5
    for url, body in reading.bodies.items():
        found = [what for what, pattern in UNWANTED.items() if pattern.search(body)]
        assert not found, f"{url}: {found}"


def test_what_a_page_may_run_is_what_the_settings_say(stage: Stage) -> None:
    """Parsed, not compared as text: default nothing, everything else ourselves, no way around."""
    wanted = {
        name: {source.strip("'") for source in sources}
        for name, sources in settings.CONTENT_SECURITY_POLICY["DIRECTIVES"].items()
    }
    assert (
        wanted["default-src"]
        == wanted["frame-ancestors"]
        == wanted["object-src"]
        == wanted["base-uri"]
        == {"none"}
    )
    assert set().union(*wanted.values()) == {"none", "self"}
    missing = reverse("customers:preview", args=["00000000-0000-0000-0000-000000000000"])
    for person in (ANONYMOUS, *ADMINS):
        for url in (
            "/",
            reverse("account_login"),
            reverse("organisation:profile"),
            missing,
            "/no/such/page/",
        ):
            policy = stage.ask(person, "GET", url)["Content-Security-Policy"]
            said = {}
            for directive in filter(None, (part.strip() for part in policy.split(";"))):
                name, *sources = directive.split()
                assert name not in said, "a browser reads only the first"
                said[name] = {source.strip("'") for source in sources}
            assert said == wanted


def test_every_answer_has_an_id_of_its_own(stage: Stage) -> None:
    ids = [
        stage.ask(person, "GET", url)["X-Request-ID"] for person in ADMINS for url in ("/", "/no/such/page/")
    ]
    assert len(set(ids)) == len(ids)


def test_files_come_without_cookies_and_say_what_they_are(stage: Stage) -> None:
    for path in ("css/tokens.css", "img/logo.svg"):
        assert finders.find(path), f"{path} has moved: name another file here"
        for person in (ANONYMOUS, ADMINS[0]):
            response = stage.ask(person, "GET", f"{settings.STATIC_URL}{path}")
            assert response.status_code == 200
            assert "Set-Cookie" not in str(response.serialize_headers())
            assert not response.cookies
            assert response["X-Content-Type-Options"] == "nosniff"
            assert response.getvalue()  # read to its end, which closes the file


@pytest.mark.parametrize(
    ("demo", "who", "status"), [(False, "demo", 404), (True, "demo", 302), (True, "nobody", 404)]
)
def test_one_click_sign_in_is_for_the_people_of_the_demo(stage: Stage, settings, demo, who, status) -> None:
    settings.DEMO = demo
    fields = {"user": stage.world.users[who].pk}
    assert stage.ask(ANONYMOUS, "POST", reverse("demo-sign-in"), fields).status_code == status


def test_a_session_of_the_demo_ends_with_the_demo(stage: Stage, settings) -> None:
    settings.DEMO = True
    assert stage.ask(DEMO, "GET", reverse("account_change_password")).status_code == 200
    settings.DEMO = False
    assert stage.ask(DEMO, "GET", reverse("account_change_password")).status_code == 302
