"""Django's PostgreSQL backend that also starts the embedded server, and says plainly what is wrong."""

from django.db.utils import OperationalError


class DatabaseUnavailable(OperationalError):
    """No connection can be had; the message is for a person and says what to do."""
