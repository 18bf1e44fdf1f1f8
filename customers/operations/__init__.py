"""What happens between a partner and a customer: one public function an intent, one transaction, its events."""

from customers.operations.answers import accept_request, decline_request
from customers.operations.asks import ask_for_step, dismiss_ask
from customers.operations.core import LINK, asker_of
from customers.operations.ends import end_admin_rights, end_customer_relationship, end_delegated_admin
from customers.operations.first_admin import FirstAdmin, invite_first_admin
from customers.operations.requests import (
    LONGEST,
    AlreadyThere,
    Requested,
    renew_request,
    request_customer,
    withdraw_request,
)

__all__ = [
    "LINK",
    "LONGEST",
    "AlreadyThere",
    "FirstAdmin",
    "Requested",
    "accept_request",
    "ask_for_step",
    "asker_of",
    "decline_request",
    "dismiss_ask",
    "end_admin_rights",
    "end_customer_relationship",
    "end_delegated_admin",
    "invite_first_admin",
    "renew_request",
    "request_customer",
    "withdraw_request",
]
