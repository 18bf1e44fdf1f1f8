import asyncio
from typing import Any

from django.core.management.base import BaseCommand

from portal.upgrades import read_everything
from portal.working import work


class Command(BaseCommand):
    help = "Do the portal's jobs, until told to stop; `manage.py serve` starts one by itself."

    def handle(self, *args: Any, **options: Any) -> None:
        read_everything()
        asyncio.run(work())
