"""Every page of the portal in every state a person can meet it in: each module puts its own into `STATES`."""

from tests.browser import (  # noqa: F401
    states_activity,
    states_answers,
    states_api_docs,
    states_credentials,
    states_organisation,
    states_relationships,
    states_repair,
    states_webhooks,
    states_work,
)
from tests.browser.state import STATES, State

__all__ = ["STATES", "State"]
