"""Other invented words: what tells companies apart, partners, offers, what people note."""

from support_contacts.generating.names import split

#: What a customer's second company of one name is told apart by.
PLACES = split(
    "Nord|Süd|Ouest|Île-de-France|Benelux|Group|Holding|International|Services|No. 1|2000|Plus|East|"
    "Central|Invest|Consulting|Digital|Solutions|Immobilien|Énergie|Data|Systems|Retail|Foods|Care|Home"
)
#: What agents call some customers by themselves.
ALIASES = ("{} (head office)", "{} – VIP", "Ex-{}", "{} (siège)", "{} / Konzern")
PROVIDERS = split(
    "Northwind Cloud Distribution|Alpenland IT-Großhandel|Distribution Méditerranée Numérique|"
    "Baltic Cloud Hub|Iberia Nube Mayorista|東日本クラウド流通|Nordlicht Partnerhaus|Hellas Cloud|"
    "Adria Digital Distribuzione|Oriental Pearl 云分销|Tectona Direct|Vallée Informatique|Kestrel Direct|"
    "Crossways Wholesale|Łącznik Chmura|Åland Moln|Estuary IT|Tramontane Services|Halcyon Direct|"
    "Pinewood Licensing|Rhône Logiciels|Cobalt Direct|Meridian Wholesale|Sundial Cloud"
)
RESELLER_TRADES = split(
    "IT Services|Informatique|Systemhaus|Cloud Partners|Consulting|Networks|Réseaux|Datentechnik|Support|"
    "Managed Services|Digital|Computing|Infogérance|Solutions|Helpdesk|ソリューションズ|システム|科技"
)

#: offer, licences, usage-based
LEGACY_OFFERS = (
    ("Microsoft 365 E3", 120, False),
    ("Microsoft 365 Business Premium", 45, False),
    ("Exchange Online (Plan 1)", 30, False),
    ("Exchange Online (Plan 2)", 40, False),
    ("Power BI Pro", 18, False),
    ("Microsoft 365 E5", 60, False),
    ("Office 365 E1", 210, False),
    ("Visio Plan 2", 9, False),
    ("Project Plan 3", 14, False),
    ("Enterprise Mobility + Security E5", 75, False),
    ("Microsoft Intune", 150, False),
    ("Microsoft 365 Apps for business", 25, False),
    ("Microsoft Entra ID P1", 90, False),
    ("Windows 365 Enterprise 4 vCPU, 16 GB, 128 GB", 12, False),
    ("Dynamics 365 Business Central Essentials", 17, False),
    ("Microsoft Azure", 1, True),
)
NEW_OFFERS = (
    ("Azure plan", 1, True),
    ("Microsoft 365 Business Standard", 35, False),
    ("Microsoft 365 Business Basic", 60, False),
    ("Microsoft Defender for Business", 55, False),
    ("Dynamics 365 Sales Enterprise", 22, False),
    ("Microsoft 365 Copilot", 20, False),
    ("Power Automate Premium", 8, False),
)
ADDON_OFFERS = (
    ("Microsoft 365 Audio Conferencing", 60, False),
    ("Microsoft Teams Phone Standard", 85, False),
    ("Extra File Storage", 4, False),
)
NICKNAMES = (
    "Zürich",
    "Genève",
    "Head office and field staff",
    "Warehouse",
    "Saisonniers",
    "東京支店",
    "Test",
)
NOTES = (
    "Agreed on the phone.",
    "Le client souhaite un support en français.",
    "Hand-over after the office move, see ticket 46017.",
    "Übergabe nach der Migration.",
)
