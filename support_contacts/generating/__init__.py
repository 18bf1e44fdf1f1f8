"""Invented organisations and histories in any number, to try the portal at size. See `run.generate`."""
