"""A mail is written once and handed over at most once; what the mail server refuses is tried again and shown."""

import smtplib
import threading
from datetime import timedelta

import pytest
from django.core import mail as django_mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, transaction
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from portal import tasks
from portal.mail import outbox
from portal.mail.letter import Letter, Telling
from portal.mail.outbox import ATTEMPTS, NotSent
from portal.mail.recipients import Reader
from portal.models import Mail, MailKind, MailState
from tests.factories import MembershipFactory, UserFactory
from tests.letterbox import waiting

LETTER = Letter("Something happened", ["It did."], "Open the portal", "/")


class Scripted(BaseEmailBackend):
    """A mail server that answers as the test says: raises what it is given, or takes the mail."""

    answers: list[BaseException] = []
    taken: list = []

    def send_messages(self, messages):
        if self.answers:
            raise self.answers.pop(0)
        self.taken.extend(messages)
        return len(messages)


@pytest.fixture
def server(settings):
    settings.EMAIL_BACKEND = f"{__name__}.Scripted"
    Scripted.answers, Scripted.taken = [], []
    return Scripted


@pytest.fixture
def reader(db) -> Reader:
    membership = MembershipFactory()
    return Reader(membership.user, membership.organisation)


def written(reader: Reader, key: str = "event") -> Mail:
    outbox.write(Telling(MailKind.REQUEST, [reader], lambda _: LETTER), reader, key=key)
    return Mail.objects.get(key=key)


def state(mail: Mail, *, after: timedelta = timedelta()) -> MailState:
    mail.refresh_from_db()
    now = timezone.now() + after
    assert (
        Mail.objects.of_state(mail.state(now), now).filter(pk=mail.pk).exists()
    )  # the rule twice, once as SQL
    others = [other for other in MailState if other != mail.state(now)]
    assert not any(Mail.objects.of_state(other, now).filter(pk=mail.pk).exists() for other in others)
    return mail.state(now)


def test_a_mail_is_written_with_the_job_that_sends_it(reader) -> None:
    mail = written(reader)
    assert (mail.address, mail.language, mail.user) == (reader.user.email, "en", reader.user)
    assert waiting("portal.send_mail") == [{"mail_id": str(mail.pk)}]
    assert state(mail) == MailState.WAITING


def test_telling_twice_writes_one_mail_and_one_job(reader) -> None:
    written(reader)
    written(reader)
    assert Mail.objects.count() == len(waiting("portal.send_mail")) == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_tell_at_once_write_one_mail() -> None:
    membership = MembershipFactory()
    reader = Reader(membership.user, membership.organisation)
    start = threading.Barrier(4)

    def tell() -> None:
        start.wait()
        try:
            written(reader)
        finally:
            connection.close()

    threads = [threading.Thread(target=tell) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Mail.objects.count() == 1
    assert ProcrastinateJob.objects.filter(task_name="portal.send_mail").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_rolls_back_leaves_neither_mail_nor_job() -> None:
    membership = MembershipFactory()
    with transaction.atomic():
        written(Reader(membership.user, membership.organisation))
        transaction.set_rollback(True)
    assert not Mail.objects.exists()
    assert not waiting("portal.send_mail")


def test_a_mail_goes_out_as_text_and_html_with_its_way_out(reader) -> None:
    mail = written(reader)
    tasks.send_mail(str(mail.pk))
    (message,) = django_mail.outbox
    assert (message.to, message.subject) == ([reader.user.email], "Something happened")
    assert "It did." in message.body
    assert message.alternatives[0].mimetype == "text/html"
    assert message.extra_headers["List-Unsubscribe"].startswith("<https://testserver/mail/off/")
    assert message.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert state(mail) == MailState.SENT
    assert b"Something happened" in message.message().as_bytes()


def test_a_job_that_runs_twice_sends_once(reader, server) -> None:
    mail = written(reader)
    tasks.send_mail(str(mail.pk))
    tasks.send_mail(str(mail.pk))
    assert len(server.taken) == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_send_at_once_send_once(server) -> None:
    membership = MembershipFactory()
    mail = written(Reader(membership.user, membership.organisation))
    start = threading.Barrier(4)

    def send() -> None:
        start.wait()
        try:
            tasks.send_mail(str(mail.pk))
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.taken) == 1
    assert state(mail) == MailState.SENT


class Killed(BaseException):
    """The worker dies at this point: nothing of ours gets to run any more."""


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_while_it_hands_over_never_sends_it_again(server) -> None:
    membership = MembershipFactory()
    mail = written(Reader(membership.user, membership.organisation))
    server.answers = [Killed()]
    with pytest.raises(Killed):
        tasks.send_mail(str(mail.pk))
    mail.refresh_from_db()
    assert mail.attempted_at is not None, "committed before it was handed over"
    tasks.send_mail(str(mail.pk))  # the stalled job is taken up again
    assert server.taken == []
    assert state(mail) == MailState.WAITING
    assert state(mail, after=timedelta(minutes=6)) == MailState.UNKNOWN


def test_a_line_that_breaks_while_handing_over_is_not_tried_again(reader, server) -> None:
    mail = written(reader)
    server.answers = [smtplib.SMTPServerDisconnected("Connection unexpectedly closed")]
    tasks.send_mail(str(mail.pk))
    tasks.send_mail(str(mail.pk))
    assert server.taken == []
    assert state(mail, after=timedelta(minutes=6)) == MailState.UNKNOWN


def test_a_refusal_for_now_is_kept_and_tried_again(reader, server) -> None:
    mail = written(reader)
    server.answers = [smtplib.SMTPRecipientsRefused({mail.address: (450, b"4.2.0 Mailbox busy")})]
    with pytest.raises(NotSent, match="450"):  # the job fails with it: procrastinate tries again later
        tasks.send_mail(str(mail.pk))
    assert state(mail) == MailState.WAITING
    assert (mail.failure, mail.attempts, mail.sent_at) == ("450 4.2.0 Mailbox busy", 1, None)
    tasks.send_mail(str(mail.pk))
    assert state(mail) == MailState.SENT
    assert (mail.attempts, len(server.taken)) == (2, 1)


def test_a_server_out_of_reach_is_tried_again_and_given_up_in_the_end(reader, server) -> None:
    mail = written(reader)
    server.answers = [ConnectionRefusedError(111, "Connection refused") for _ in range(ATTEMPTS + 1)]
    for _attempt in range(ATTEMPTS - 1):
        with pytest.raises(NotSent):
            tasks.send_mail(str(mail.pk))
        assert state(mail) == MailState.WAITING
    tasks.send_mail(str(mail.pk))
    assert state(mail) == MailState.FAILED
    assert (mail.failure, mail.attempts) == ("unreachable", ATTEMPTS)
    tasks.send_mail(str(mail.pk))
    assert len(server.answers) == 1, "no attempt after the last"


def test_a_no_for_good_is_final_at_once(reader, server) -> None:
    mail = written(reader)
    server.answers = [smtplib.SMTPRecipientsRefused({mail.address: (550, b"No such\r\nuser")})]
    tasks.send_mail(str(mail.pk))
    assert state(mail) == MailState.FAILED
    assert mail.failure == "550 No such user"


def test_a_door_shut_to_the_portal_itself_is_tried_again(reader, server) -> None:
    mail = written(reader)
    server.answers = [smtplib.SMTPAuthenticationError(535, b"Bad credentials")]
    with pytest.raises(NotSent):
        tasks.send_mail(str(mail.pk))
    assert state(mail) == MailState.WAITING


def test_what_somebody_no_longer_wants_or_may_read_stays_here(reader, server) -> None:
    def becomes(change) -> Mail:
        mail = written(reader, key=change.__name__)
        change()
        tasks.send_mail(str(mail.pk))
        assert state(mail) == MailState.WITHHELD
        return mail

    def switched_off() -> None:
        reader.user.mail_off = [MailKind.REQUEST]
        reader.user.save()

    def inactive() -> None:
        reader.user.mail_off, reader.user.is_active = [], False
        reader.user.save()

    def no_longer_a_member() -> None:
        reader.user.is_active = True
        reader.user.save()
        reader.user.memberships.all().delete()

    for change in (switched_off, inactive, no_longer_a_member):
        becomes(change)
    assert server.taken == []


def test_people_of_the_demo_get_mail_in_the_demo_only(reader, server, settings) -> None:
    reader.user.is_demo = True
    reader.user.save()
    mail = written(reader)
    tasks.send_mail(str(mail.pk))
    assert server.taken == []
    settings.DEMO = True
    tasks.send_mail(str(written(reader, key="in the demo").pk))
    assert len(server.taken) == 1


def test_old_mails_are_forgotten(reader) -> None:
    old, young = written(reader, key="old"), written(reader, key="young")
    Mail.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=91))
    tasks.clear_expired(timestamp=0)
    assert list(Mail.objects.all()) == [young]


def test_a_mail_survives_the_account_of_its_reader(reader) -> None:
    other = UserFactory()
    mail = written(Reader(other, reader.organisation))
    other.delete()
    tasks.send_mail(str(mail.pk))
    assert state(mail) == MailState.WITHHELD
