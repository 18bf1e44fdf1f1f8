"""Answers the API keeps for a call that is sent again."""

from datetime import datetime

from portal.models import ApiAnswer
from portal.models.replay import KEPT


def forget_answers(now: datetime) -> int:
    """Delete the answers nobody may have again; returns how many. The system's own housekeeping."""
    deleted, _by_model = ApiAnswer.objects.filter(created_at__lt=now - KEPT).delete()
    return deleted
