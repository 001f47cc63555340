"""The marketplaces that stand in the gallery under their own names; the connector is the same (D§8.5)."""

from connectors.spec import Brand, Text

_NAMES = (
    ("conrad", "Conrad"),
    ("decathlon", "Decathlon"),
    ("douglas", "Douglas"),
    ("fressnapf", "Fressnapf"),
    ("hornbach", "Hornbach"),
    ("home24", "Home24"),
    ("mediamarkt", "MediaMarkt/Saturn"),
    ("shop-apotheke", "Shop Apotheke"),
    ("voelkner", "Voelkner"),
)

BRANDS = tuple(
    Brand(
        key=f"mirakl-{key}",
        title=title,
        summary=Text(
            f"Der Marktplatz {title} über Mirakl: Aufträge, Angebote, Produkte, Versand, Belege und Erstattungen.",
            f"The marketplace {title} by Mirakl: orders, offers, products, shipping, documents and refunds.",
        ),
    )
    for key, title in _NAMES
)
