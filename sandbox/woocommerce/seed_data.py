"""Words from which lifelike articles and customers are made; all people and companies are invented."""

from __future__ import annotations

ARTICLES = (
    # (SKU prefix, name, lowest and highest price, tax class)
    ("KU", "Kaffeebecher", 690, 1990, ""),
    ("BU", "Kochbuch", 990, 3990, "reduced-rate"),
    ("KA", "Röstkaffee", 690, 2490, "reduced-rate"),
    ("TE", "Kräutertee", 390, 1490, "reduced-rate"),
    ("LA", "Schreibtischlampe", 2990, 14900, ""),
    ("EL", "USB-C-Kabel", 333, 2490, ""),
    ("KI", "Kissenbezug", 990, 3990, ""),
    ("KE", "Duftkerze", 590, 2990, ""),
    ("HO", "Honig", 450, 1290, "reduced-rate"),
    ("ST", "Notizbuch", 490, 1990, ""),
    ("WE", "Werkzeugset", 1990, 17900, ""),
    ("SP", "Holzspielzeug", 990, 5990, ""),
    ("SE", "Naturseife", 390, 990, ""),
    ("RA", "Fahrradlicht", 1490, 8990, ""),
    ("GA", "Blumensamen", 190, 590, "reduced-rate"),
)
QUALITIES = (
    *(
        "Hafen",
        "Alster",
        "Nordlicht",
        "Sylt",
        "Heide",
        "Elbe",
        "Deich",
        "Möwe",
        "Leuchtturm",
        "Kompass",
        "Anker",
        "Watt",
    ),
    *("Förde", "Kliff", "Düne", "Priel", "Kogge", "Lotse", "Brise", "Strandgut", "Treibholz", "Bernstein", "Muschel"),
)
VARIABLES = (
    # (SKU prefix, name, price, tax class, options per attribute)
    ("TS", "T-Shirt", 1990, {"Größe": ("S", "M", "L", "XL"), "Farbe": ("Rot", "Blau")}),
    ("HD", "Kapuzenpullover", 4990, {"Größe": ("S", "M", "L"), "Farbe": ("Grau", "Oliv")}),
    ("SO", "Socken", 750, {"Größe": ("36-39", "40-43", "44-46")}),
    ("MU", "Mütze", 2490, {"Farbe": ("Schwarz", "Sand", "Weinrot", "Petrol")}),
)
FIRST_NAMES = (
    *(
        "Anna",
        "Çağla",
        "Jürgen",
        "Hans",
        "Lena",
        "Björn",
        "Zoë",
        "Mehmet",
        "Søren",
        "Łukasz",
        "Maria",
        "Ulrike",
        "Noah",
    ),
    *("Mia", "Emil", "Frieda", "Karl-Heinz", "Aylin", "Tomáš", "Ines", "José", "Greta", "Paul", "Ida", "Oskar"),
)
LAST_NAMES = (
    *(
        "Weiß",
        "Öztürk",
        "Müller",
        "Fischer",
        "von der Heide",
        "Groß",
        "Nguyễn",
        "Şahin",
        "Jørgensen",
        "Kowalski",
        "Maier",
    ),
    *("Schäfer", "Lindström", "D'Arcy", "O’Neill", "Krüger", "Yılmaz", "Böhm", "Vogt", "Peters", "Schmidt-Rottluff"),
)
PLACES = {
    "DE": (
        ("Hamburg", "20095"),
        ("Düsseldorf", "40212"),
        ("Köln", "50667"),
        ("München", "80331"),
        ("Görlitz", "02826"),
        ("Lübeck", "23552"),
        ("Würzburg", "97070"),
    ),
    "AT": (("Wien", "1070"), ("Graz", "8010"), ("Linz", "4020")),
    "FR": (("Strasbourg", "67000"), ("Saint-Étienne", "42000")),
    "CH": (("Zürich", "8001"), ("Genève", "1201")),
}
STREETS = {
    "DE": ("Hauptstr.", "Königsallee", "Ringstraße", "Am Deich", "Straße des 17. Juni", "Große Bleichen"),
    "AT": ("Mariahilfer Straße", "Herrengasse", "Landstraßer Gürtel"),
    "FR": ("rue de l’Église", "avenue de la Forêt-Noire"),
    "CH": ("Bahnhofstrasse", "rue du Rhône"),
}
COMPANIES = (
    "Weiß & Söhne GmbH",
    "Café Möwe e. K.",
    "Nordlicht Handels-AG",
    "Praxis Dr. Öztürk",
    "Stadtwerke Musterstadt",
)
COMMENTS = (
    "Bitte beim Nachbarn abgeben 🙂",
    "Geschenk 🎁 – bitte ohne Rechnung im Paket",
    "Klingel defekt, bitte anrufen!",
    "Merci beaucoup ❤️",
    'Lieferung nur "vormittags" & nicht samstags',
    "Bitte\nvor die Tür stellen",
)
PAYMENTS = (("bacs", 20), ("ppcp-gateway", 45), ("stripe", 25), ("cod", 10))
COUNTRIES = (("DE", 84), ("AT", 8), ("FR", 5), ("CH", 3))
STATUSES = (("processing", 88), ("on-hold", 5), ("completed", 3), ("pending", 2), ("cancelled", 2))
LINE_COUNTS = ((1, 34), (2, 26), (3, 16), (4, 9), (5, 6), (6, 4), (7, 3), (8, 2))
UNKNOWN_PREFIX = "UNKNOWN-"
