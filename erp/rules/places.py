"""Where a delivery is taxed: the EU's VAT area, its territories outside it, and Northern Ireland (D§10.4)."""

from collections.abc import Mapping
from dataclasses import dataclass

from canonical.order import Address

EU = frozenset(
    ["AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"]
)  # fmt: skip
"""The countries in which intra-community supply and the One Stop Shop apply."""

NORTHERN_IRELAND = "XI"
"""As the EU writes it in VAT ids: for goods a part of its VAT area, at British rates."""

TAXED_AS = {"MC": "FR", "EL": "GR"}
"""Monaco belongs to the French area; EL is how tax offices write Greece."""

TERRITORIES: Mapping[str, tuple[str, ...]] = {
    "DE": ("27498", "78266"),  # Heligoland, Büsingen
    "ES": ("35", "38", "51", "52"),  # the Canaries, Ceuta, Melilla
    "FI": ("22",),  # Åland
    "FR": ("971", "972", "973", "974", "976"),  # Guadeloupe, Martinique, Guiana, Réunion, Mayotte
    "GR": ("6308",),  # Mount Athos
    "IT": ("23041", "22061", "22060"),  # Livigno, Campione d'Italia
}
"""Beginnings of the postcodes of territories outside the VAT area (Article 6 of Directive 2006/112/EC)."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place of delivery, as VAT sees it."""

    country: str
    """ISO 3166 alpha-2; XI for Northern Ireland."""
    is_in_eu: bool
    is_territory: bool = False
    """Of an EU country, and yet outside the VAT area: nobody's rates apply, deliveries are exports."""


def place_of(address: Address) -> Place:
    """Say where an address lies; only the countries with territories look at the postcode."""
    country = TAXED_AS.get(address.country, address.country)
    beginnings = TERRITORIES.get(country)
    if beginnings is not None and _digits(address.postcode).startswith(beginnings):
        return Place(country, is_in_eu=False, is_territory=True)
    if country == "GB" and address.postcode.strip()[:2].upper() == "BT":
        return Place(NORTHERN_IRELAND, is_in_eu=True)
    return Place(country, is_in_eu=country in EU or country == NORTHERN_IRELAND)


def _digits(postcode: str) -> str:
    """A postcode without what people write around it (D-27498, FI-22100)."""
    return "".join(filter(str.isdigit, postcode))
