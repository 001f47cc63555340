"""Words from which lifelike offers and customers are made; all people and companies are invented."""

from __future__ import annotations

# (SKU prefix, name, category, lowest and highest price in cents, tax class)
ARTICLES = (
    ("BE", "Kaffeebecher", "HOME-KITCHEN-MUGS", 690, 1990, "standard"),
    ("RK", "Röstkaffee", "FOOD-COFFEE", 690, 2490, "reduced"),
    ("LA", "Tischleuchte", "HOME-LIGHT", 2990, 14900, "standard"),
    ("BU", "Reiseführer", "MISC", 990, 2990, "reduced"),
    ("KE", "Duftkerze", "MISC", 590, 2990, "standard"),
    ("SO", "Wollsocken", "FASHION-SOCKS", 790, 1990, "standard"),
    ("TA", "Teetasse", "HOME-KITCHEN-MUGS", 890, 2490, "standard"),
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
    *("Förde", "Kliff", "Düne", "Priel", "Kogge", "Lotse", "Brise", "Bernstein", "Muschel"),
)
SIZES = ("S", "M", "L", "XL")
COLOURS = (("red", "Rot"), ("blue", "Blau"))
FIRST_NAMES = (
    "Anna",
    "Çağla",
    "Jürgen",
    "Lena",
    "Björn",
    "Zoë",
    "Mehmet",
    "Søren",
    "Łukasz",
    "Maria",
    "Noah",
    "Frieda",
)
LAST_NAMES = ("Weiß", "Öztürk", "Müller", "von der Heide", "Groß", "Nguyễn", "Jørgensen", "Maier", "D'Arcy", "Schäfer")
PLACES = {
    "DEU": (("Hamburg", "20095"), ("Düsseldorf", "40212"), ("München", "80331"), ("Görlitz", "02826")),
    "AUT": (("Wien", "1070"), ("Graz", "8010")),
    "FRA": (("Strasbourg", "67000"),),
}
STREETS = {
    "DEU": ("Hauptstr.", "Königsallee", "Ringstraße", "Straße des 17. Juni"),
    "AUT": ("Mariahilfer Straße", "Herrengasse"),
    "FRA": ("rue de l’Église",),
}
COUNTRIES = (("DEU", 88), ("AUT", 9), ("FRA", 3))
COMPANIES = ("Weiß & Söhne GmbH", "Café Möwe e. K.", "Praxis Dr. Öztürk")
PAYMENTS = (("CARD", 50), ("PAYPAL", 35), ("INVOICE", 15))
SHIPPINGS = (("STD", 82), ("EXP", 12), ("PICKUP", 6))
LINE_COUNTS = ((1, 60), (2, 24), (3, 10), (4, 6))
HINTS = ("Bitte beim Nachbarn abgeben", "3. OG links", "Klingel defekt")
