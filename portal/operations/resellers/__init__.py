"""The life of a reseller relationship: request, answer, agreement, end; one public function an intent (R10).

`requested → established | declined | withdrawn | lapsed`, `established → ended`.
"""

from portal.operations.resellers.answers import accept_request, decline_request
from portal.operations.resellers.changes import change_agreement, end_reseller_relationship
from portal.operations.resellers.core import LINK, Agreement, AlreadyThere, Requested
from portal.operations.resellers.requests import (
    renew_request,
    request_reseller_relationship,
    withdraw_request,
)

__all__ = [
    "LINK",
    "Agreement",
    "AlreadyThere",
    "Requested",
    "accept_request",
    "change_agreement",
    "decline_request",
    "end_reseller_relationship",
    "renew_request",
    "request_reseller_relationship",
    "withdraw_request",
]
