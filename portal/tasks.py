from datetime import timedelta
from importlib import import_module

from django.conf import settings
from django.utils import timezone
from procrastinate import JobContext
from procrastinate.contrib.django import app

from portal import ratelimit
from portal.jobs import job

LONGEST_WINDOW = timedelta(days=1)  # of any rate limit


@job("portal.clear_expired", cron="*/15 * * * *")
def clear_expired(timestamp: int) -> None:
    """Delete sessions that have ended and rate-limit counters nobody asks for any more."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    ratelimit.prune(timezone.now() - LONGEST_WINDOW)


@app.periodic(cron="* * * * *")
@app.task(name="portal.take_up_stalled", pass_context=True)
async def take_up_stalled(context: JobContext, timestamp: int) -> None:
    """A worker that was killed leaves its jobs "doing" for ever: begin them again."""
    for stalled in await context.app.job_manager.get_stalled_jobs():
        await context.app.job_manager.retry_job(stalled)
