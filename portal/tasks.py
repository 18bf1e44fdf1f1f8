from datetime import timedelta
from importlib import import_module

from django.conf import settings
from django.utils import timezone

from portal import ratelimit
from portal.jobs import job
from portal.mail import invitations, members, outbox, resellers, telling
from portal.mail import webhooks as webhook_letters
from portal.operations import batches
from portal.operations.answers import forget_answers
from portal.seals import sealing
from portal.webhooks import clock, delivering
from portal.webhooks import outbox as webhook_outbox

#: Whose letters the jobs below know; apps above bring theirs in their own tasks.
LETTERS = (members, resellers, webhook_letters)

LONGEST_WINDOW = timedelta(days=1)  # of any rate limit
MAILS_KEPT = timedelta(days=90)
SEALED_AT_ONCE = 100  # segments: other jobs wait for this one


@job("portal.clear_expired", cron="*/15 * * * *")
def clear_expired(timestamp: int) -> None:
    """Delete sessions that have ended, and counters, mails, batches, answers, deliveries nobody asks for any more."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    ratelimit.prune(timezone.now() - LONGEST_WINDOW)
    outbox.prune(timezone.now() - MAILS_KEPT)
    batches.forget(timezone.now() - MAILS_KEPT)
    forget_answers(timezone.now())
    webhook_outbox.prune(timezone.now() - webhook_outbox.KEPT)


@job("portal.tell")
def tell(event_id: str) -> None:
    """Write the mails that tell of one event: who is told is decided now, by the roles held now."""
    telling.tell(event_id)


@job("portal.tell_batch")
def tell_batch(batch_id: str, at: str = "") -> None:
    """Write the mails that tell of everything a bulk act changed: one a person, not one a row."""
    telling.tell_batch(batch_id, at)


@job("portal.close_batches", cron="* * * * *")
def close_batches(timestamp: int) -> None:
    """Have told what a bulk act changed before the process that ran it was killed."""
    batches.close_left_alone()


@job("portal.tell_of_request")
def tell_of_request(relationship_id: str, again: int = 0) -> None:
    """Remind the reseller of a request that waits for its answer."""
    resellers.remind(relationship_id)


@job("portal.tell_of_invitation")
def tell_of_invitation(invitation_id: str) -> None:
    """Mail an organisation's invitation; its link is put in when it goes out, and kept nowhere."""
    invitations.tell(invitation_id)


@job("portal.send_mail")
def send_mail(mail_id: str) -> None:
    """Hand one mail over to the mail server."""
    outbox.send(mail_id)


@job("portal.send_webhooks", cron="* * * * *", again=None)
def send_webhooks(timestamp: int) -> None:
    """Have webhooks sent that are due: after a change at once, and every minute what is to be tried again."""
    delivering.dispatch()


@job("portal.send_webhooks_to", again=None)
def send_webhooks_to(endpoint_id: str) -> None:
    """Send what is due to one endpoint."""
    delivering.send_due(endpoint_id)


@job("portal.look_for_webhooks", cron="* * * * *", again=None)
def look_for_webhooks(timestamp: int) -> None:
    """Find what stopped by the clock, without anybody's act, and have it told."""
    clock.look(timezone.now())


@job("portal.seal_audit", cron="* * * * *", again=None)
def seal_audit(timestamp: int) -> None:
    """Seal what the record holds since the last time; much at once, as after an upgrade, in several minutes."""
    sealing.seal(segments=SEALED_AT_ONCE)
