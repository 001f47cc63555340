"""The language of an order's documents: mapped, the channel's, the billing country's, the project's (D§2.5.5)."""

from canonical.settings import OrderSettings
from erp.rules.model import ProjectInfo

LANGUAGES = {
    "de": "Deutsch", "en": "English", "es": "Español", "fr": "Français", "it": "Italiano", "nl": "Nederlands", "pl": "Polski",
}  # fmt: skip
"""What a person may choose; documents without texts in a language are written in the project's."""

SPOKEN = {
    "AT": "de", "CH": "de", "DE": "de", "LI": "de", "BE": "fr", "FR": "fr", "LU": "fr", "MC": "fr", "IT": "it", "SM": "it",
    "ES": "es", "NL": "nl", "PL": "pl", "AU": "en", "CA": "en", "GB": "en", "IE": "en", "MT": "en", "NZ": "en", "US": "en",
}  # fmt: skip
"""What most people of a country read; elsewhere the project's language is used."""

LETTERS = 2


def document_language(value: str, country: str, settings: OrderSettings, project: ProjectInfo | None) -> str:
    """Choose the language: two letters, with a region where the channel names one (`de-AT`); empty only without a project.

    `value` is the channel's, `country` the billing country.
    """
    if value:
        mapped = settings.language_map.get(value, "")
        if mapped:
            return mapped
        code, _, region = value.replace("_", "-").partition("-")
        if len(code) == LETTERS and code.isalpha():
            tail = f"-{region.upper()}" if len(region) == LETTERS and region.isalpha() else ""
            return code.lower() + tail
    spoken = SPOKEN.get(country)
    return spoken or (project.language if project is not None else "")
