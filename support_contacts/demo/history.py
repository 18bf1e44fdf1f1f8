"""Who chose whom, when and why, at Contoso and Northwind. Older first within a subscription."""

from dataclasses import dataclass

from support_contacts.demo.customers import CONTOSO, NORTHWIND


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """Somebody of Fabrikam chose this partner on that day; `who` is a mailbox, or "import" or "api"."""

    customer: str
    subscription: str
    days: int
    wall: str
    partner: str
    who: str
    note: str = ""


HISTORY = [
    Chosen(
        customer=CONTOSO,
        subscription="e3",
        days=-374,
        wall="16:20",
        partner="alpine",
        who="helpdesk-agent",
    ),
    Chosen(
        customer=CONTOSO,
        subscription="e3",
        days=-155,
        wall="09:41",
        partner="fabrikam",
        who="admin-agent",
        note="Alpine hands over during its office move.",
    ),
    Chosen(
        customer=CONTOSO, subscription="exchange", days=-648, wall="11:05", partner="vanarsdel", who="import"
    ),
    Chosen(
        customer=CONTOSO,
        subscription="exchange",
        days=-497,
        wall="14:30",
        partner="trey",
        who="admin-agent",
        note="The customer wants support in French. Agreed on the phone.",
    ),
    Chosen(
        customer=CONTOSO,
        subscription="exchange",
        days=-238,
        wall="17:58",
        partner="fabrikam",
        who="global-admin",
        note="Mailbox migration is ours. To be given back to Trey afterwards.\nSee ticket 46017.",
    ),
    Chosen(
        customer=CONTOSO,
        subscription="powerbi",
        days=-331,
        wall="09:12",
        partner="tailspin",
        who="helpdesk-agent",
        note="Tailspin trains the finance team.",
    ),
    Chosen(customer=CONTOSO, subscription="teams", days=-204, wall="15:47", partner="alpine", who="api"),
    Chosen(
        customer=CONTOSO, subscription="visio", days=-460, wall="10:33", partner="trey", who="admin-agent"
    ),
    Chosen(
        customer=CONTOSO,
        subscription="visio",
        days=-61,
        wall="08:20",
        partner="fabrikam",
        who="admin-agent",
        note="Suspended for an unpaid invoice: calls come to us until it is settled.",
    ),
    Chosen(
        customer=CONTOSO,
        subscription="windows",
        days=-80,
        wall="13:15",
        partner="trey",
        who="helpdesk-agent",
        note="Registered at the customer’s request, contract EA 7741902.",
    ),
    Chosen(
        customer=CONTOSO, subscription="dynamics", days=-480, wall="12:00", partner="trey", who="admin-agent"
    ),
    Chosen(customer=CONTOSO, subscription="e1", days=-470, wall="16:02", partner="trey", who="import"),
    Chosen(
        customer=NORTHWIND,
        subscription="e5",
        days=-420,
        wall="11:26",
        partner="trey",
        who="admin-agent",
        note="Trey takes the whole site in Leeds.",
    ),
    Chosen(
        customer=NORTHWIND,
        subscription="project",
        days=-390,
        wall="09:55",
        partner="vanarsdel",
        who="helpdesk-agent",
    ),
    Chosen(
        customer=NORTHWIND,
        subscription="sql",
        days=-149,
        wall="17:20",
        partner="vanarsdel",
        who="admin-agent",
    ),
]
