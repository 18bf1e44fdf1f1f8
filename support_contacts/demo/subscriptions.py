"""Subscriptions of the demo: the catalogue, and what Contoso and Northwind have."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class DemoSubscription:
    """Days are counted from today; `key` is what history and add-ons call it."""

    key: str
    offer: str
    quantity: int
    began: int
    id: str | None = ""
    ends: int | None = None
    nickname: str = ""
    recorded: int | None = None
    status: str = "active"
    ended: int | None = None
    parent: str = ""
    record: str = ""
    through: str = "partner"
    seller: str = ""
    new_commerce: bool = False
    moved: int | None = None
    usage_based: bool = False


#: offer, licences, new commerce
CATALOGUE = [
    ("Microsoft 365 E3", 120, False),
    ("Microsoft 365 Business Premium", 45, False),
    ("Exchange Online (Plan 1)", 30, False),
    ("Power BI Pro", 18, False),
    ("Dynamics 365 Sales Enterprise", 22, True),
    ("Microsoft 365 E5", 60, False),
    ("Visio Plan 2", 9, False),
    ("Office 365 E1", 210, False),
    ("Project Plan 3", 14, False),
    ("Enterprise Mobility + Security E5", 75, False),
    ("Azure plan", 1, True),
    ("Exchange Online (Plan 2)", 40, False),
    ("Microsoft Intune", 150, False),
    ("Microsoft 365 Apps for business", 25, False),
    ("Microsoft Defender for Business", 55, True),
    ("Teams Rooms Standard", 6, False),
    ("Microsoft Entra ID P1", 90, False),
    ("Windows 365 Enterprise 4 vCPU, 16 GB, 128 GB", 12, False),
    ("Microsoft Azure", 1, False),
    ("Dynamics 365 Business Central Essentials", 17, False),
]
USAGE_BASED = {"Azure plan", "Microsoft Azure"}

#: What customers call their second and third subscription of one offer.
SITES = ["", "Zürich", "Genève", "Lugano", "Branch offices", "Warehouse", "Seasonal staff"]

CONTOSO_FROM_FABRIKAM = [
    DemoSubscription(
        key="exchange",
        offer="Exchange Online (Plan 2)",
        quantity=40,
        began=-655,
        ends=75,
        id="a71f3c9e-0d28-47b6-b1c4-5e8f2a6d9013",
    ),
    DemoSubscription(
        key="e3",
        offer="Microsoft 365 E3",
        quantity=250,
        began=-655,
        ends=75,
        id="9c1f0b7e-4a53-4f7c-9d0e-1b6f2c8e4d2a",
        nickname="Head office and field staff",
        record="trey",
    ),
    DemoSubscription(
        key="audio",
        offer="Microsoft 365 Audio Conferencing",
        quantity=60,
        began=-410,
        ends=75,
        id="41d8b6f3-7e05-4c92-a8b1-d3f7206e95ca",
        parent="e3",
    ),
    DemoSubscription(
        key="teams",
        offer="Microsoft Teams Phone Standard",
        quantity=85,
        began=-410,
        ends=75,
        id="b6027e9d-15c4-4a38-8f6d-9e50c3a1d274",
        parent="e3",
    ),
    DemoSubscription(
        key="powerbi",
        offer="Power BI Pro",
        quantity=60,
        began=-560,
        ends=170,
        id="c2b8e61d-3f40-4a9b-8e57-6d1a0f9c7b33",
    ),
    DemoSubscription(
        key="visio",
        offer="Visio Plan 2",
        quantity=12,
        began=-655,
        ends=75,
        status="suspended",
        id="e4d92b07-6c1a-4e35-9f80-2b7c5d1e8a64",
    ),
    DemoSubscription(
        key="windows",
        offer="Windows Server 2022 Datacenter",
        quantity=8,
        began=-900,
        recorded=-100,
        through="enterprise_agreement",
        seller="Microsoft, enterprise agreement",
        id="5e0d7c41-8b2f-4c1e-a3f6-70d9b1c2e845",
    ),
    DemoSubscription(
        key="dynamics",
        offer="Dynamics 365 Sales Enterprise",
        quantity=30,
        began=-640,
        ends=270,
        new_commerce=True,
        moved=-95,
        id="0f6a8d32-91be-4c70-8a2d-c3e5b7f1946e",
    ),
    DemoSubscription(
        key="e1",
        offer="Office 365 E1",
        quantity=180,
        began=-640,
        ends=-40,
        status="expired",
        ended=-40,
        id="28c5f0a9-d6b7-4134-9e82-f0b16d4c73e5",
    ),
]

CONTOSO_FROM_PROSEWARE = [
    DemoSubscription(
        key="azure",
        offer="Azure plan",
        quantity=1,
        began=-380,
        new_commerce=True,
        usage_based=True,
        id="7d3e5f18-2ac9-4b06-b9d1-8f4c0e6a2175",
    ),
]

NORTHWIND_FROM_FABRIKAM = [
    DemoSubscription(
        key="e5",
        offer="Microsoft 365 E5",
        quantity=95,
        began=-690,
        ends=40,
        id="f39a07c6-b812-4d5e-a4f0-61e7d8b2930c",
        record="trey",
    ),
    DemoSubscription(
        key="project",
        offer="Project Plan 3",
        quantity=7,
        began=-505,
        ends=225,
        id="64eb1d58-0a9f-4237-bc76-e8150f3d92a4",
    ),
    DemoSubscription(
        key="intune",
        offer="Microsoft Intune",
        quantity=95,
        began=-690,
        ends=40,
        id="aa5072d1-f3c8-49e6-8b04-7d9e16c0b53f",
    ),
    DemoSubscription(
        key="exchange1",
        offer="Exchange Online (Plan 1)",
        quantity=20,
        began=-310,
        ends=55,
        id="0c7e4b92-61fa-4d85-93eb-5a2f8d01c67e",
    ),
    DemoSubscription(
        key="business",
        offer="Microsoft 365 Business Premium",
        quantity=33,
        began=-120,
        ends=245,
        new_commerce=True,
        id="d1846f3a-e29b-4c07-b5a8-30f6c9e7512d",
    ),
    # Registered for support from a paper contract: it has no Microsoft ID.
    DemoSubscription(
        key="sql",
        offer="SQL Server 2019 Standard Core",
        quantity=16,
        began=-1100,
        recorded=-150,
        through="open",
        seller="Open licence, 2022",
        id=None,
    ),
]
