"""Changes of support contacts: one public function an intent."""

from support_contacts.operations.choose import AlreadySo, Changed, choose_here, choose_support_contact

__all__ = ["AlreadySo", "Changed", "choose_here", "choose_support_contact"]
