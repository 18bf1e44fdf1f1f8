"""Partners of the demo, what they tell customers, and their relationships with each other."""

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A support profile: `week` is "first day–last day opens–closes", with 0 for Monday."""

    telephone: str = ""
    email: str = ""
    website: str = ""
    languages: tuple[str, ...] = ()
    week: tuple[int, int, str, str] | None = None
    always_open: bool = False
    zone: str = ""
    holidays: bool = False
    urgent: str = ""
    urgent_note: str = ""


@dataclass(frozen=True, kw_only=True)
class DemoPartner:
    key: str
    name: str
    domain: str
    tenant: str
    partner_id: str
    country: str
    zone: str
    kinds: frozenset[str]
    desk: Desk = field(default_factory=Desk)


@dataclass(frozen=True, kw_only=True)
class Related:
    """A reseller relationship, in days from today."""

    provider: str
    reseller: str
    requested: int | None = None
    lapses: int | None = None
    established: int | None = None
    ended: int | None = None
    ended_as: str = ""
    agreement: str = ""
    scope: str = ""
    valid: int | None = None
    escalation: str = ""


PROVIDER, DIRECT, RESELLER = frozenset({"provider"}), frozenset({"direct"}), frozenset({"reseller"})
OFFICE = (0, 4, "09:00", "17:30")

PARTNERS = [
    DemoPartner(
        key="fabrikam",
        name="Fabrikam Distribution",
        domain="fabrikam.example",
        tenant="6e2d94b1-0c57-4f3a-a8d2-91b7e5c40f16",
        partner_id="4391507",
        country="FR",
        zone="Europe/Paris",
        kinds=PROVIDER,
        desk=Desk(
            telephone="+33 1 99 00 12 00",
            email="support@fabrikam.example",
            website="https://support.fabrikam.example",
            languages=("fr", "en", "de"),
            always_open=True,
            zone="Europe/Paris",
        ),
    ),
    DemoPartner(
        key="proseware",
        name="Proseware Distribution",
        domain="proseware.example",
        tenant="c48f1a07-5d3e-4296-b7e1-2a9c06d583f4",
        partner_id="4417260",
        country="GB",
        zone="Europe/London",
        kinds=PROVIDER,
        desk=Desk(
            telephone="+44 20 7946 0107",
            email="help@proseware.example",
            website="https://proseware.example/help",
            languages=("en",),
            week=OFFICE,
            zone="Europe/London",
        ),
    ),
    DemoPartner(
        key="litware",
        name="Litware",
        domain="litware.example",
        tenant="1b7e60d9-84fa-4c25-9d38-e0f5a2c71b6d",
        partner_id="4450832",
        country="US",
        zone="America/New_York",
        kinds=DIRECT,
        desk=Desk(
            telephone="+1 202-555-0143",
            email="support@litware.example",
            website="www.litware.example/support",
            languages=("en", "es"),
            week=(0, 4, "08:00", "18:00"),
            zone="America/New_York",
        ),
    ),
    DemoPartner(
        key="trey",
        name="Trey Research",
        domain="treyresearch.example",
        tenant="a93c5e28-f61b-47d0-8e4a-5b02d7c9f183",
        partner_id="5127741",
        country="FR",
        zone="Europe/Paris",
        kinds=RESELLER,
        desk=Desk(
            telephone="+33 1 99 00 47 10",
            email="support@treyresearch.example",
            website="https://treyresearch.example/support",
            languages=("fr", "en"),
            week=(0, 4, "08:00", "18:30"),
            zone="Europe/Paris",
            holidays=True,
            urgent="+33 1 99 00 47 99",
            urgent_note="When a service is down for everybody, at any hour.",
        ),
    ),
    DemoPartner(
        key="alpine",
        name="Alpine Ski House",
        domain="alpineskihouse.example",
        tenant="d05b7f34-29c8-4e61-b5a7-8c3f16e02d9a",
        partner_id="6012288",
        country="DE",
        zone="Europe/Berlin",
        kinds=RESELLER,
        desk=Desk(
            telephone="+49 30 23125 014",
            email="hilfe@alpineskihouse.example",
            website="https://alpineskihouse.example",
            languages=("de", "en", "it"),
            week=(0, 5, "13:00", "22:00"),
            zone="Europe/Berlin",
        ),
    ),
    DemoPartner(
        key="coho",
        name="Coho Vineyard & Winery Managed Services Deutschland GmbH & Co. KG",
        domain="cohovineyard.example",
        tenant="72f8d1c6-b34e-4a09-9c57-0e6a8b25f4d3",
        partner_id="6340917",
        country="DE",
        zone="Europe/Berlin",
        kinds=RESELLER,
        desk=Desk(
            email="servicedesk-managed-services-deutschland@cohovineyard.example",
            website="https://servicedesk.cohovineyard.example/kundenportal/stoerung-melden",
            languages=("de",),
            week=(0, 4, "07:30", "16:00"),
            zone="Europe/Berlin",
        ),
    ),
    DemoPartner(
        key="vanarsdel",
        name="VanArsdel, Ltd.",
        domain="vanarsdel.example",
        tenant="3e94a07b-6d12-4f85-a1c9-b7d5204e8f6c",
        partner_id="5880214",
        country="GB",
        zone="Europe/London",
        kinds=RESELLER,
        desk=Desk(
            telephone="020 7946 0018",
            email="care@vanarsdel.example",
            website="https://vanarsdel.example/care",
            languages=("en", "cy"),
            week=(0, 6, "07:00", "23:00"),
            zone="Europe/London",
            urgent="+44 20 7946 0911",
        ),
    ),
    DemoPartner(
        key="firstup",
        name="First Up Consultants",
        domain="firstup.example",
        tenant="f16c82e5-4b97-4d03-8a6e-d90f3b57c2a1",
        partner_id="5233096",
        country="BE",
        zone="Europe/Brussels",
        kinds=RESELLER,
        desk=Desk(
            telephone="+32 2 555 12 34",
            email="bonjour@firstup.example",
            languages=("fr", "nl", "en"),
            week=OFFICE,
            zone="Europe/Brussels",
        ),
    ),
    DemoPartner(
        key="relecloud",
        name="ReleCloud",
        domain="relecloud.example",
        tenant="0d3fb6a8-915e-4c72-b04d-6f2e87a5c91b",
        partner_id="5309418",
        country="NL",
        zone="Europe/Amsterdam",
        kinds=RESELLER,
        desk=Desk(
            telephone="+31 20 555 0170",
            email="noc@relecloud.example",
            languages=("nl", "en"),
            always_open=True,
        ),
    ),
    DemoPartner(
        key="tailspin",
        name="Tailspin Toys",
        domain="tailspintoys.example",
        tenant="8b41e5d7-c20a-4396-9f7b-1d68a0c3e54f",
        partner_id="5471183",
        country="FR",
        zone="Europe/Paris",
        kinds=RESELLER,
        desk=Desk(
            telephone="+33 4 99 00 31 15",
            email="atelier@tailspintoys.example",
            languages=("fr",),
            week=(1, 5, "09:30", "19:00"),
            zone="Europe/Paris",
        ),
    ),
    DemoPartner(
        key="adatum",
        name="Adatum Corporation",
        domain="adatum.example",
        tenant="e7250c9f-3a8d-4b14-86e5-fc91b04d7a62",
        partner_id="5016675",
        country="IT",
        zone="Europe/Rome",
        kinds=RESELLER,
        # As people type it: no number to dial, so it is shown as text without a link.
        desk=Desk(
            telephone="switchboard, then 4",
            email="assistenza@adatum.example",
            languages=("it", "en"),
            week=OFFICE,
        ),
    ),
    DemoPartner(
        key="wingtip",
        name="Wingtip Toys",
        domain="wingtiptoys.example",
        tenant="5ad9370e-b68f-4271-a4c3-97e0d8f1625b",
        partner_id="5654320",
        country="GB",
        zone="Europe/London",
        kinds=RESELLER,
        desk=Desk(
            telephone="+44 20 7946 0355", email="desk@wingtiptoys.example", languages=("en",), week=OFFICE
        ),
    ),
    DemoPartner(
        key="phone",
        name="The Phone Company",
        domain="phone-company.example",
        tenant="94c0f7b2-1e65-4d8a-b3f9-2a57d6e08c13",
        partner_id="4728856",
        country="ES",
        zone="Europe/Madrid",
        kinds=DIRECT | RESELLER,
        desk=Desk(
            telephone="+34 910 555 030",
            email="ayuda@phone-company.example",
            website="https://phone-company.example/ayuda",
            languages=("es", "ca", "en"),
            week=(0, 6, "08:00", "02:00"),
            zone="Europe/Madrid",
        ),
    ),
    DemoPartner(
        key="lamna",
        name="Lamna Consulting",
        domain="lamna.example",
        tenant="2c86f4a1-d73b-4e50-8d19-c5b60e9a37f2",
        partner_id="5790061",
        country="JP",
        zone="Asia/Tokyo",
        kinds=RESELLER,
        desk=Desk(
            email="desk@lamna.example",
            languages=("ja", "en"),
            week=(0, 4, "09:00", "18:00"),
            zone="Asia/Tokyo",
        ),
    ),
    DemoPartner(
        key="bellows",
        name="Bellows Technology",
        domain="bellows.example",
        tenant="b85d2e60-7fc4-4913-a6d8-0e3c91f57ab4",
        partner_id="5361547",
        country="IE",
        zone="Europe/Dublin",
        kinds=RESELLER,
        desk=Desk(
            telephone="+353 1 555 0126", email="hello@bellows.example", languages=("en", "ga"), week=OFFICE
        ),
    ),
    DemoPartner(
        key="fincher",
        name="Fincher Systems",
        domain="fincher.example",
        tenant="46e1a9d3-850b-4fc7-92e4-b7f3c05d681e",
        partner_id="5918834",
        country="CH",
        zone="Europe/Zurich",
        kinds=RESELLER,
        desk=Desk(
            telephone="+41 44 555 01 80",
            email="support@fincher.example",
            languages=("de", "fr", "it"),
            week=OFFICE,
        ),
    ),
    DemoPartner(
        key="consolidated",
        name="Consolidated Messenger",
        domain="consolidatedmessenger.example",
        tenant="f3907cb8-2e5d-4a61-b1f6-84d0e6a2c957",
        partner_id="5107729",
        country="US",
        zone="America/Chicago",
        kinds=RESELLER,
        desk=Desk(
            telephone="+1 312-555-0119",
            email="care@consolidatedmessenger.example",
            languages=("en",),
            week=OFFICE,
        ),
    ),
    DemoPartner(
        key="nod",
        name="Nod Consulting",
        domain="nod.example",
        tenant="0e5b83f6-a1c9-4d72-8b40-f29d7e16c3a5",
        partner_id="5482298",
        country="DE",
        zone="Europe/Berlin",
        kinds=RESELLER,
    ),
    DemoPartner(
        key="olympia",
        name="Olympia Services",
        domain="olympia.example",
        tenant="d91f4c75-630e-4b8a-a527-3ec8b0f5d146",
        partner_id="5566103",
        country="GR",
        zone="Europe/Athens",
        kinds=RESELLER,
        desk=Desk(email="support@olympia.example", languages=("el", "en")),
    ),
    DemoPartner(
        key="munson",
        name="Munson’s Managed Services",
        domain="munsons.example",
        tenant="67b2d80e-f54a-4193-9e6c-a0d17c38b5f9",
        partner_id="5839450",
        country="US",
        zone="America/Denver",
        kinds=RESELLER,
        desk=Desk(
            telephone="+1 303-555-0162",
            email="help@munsons.example",
            languages=("en", "es"),
            week=(0, 4, "08:00", "17:00"),
            zone="America/Denver",
        ),
    ),
]

#: At Contoso, Fabrikam's resellers show every reason for not being eligible; `customers.GRANTS` has the rest.
RELATIONSHIPS = [
    Related(
        provider="fabrikam",
        reseller="trey",
        established=-731,
        agreement="FD-2024-118",
        scope="Second and third level support, all customers",
        valid=405,
        escalation="Duty manager, +33 1 99 00 47 90",
    ),
    Related(
        provider="fabrikam",
        reseller="alpine",
        established=-731,
        agreement="FD-2024-121",
        scope="Support in German and Italian",
        valid=220,
        escalation="eskalation@alpineskihouse.example",
    ),
    Related(
        provider="fabrikam",
        reseller="coho",
        established=-420,
        agreement="Rahmenvertrag 2025/0047-B über Unterstützungsleistungen",
        scope="First level support in Germany, Austria and Switzerland, public holidays excepted",
        valid=-12,
    ),
    Related(
        provider="fabrikam",
        reseller="vanarsdel",
        established=-728,
        agreement="FD-2024-097",
        scope="Support around the clock in English",
        valid=61,
        escalation="Incident line, +44 20 7946 0912",
    ),
    Related(
        provider="fabrikam", reseller="firstup", requested=-270, established=-263, agreement="FD-2026-014"
    ),
    Related(provider="fabrikam", reseller="relecloud", requested=-2, lapses=88),
    Related(provider="fabrikam", reseller="tailspin", established=-720, agreement="FD-2024-133"),
    Related(provider="fabrikam", reseller="adatum", established=-690, ended=-51, ended_as="ended"),
    Related(provider="fabrikam", reseller="wingtip", established=-560),
    Related(provider="fabrikam", reseller="phone", established=-330, agreement="FD-2025-082"),
    Related(provider="fabrikam", reseller="lamna", requested=-190, established=-180),
    Related(provider="fabrikam", reseller="bellows", established=-230),
    Related(provider="fabrikam", reseller="fincher", established=-300),
    Related(
        provider="fabrikam",
        reseller="consolidated",
        requested=-120,
        lapses=-30,
        ended=-110,
        ended_as="withdrawn",
    ),
    Related(provider="fabrikam", reseller="nod", requested=-95, lapses=-5, ended=-90, ended_as="declined"),
    Related(provider="fabrikam", reseller="olympia", requested=-140, lapses=-50),
    Related(provider="proseware", reseller="vanarsdel", established=-512, agreement="PW/2025/3"),
    Related(provider="proseware", reseller="trey", established=-401),
    Related(provider="litware", reseller="munson", established=-365, agreement="LW-7", scope="Help desk"),
]

#: reseller, since, until, why
SUSPENSIONS = [
    ("wingtip", -47, None, "Invoices unpaid since August."),
    ("fincher", -210, -205, "Company details were being checked."),
]
