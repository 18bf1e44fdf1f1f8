"""Work of customers' relationships done after the answer."""

from customers import letters
from portal.jobs import job


@job("customers.tell_of_request")
def tell_of_request(relationship_id: str, asker_id: str = "", again: int = 0) -> None:
    """Remind the customer of this organisation's request that waits for its answer."""
    letters.remind(relationship_id, asker_id)
