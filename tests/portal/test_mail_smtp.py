"""The outbox against a mail server that speaks SMTP: what each answer of a real one comes to."""

import socketserver
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from portal import tasks
from portal.mail import outbox
from portal.mail.letter import Letter, Telling
from portal.mail.outbox import NotSent
from portal.mail.recipients import Reader
from portal.models import Mail, MailKind, MailState
from tests.factories import MembershipFactory


class Server(socketserver.ThreadingTCPServer):
    """Answers each command with what `says` has for it, else with yes; `None` hangs up."""

    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        self.says: dict[str, str | None] = {}
        self.taken: list[str] = []
        super().__init__(("127.0.0.1", 0), Talk)


class Talk(socketserver.StreamRequestHandler):
    server: Server

    def handle(self) -> None:
        if not self._answer("CONNECT", "220 ready"):
            return
        while line := self.rfile.readline().decode().strip():
            verb = line.split(maxsplit=1)[0].upper()
            if verb == "DATA" and self._answer(verb, "354 go on"):
                lines = []
                while (part := self.rfile.readline().decode()) not in (".\r\n", ""):
                    lines.append(part)
                self.server.taken.append("".join(lines))
                verb = "END"
            if not self._answer(verb, "250 fine") or verb == "QUIT":
                return

    def _answer(self, verb: str, otherwise: str) -> bool:
        answer = self.server.says.get(verb, otherwise)
        if answer is not None:
            self.wfile.write(f"{answer}\r\n".encode())
        return answer is not None


@pytest.fixture
def server(settings) -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def mail(db) -> Mail:
    membership = MembershipFactory()
    reader = Reader(membership.user, membership.organisation)
    letter = Letter("Something happened", ["It did: déjà vu."], "Open the portal", "/")
    outbox.write(Telling(MailKind.ANSWER, [reader], lambda _: letter), reader, key="event")
    return Mail.objects.get()


def state(mail: Mail) -> MailState:
    mail.refresh_from_db()
    return mail.state(timezone.now() + timedelta(minutes=6))


def test_a_mail_that_is_taken_is_sent_with_its_headers(server, mail) -> None:
    tasks.send_mail(str(mail.pk))
    assert state(mail) == MailState.SENT
    said = server.taken.pop().replace("\r\n ", "")  # long headers are folded
    for header in (
        "Subject: Something happened",
        "List-Unsubscribe: <https://",
        "Auto-Submitted: auto-generated",
    ):
        assert header in said
    assert said.count("Message-ID: <") == 1


@pytest.mark.parametrize(
    ("says", "failure"),
    [
        ({"RCPT": "450 mailbox busy"}, "450 mailbox busy"),
        ({"END": "451 try later"}, "451 try later"),
        ({"MAIL": "530 sign in first"}, "sign in first"),
        ({"CONNECT": "421 too many"}, "too many"),
        ({"CONNECT": None}, "unreachable"),
    ],
)
def test_a_no_for_now_is_tried_again_and_then_sent_once(server, mail, says, failure) -> None:
    server.says = says
    with pytest.raises(NotSent):
        tasks.send_mail(str(mail.pk))
    assert state(mail) == MailState.WAITING
    assert mail.failure == failure
    server.says, server.taken = {}, []
    tasks.send_mail(str(mail.pk))
    assert state(mail) == MailState.SENT
    assert len(server.taken) == 1


@pytest.mark.parametrize("says", [{"RCPT": "550 no such user"}, {"END": "554 not wanted"}])
def test_a_no_for_good_is_the_end(server, mail, says) -> None:
    server.says = says
    tasks.send_mail(str(mail.pk))
    assert state(mail) == MailState.FAILED


def test_a_server_that_hangs_up_after_it_has_the_mail_gets_it_once(server, mail) -> None:
    server.says = {"END": None}
    tasks.send_mail(str(mail.pk))
    assert len(server.taken) == 1
    server.says = {}
    tasks.send_mail(str(mail.pk))
    assert len(server.taken) == 1
    assert state(mail) == MailState.UNKNOWN


def test_nobody_listening_is_tried_again(server, mail, settings) -> None:
    settings.EMAIL_PORT = 1
    with pytest.raises(NotSent):
        tasks.send_mail(str(mail.pk))
    assert (state(mail), mail.failure) == (MailState.WAITING, "unreachable")
