"""Customers of the demo: who they are, who sells to them, and the admin rights they granted."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Sale:
    """A partner's customer: since when, how many subscriptions, and who supports how many of them."""

    domain: str
    name: str
    country: str
    since: int
    subscriptions: int = 0
    support: dict[str, int]
    record: str = ""
    alias: str = ""
    admin: str = "gdap"


@dataclass(frozen=True, kw_only=True)
class Grant:
    """Delegated admin of a reseller, in days from today; `until` is what was agreed."""

    domain: str
    reseller: str
    requested: int | None = None
    lapses: int | None = None
    since: int | None = None
    until: int | None = None
    ended: int | None = None
    ended_as: str = ""


ZONES = {
    "AE": "Asia/Dubai",
    "BE": "Europe/Brussels",
    "BG": "Europe/Sofia",
    "CA": "America/Toronto",
    "CH": "Europe/Zurich",
    "CZ": "Europe/Prague",
    "DE": "Europe/Berlin",
    "ES": "Europe/Madrid",
    "FR": "Europe/Paris",
    "GB": "Europe/London",
    "GR": "Europe/Athens",
    "IL": "Asia/Jerusalem",
    "IN": "Asia/Kolkata",
    "IT": "Europe/Rome",
    "JP": "Asia/Tokyo",
    "KR": "Asia/Seoul",
    "MA": "Africa/Casablanca",
    "NL": "Europe/Amsterdam",
    "PL": "Europe/Warsaw",
    "SE": "Europe/Stockholm",
    "TR": "Europe/Istanbul",
    "UA": "Europe/Kyiv",
    "US": "America/New_York",
}

#: Tenant ids that are written down; the others follow from the domain.
TENANTS = {
    "contoso.example": "3b33e682-5a0d-4c1b-9e7f-6d28a1c054e1",
    "northwind.example": "d7a4916c-0f3b-4e82-b5d8-71c9e2a6034f",
}

CONTOSO, NORTHWIND = "contoso.example", "northwind.example"

# domain without ".example", name, country, days since, subscriptions, who supports how many, of record
_FABRIKAM = [
    ("adventureworks", "Adventure Works Cycles", "US", 610, 12, "", ""),
    ("southridge", "Southridge Video", "DE", 590, 2, "alpine:2", "alpine"),
    ("wideworld", "Wide World Importers", "NL", 540, 18, "", "firstup"),
    ("fourthcoffee", "Fourth Coffee", "CA", 505, 3, "vanarsdel:2", ""),
    ("woodgrove", "Woodgrove Bank", "CH", 690, 64, "alpine:21 coho:9 vanarsdel:4", "alpine"),
    (
        "smehsa",
        "Société méditerranéenne d’équipements hospitaliers et de services associés",
        "FR",
        655,
        41,
        "trey:17 vanarsdel:3 alpine:2 phone:2",
        "trey",
    ),
    ("chernomorski", "Черноморски пристанищни услуги", "BG", 210, 5, "", ""),
    ("alnakheel", "شركة النخيل للتجارة", "AE", 480, 7, "vanarsdel:3", "vanarsdel"),
    ("lucerne", "Lucerne Publishing", "CH", 620, 4, "wingtip:2", "wingtip"),
    ("margies", "Margie’s Travel", "GB", 640, 3, "adatum:1", "adatum"),
    (
        "gdi-mediterranean",
        "Graphic Design Institute of the Mediterranean and the Adriatic Coast",
        "IT",
        600,
        6,
        "adatum:1 trey:1",
        "",
    ),
    ("humongous", "Humongous Insurance", "GB", 560, 9, "adatum:1 vanarsdel:3", "vanarsdel"),
    (
        "ddsg-verwaltung",
        "Donaudampfschifffahrtsgesellschaft Oberösterreich-Niederbayern "
        "Betriebs- und Verwaltungsgesellschaft mbH & Co. KG",
        "DE",
        470,
        8,
        "coho:3",
        "coho",
    ),
    ("sakura-seisakusho", "株式会社さくら製作所", "JP", 160, 6, "", "lamna"),
    ("hokkaido-data", "北海道データサービス合同会社", "JP", 75, 2, "", "lamna"),
    ("alwaha-medical", "مجموعة الواحة للخدمات الطبية", "AE", 330, 4, "", ""),
    ("vitosha", "Витоша Инженеринг ООД", "BG", 290, 3, "", ""),
    ("naftika", "Ελληνικές Θαλάσσιες Μεταφορές Α.Ε.", "GR", 140, 5, "", "olympia"),
    ("galei-yam", "גלי הים תוכנה בע״מ", "IL", 118, 3, "", ""),
    ("hanbit", "한빛전자 주식회사", "KR", 64, 4, "", ""),
    ("teplomerezhi", "Київські теплові мережі", "UA", 96, 2, "", ""),
    ("dhara", "धारा जल प्रबंधन", "IN", 41, 3, "", ""),
    ("elysee-fils", "Boulangerie Élysée & Fils", "FR", 520, 1, "trey:1", "trey"),
    (
        "numerique-nantes",
        "École supérieure des métiers du numérique de Nantes",
        "FR",
        450,
        11,
        "trey:6",
        "trey",
    ),
    ("vergnes", "Menuiserie Vergnes", "FR", 33, 1, "", ""),
    ("ateliermarais", "L’Atelier du Marais", "FR", 260, 2, "", ""),
    ("belrose", "Château Belrose", "FR", 445, 2, "trey:1", ""),
    ("loeuvre", "Œuvres sociales du Léman", "CH", 230, 5, "", ""),
    ("fineart", "School of Fine Art", "GB", 575, 7, "vanarsdel:5", "vanarsdel"),
    ("oconnell", "O’Connell & Daughters", "GB", 22, 1, "", ""),
    ("munsonspickles", "Munson’s Pickles and Preserves Farm", "US", 350, 4, "", ""),
    ("blueyonder", "Blue Yonder Airlines", "US", 700, 22, "vanarsdel:8", "vanarsdel"),
    ("citypower", "City Power & Light", "US", 405, 10, "", ""),
    ("parnell", "Parnell Aerospace", "US", 388, 15, "", ""),
    ("42north", "42 North Analytics", "US", 12, 1, "", ""),
    ("proelite", "Pro Élite Coaching", "CA", 199, 1, "", ""),
    ("erablerouge", "Coopérative Érable Rouge", "CA", 530, 6, "trey:2", ""),
    ("mueller-optik", "Müller Präzisionsoptik AG", "DE", 495, 9, "alpine:4 coho:1", "alpine"),
    ("groessmann", "Straßenbau Größmann GmbH", "DE", 370, 3, "", ""),
    ("oesterle", "Österle Feinkost e. K.", "DE", 88, 1, "", ""),
    ("nordsee-klinik", "Nordseeklinik Büsum", "DE", 548, 14, "coho:6", "coho"),
    ("ijsselmeer", "IJsselmeer Logistiek B.V.", "NL", 465, 5, "", ""),
    ("molenaar", "’t Molenaarshuys", "NL", 54, 1, "", ""),
    ("penafiel", "Bodegas Peñafiel", "ES", 515, 4, "phone:3", "phone"),
    ("clinica-nandu", "Clínica Ñandú", "ES", 475, 6, "phone:2", "phone"),
    ("xxl-muebles", "XXL Muebles y Decoración del Hogar", "ES", 130, 2, "", ""),
    ("forli", "Officine Città di Forlì S.p.A.", "IT", 580, 7, "alpine:3", ""),
    ("perche-no", "Gelateria Perché No!", "IT", 27, 1, "", ""),
    ("zolw", "Żółw Transport Sp. z o.o.", "PL", 310, 3, "", ""),
    ("lodzkie", "Łódzkie Zakłady Włókiennicze", "PL", 505, 8, "trey:2", ""),
    ("brasserie-oeuf", "Brasserie de l’Œuf", "BE", 66, 1, "", ""),
    ("lambiek", "Lambiek & Zonen", "BE", 440, 4, "vanarsdel:1", ""),
    ("akerstrom", "Åkerström Bygg AB", "SE", 280, 5, "", ""),
    ("oresund", "Öresund Shipping", "SE", 525, 13, "vanarsdel:6", "vanarsdel"),
    ("pribram", "Příbramské strojírny a.s.", "CZ", 175, 4, "", ""),
    ("atlas-textile", "Atlas Textile — أطلس للنسيج", "MA", 245, 3, "", ""),
    ("ilgaz", "Ilgaz Işık Sanayi A.Ş.", "TR", 105, 2, "", ""),
    ("wwf-liberty", "Liberty’s Delightful Sinful Bakery & Café", "US", 8, 1, "", ""),
    ("baldwin", "Baldwin Museum of Science", "US", 460, 5, "alpine:1", ""),
]


def _support(spec: str) -> dict[str, int]:
    pairs = (part.split(":") for part in spec.split())
    return {reseller: int(count) for reseller, count in pairs}


FABRIKAM_SALES = [
    Sale(domain=CONTOSO, name="Contoso", country="FR", since=-655, support={}, record="trey"),
    Sale(domain=NORTHWIND, name="Northwind Traders", country="GB", since=-690, support={}, record="trey"),
    *(
        Sale(
            domain=f"{domain}.example",
            name=name,
            country=country,
            since=-since,
            subscriptions=count,
            support=_support(support),
            record=record,
            # Some customers still have the older kind of delegated admin, which has no end; some gave none.
            admin=("gdap", "gdap", "dap", "gdap", "")[index % 5],
        )
        for index, (domain, name, country, since, count, support, record) in enumerate(_FABRIKAM)
    ),
    # A reseller buys for itself, too: one tenant, partner and customer.
    Sale(
        domain="vanarsdel.example",
        name="VanArsdel, Ltd.",
        country="GB",
        since=-580,
        subscriptions=2,
        support={},
    ),
    # Known from a list of subscriptions only, until somebody gives its name.
    Sale(domain="", name="", country="", since=-19, subscriptions=1, support={}, admin=""),
]

OTHER_SALES = {
    "proseware": [
        Sale(domain=CONTOSO, name="Contoso Ltd", country="FR", since=-380, support={}),
        Sale(
            domain="adventureworks.example",
            name="Adventure Works",
            country="US",
            since=-500,
            subscriptions=3,
            support={"vanarsdel": 1},
            alias="Adventure Works (bikes)",
        ),
        Sale(
            domain="bestforyou.example",
            name="Best For You Organics",
            country="GB",
            since=-410,
            subscriptions=4,
            support={},
        ),
        Sale(
            domain="nodpublishers.example",
            name="Nod Publishers",
            country="GB",
            since=-530,
            subscriptions=6,
            support={"vanarsdel": 3},
        ),
        Sale(
            domain="paddington.example",
            name="Paddington Interiors",
            country="GB",
            since=-44,
            subscriptions=2,
            support={},
        ),
    ],
    "litware": [
        Sale(
            domain="tailwind.example",
            name="Tailwind Traders",
            country="US",
            since=-420,
            subscriptions=2,
            support={"munson": 1},
        ),
    ],
    "phone": [
        Sale(
            domain="olivos.example",
            name="Hotel Los Olivos",
            country="ES",
            since=-300,
            subscriptions=2,
            support={},
        ),
    ],
}

GRANTS = [
    Grant(domain=CONTOSO, reseller="trey", since=-508, until=222),
    Grant(domain=CONTOSO, reseller="alpine", since=-376, until=354),
    Grant(domain=CONTOSO, reseller="coho", since=-591, until=139),
    Grant(domain=CONTOSO, reseller="vanarsdel", since=-705, until=25),
    Grant(domain=CONTOSO, reseller="tailspin", since=-738, until=-8),
    Grant(domain=CONTOSO, reseller="adatum", since=-300, until=60),
    Grant(domain=CONTOSO, reseller="wingtip", since=-310, until=120),
    Grant(domain=CONTOSO, reseller="phone", since=-320, until=410, ended=-33, ended_as="ended"),
    Grant(domain=CONTOSO, reseller="lamna", requested=-12, lapses=78),
    Grant(domain=CONTOSO, reseller="bellows", requested=-70, lapses=20, ended=-64, ended_as="declined"),
    Grant(domain=CONTOSO, reseller="fincher", requested=-150, lapses=-60),
    Grant(domain=NORTHWIND, reseller="trey", since=-700, until=-1),
    Grant(domain=NORTHWIND, reseller="vanarsdel", since=-505, until=225),
    Grant(domain=NORTHWIND, reseller="firstup", requested=-3, lapses=87),
    Grant(domain="woodgrove.example", reseller="alpine", since=-722, until=8),
    Grant(domain="wideworld.example", reseller="firstup", requested=-5, lapses=85),
    Grant(domain="belrose.example", reseller="trey", since=-704, until=26),
]
