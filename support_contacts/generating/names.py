"""What invented companies are called, where, and by which telephone prefix: words to put together."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Country:
    """Words of one country; `{h}` in the pattern is a head, `{t}` a trade, `{f}` a legal form.

    `weight` says how many customers there are, `ascii` what stands in domains where the script cannot.
    """

    weight: int
    zone: str
    language: str
    prefix: str
    pattern: str
    heads: tuple[str, ...]
    trades: tuple[str, ...]
    forms: tuple[str, ...]
    ascii: tuple[str, ...] = ()


def split(text: str) -> tuple[str, ...]:
    return tuple(filter(None, text.split("|")))


def _country(
    weight: int,
    zone: str,
    language: str,
    prefix: str,
    pattern: str,
    *,
    heads: str,
    trades: str,
    forms: str,
    ascii: str = "",
) -> Country:
    words = map(split, (heads, trades, forms, ascii))
    return Country(weight, zone, language, prefix, pattern, *words)


COUNTRIES = {
    "FR": _country(
        24,
        "Europe/Paris",
        "fr",
        "+33 1 99 00",
        "{t} {h} {f}",
        heads="Élysée|du Marais|Belrose|des Œuvres|Vergnes|d’Aubigné|Saint-Étienne|Château-Gaillard|Lefèvre|"
        "des Gâtines|de l’Érable|Montfaucon|Bréhat|Noël & Fils|Rivière|de la Forêt|Garçonnet|du Léman|"
        "Ménilmontant|Côte d’Argent|L’Hôtelier|Château d’Eau|Pyrénées|Guérande|Cœur de Ville|Dubois-Léry",
        trades="Boulangerie|Menuiserie|Ateliers|Clinique|Transports|Cabinet|Imprimerie|Éditions|Fromagerie|"
        "Société méditerranéenne d’équipements hospitaliers et de services associés|Plomberie|Lycée|"
        "École supérieure des métiers du numérique|Coopérative|Pépinières|Assurances|Laboratoires",
        forms="SARL|SAS|S.A.|SCOP|",
    ),
    "DE": _country(
        16,
        "Europe/Berlin",
        "de",
        "+49 30 99",
        "{h} {t} {f}",
        heads="Müller|Größmann|Österle|Nordsee|Bäckerhof|Schönefeld|Jäger|Königsforst|Weiß|Süderelbe|Höfer|"
        "Oberösterreich-Niederbayern|Köhler|Förster|Küstenland|Straßberger|Fürstenwalde|Krämer|Löwenherz|"
        "Donaudampfschifffahrts|Rübezahl|Sächsische|Thüringer|Ahrensburg|Lindenau",
        trades="Präzisionsoptik|Straßenbau|Feinkost|Klinik|Maschinenbau|Steuerberatung|Stadtwerke|Verlag|"
        "Betriebs- und Verwaltungsgesellschaft|Logistik|Gebäudetechnik|Versicherungen|Möbelhaus|Brauerei",
        forms="GmbH|AG|KG|mbH & Co. KG|e. K.|e.V.",
    ),
    "GB": _country(
        14,
        "Europe/London",
        "en",
        "+44 20 7946",
        "{h} {t} {f}",
        heads="Blue Yonder|O’Connell|Margie’s|Ashworth|Munson’s|42 North|St. Alban’s|Harrow & Pike|Lakeshore|"
        "Fairweather|King’s Lynn|Northgate|Penrose|Brontë|City & County|Wellspring|Old Mill|Thistledown|"
        "Caerphilly|Llanfairpwllgwyngyll|Cornish Coast|MacAllister|Hawthorn|The Long Acre",
        trades="Airlines|Travel|Publishing|Solicitors|Pickles and Preserves Farm|Engineering|Housing Trust|"
        "Analytics|Insurance|School of Fine Art|Dental Practice|Veterinary Group|Logistics|Bakery & Café",
        forms="Ltd|PLC|LLP|Limited|",
    ),
    "US": _country(
        10,
        "America/New_York",
        "en",
        "+1 212 555",
        "{h} {t} {f}",
        heads="Wide River|Baldwin|Parnell|Liberty’s|Southridge|Adventure|Coho|Fourth Street|Graphic|Lone Pine|"
        "Peñasco|Humongous|Alder & Birch|Cañon City|Best For You|Wingtip|Tall Oaks|Contemporary|1st Avenue",
        trades="Aerospace|Museum of Science|Power & Light|Organics|Video|Coffee|Bank|Wholesale Importers|"
        "Cycles|Pharmaceuticals|Design Institute of the Mediterranean and the Adriatic Coast|Realty",
        forms="Inc.|LLC|Corp.|Co.|",
    ),
    "ES": _country(
        6,
        "Europe/Madrid",
        "es",
        "+34 91 099",
        "{t} {h} {f}",
        heads="Peñafiel|Ñandú|Martín e Hijos|Muñoz|Cataluña|La Mancha|Sierra Morena|Núñez|Aragón|Güell|"
        "Íñigo|del Río|Almería|Logroño",
        trades="Bodegas|Clínica|Muebles y Decoración del Hogar|Transportes|Gestoría|Panadería|Construcciones",
        forms="S.L.|S.A.|S.Coop.|",
    ),
    "IT": _country(
        6,
        "Europe/Rome",
        "it",
        "+39 06 9999",
        "{t} {h} {f}",
        heads="Perché No!|Città di Forlì|Nicolò|dell’Adige|Sant’Ambrogio|Cefalù|Libertà|Gorizia|Fratelli Moscà|"
        "Valtellina|Lungomare|Murano",
        trades="Officine|Gelateria|Studio legale|Acciaierie|Cantina|Farmacia|Trasporti|Editrice|Vetreria",
        forms="S.p.A.|S.r.l.|S.n.c.|",
    ),
    "NL": _country(
        4,
        "Europe/Amsterdam",
        "nl",
        "+31 20 799",
        "{h} {t} {f}",
        heads="IJsselmeer|’t Molenaarshuys|Van den Berg|Zuiderzee|De Groene Weide|Reünie|Texel|Ommen|Coöperatie",
        trades="Logistiek|Bloemen|Bouw|Zuivel|Verzekeringen|Scheepvaart|Drukkerij",
        forms="B.V.|N.V.|& Zonen",
    ),
    "PL": _country(
        5,
        "Europe/Warsaw",
        "pl",
        "+48 22 999",
        "{h} {t} {f}",
        heads="Żółw|Łódzkie|Gdańska|Święty Krzyż|Źródło|Kraków|Wrocław|Częstochowa|Mazowiecka|Piątek",
        trades="Transport|Zakłady Włókiennicze|Piekarnia|Szpital|Budownictwo|Księgowość|Mleczarnia",
        forms="Sp. z o.o.|S.A.|",
    ),
    "CZ": _country(
        2,
        "Europe/Prague",
        "cs",
        "+420 2 9999",
        "{h} {t} {f}",
        heads="Příbramské|Žižkov|Dvořák|Řehoř|Šumava|Čapek|Jižní|Havlíčkův Brod",
        trades="strojírny|pivovar|lázně|stavby|nakladatelství",
        forms="a.s.|s.r.o.",
    ),
    "SE": _country(
        3,
        "Europe/Stockholm",
        "sv",
        "+46 8 999",
        "{h} {t} {f}",
        heads="Åkerström|Öresund|Västra Götaland|Sjöberg|Norrköping|Älvsbyn|Gröna Huset|Björk",
        trades="Bygg|Shipping|Redovisning|Mejeri|Tandvård|Skogar",
        forms="AB|HB|",
    ),
    "TR": _country(
        2,
        "Europe/Istanbul",
        "tr",
        "+90 212 999",
        "{h} {t} {f}",
        heads="Ilgaz|Işık|Çağlayan|Şişli|Göksu|İzmir|Üsküdar|Boğaziçi",
        trades="Sanayi|Tekstil|Gıda|Lojistik|Sigorta",
        forms="A.Ş.|Ltd. Şti.",
    ),
    "BG": _country(
        2,
        "Europe/Sofia",
        "bg",
        "+359 2 999",
        "{h} {t} {f}",
        heads="Витоша|Черноморски|Тракия|Рила|Дунав|Пирин|Марица|Средногорие",
        trades="Инженеринг|Пристанищни услуги|Транспорт|Консерви|Строителство|Аптеки",
        forms="ООД|АД|ЕООД",
        ascii="vitosha|chernomorski|trakia|rila|dunav|pirin|maritsa|sredna",
    ),
    "UA": _country(
        2,
        "Europe/Kyiv",
        "uk",
        "+380 44 999",
        "{h} {t} {f}",
        heads="Київські|Дніпро|Карпати|Львівський|Чорноморець|Їжак|Україна-Схід|Поділля",
        trades="теплові мережі|хлібзавод|логістика|видавництво|будівництво",
        forms="ТОВ|ПрАТ|",
        ascii="kyivski|dnipro|karpaty|lvivskyi|chornomorets|yizhak|skhid|podillia",
    ),
    "GR": _country(
        3,
        "Europe/Athens",
        "el",
        "+30 21 0999",
        "{h} {t} {f}",
        heads="Ελληνικές|Αιγαίο|Όλυμπος|Παπαδόπουλος|Ίκαρος|Θεσσαλία|Ακρόπολη|Ρόδος",
        trades="Θαλάσσιες Μεταφορές|Εκδόσεις|Τουριστικές Επιχειρήσεις|Κατασκευές|Φαρμακευτική",
        forms="Α.Ε.|Ε.Π.Ε.|",
        ascii="ellinikes|aigaio|olympos|papadopoulos|ikaros|thessalia|akropoli|rodos",
    ),
    "AE": _country(
        3,
        "Asia/Dubai",
        "ar",
        "+971 4 999",
        "{f} {h} {t}",
        heads="النخيل|الواحة|الخليج|الصحراء|النجم|اللؤلؤة|الشروق|الأمل",
        trades="للتجارة|للخدمات الطبية|للمقاولات|للشحن|للتعليم|للأغذية",
        forms="شركة|مجموعة|مؤسسة",
        ascii="alnakheel|alwaha|alkhaleej|alsahra|alnajm|allulu|alshurooq|alamal",
    ),
    "MA": _country(
        1,
        "Africa/Casablanca",
        "fr",
        "+212 5 22 99",
        "{h} {t}",
        heads="Atlas|Médina|Zellige|Souss|Argan|Tafilalet",
        trades="Textile — أطلس للنسيج|Transports — النقل|Conserves|Hôtels — فنادق",
        forms="",
    ),
    "IL": _country(
        1,
        "Asia/Jerusalem",
        "he",
        "+972 3 999",
        "{h} {t} {f}",
        heads="גלי הים|הכרמל|אורן|תבור|ירדן|נגב",
        trades="תוכנה|שירותים רפואיים|הובלות|נדל״ן",
        forms="בע״מ",
        ascii="galei|carmel|oren|tavor|yarden|negev",
    ),
    "JP": _country(
        5,
        "Asia/Tokyo",
        "ja",
        "+81 3 4999",
        "{f}{h}{t}",
        heads="さくら|北海道|東海|みどり|富士山|大和|ひかり|あおぞら|瀬戸内|山田",
        trades="製作所|データサービス|運輸|印刷|建設|食品|電機|薬局",
        forms="株式会社|合同会社|有限会社",
        ascii="sakura|hokkaido|tokai|midori|fujisan|yamato|hikari|aozora|setouchi|yamada",
    ),
    "KR": _country(
        2,
        "Asia/Seoul",
        "ko",
        "+82 2 999",
        "{h}{t} {f}",
        heads="한빛|서울|무궁화|가온|푸른|백두|다솜",
        trades="전자|물류|건설|제약|교육",
        forms="주식회사|유한회사",
        ascii="hanbit|seoul|mugunghwa|gaon|pureun|baekdu|dasom",
    ),
    "CN": _country(
        3,
        "Asia/Shanghai",
        "zh",
        "+86 21 9999",
        "{h}{t}{f}",
        heads="长江|东方|北京华夏|上海明珠|黄山|金龙|太平洋|成都锦江",
        trades="科技|国际贸易|物流|医药|教育咨询|建筑工程",
        forms="有限公司|股份有限公司",
        ascii="changjiang|dongfang|huaxia|mingzhu|huangshan|jinlong|taipingyang|jinjiang",
    ),
    "IN": _country(
        2,
        "Asia/Kolkata",
        "hi",
        "+91 22 9999",
        "{h} {t} {f}",
        heads="धारा|हिमालय|गंगा|Śrī Lakṣmī|सूर्य|नीलगिरि",
        trades="जल प्रबंधन|वस्त्र|औषधि|परिवहन|Textiles",
        forms="प्रा. लि.|Pvt. Ltd.",
        ascii="dhara|himalaya|ganga|lakshmi|surya|nilgiri",
    ),
    "CH": _country(
        4,
        "Europe/Zurich",
        "de",
        "+41 44 999",
        "{t} {h} {f}",
        heads="Zürich West|Genève-Plage|Lugano|Graubünden|Neuchâtel|Luzern|Sankt Gallen|La Chaux-de-Fonds",
        trades="Verlag|Bank|Treuhand|Uhrenmanufaktur|Kliniken|Käserei|Assurances",
        forms="AG|SA|GmbH|Sàrl",
    ),
}
