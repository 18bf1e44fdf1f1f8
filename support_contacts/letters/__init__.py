"""What people are told of support contacts: made, ended, handed back; reported, answered; bought elsewhere.

Everybody concerned is told except the organisation that did it. A reseller learns nothing of who comes after it, a
customer nothing of people and notes. Each module registers what it tells by being imported.
"""

from support_contacts.letters import announcements, designations, reports
from support_contacts.letters.change import AGENTS, LISTED

__all__ = ["AGENTS", "LISTED", "announcements", "designations", "reports"]
