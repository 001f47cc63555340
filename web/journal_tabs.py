"""The tabs of the journal: the orders, every kind of record that goes out, the runs; and how each kind is listed."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import Session

from canonical.feature import Feature
from erp.queries import sent
from web import words
from web.i18n import N_

REPLIES = "replies"
"""The tab of what is told about orders; the tab of the orders themselves is that of the imported documents."""
ALWAYS = (Feature.STOCK, Feature.SHIPMENTS)
"""What nearly every integration sends: these tabs are there before the first record."""


@dataclass(frozen=True)
class Listing:
    """The words of a tab of sent records."""

    name: str
    """What a record is called."""
    search: str
    empty: str
    empty_text: str


_ARTICLES = Listing(
    N_("Article number"),
    N_("Article number"),
    N_("No articles here"),
    N_("Build the article list of an integration, or change the filter."),
)
LISTINGS: Mapping[Feature, Listing] = {
    Feature.STOCK: _ARTICLES,
    Feature.PRICES: _ARTICLES,
    Feature.ARTICLES: _ARTICLES,
    Feature.CATEGORIES: Listing(
        N_("Category"),
        N_("Category"),
        N_("No categories here"),
        N_("Choose the feature for an integration, or change the filter."),
    ),
    Feature.SHIPMENTS: Listing(
        N_("Delivery note"),
        N_("Delivery note or order"),
        N_("No shipments here"),
        N_("As soon as an imported order is shipped, its report to the shop appears here."),
    ),
    Feature.DOCUMENTS: Listing(
        N_("Document"),
        N_("Document or order"),
        N_("No documents here"),
        N_("As soon as an imported order is invoiced, its invoice appears here where the feature is chosen."),
    ),
    Feature.REFUNDS: Listing(
        N_("Reference"),
        N_("Refund or order"),
        N_("No refunds here"),
        N_("As soon as a refund is executed, it appears here where the feature is chosen."),
    ),
    Feature.ORDERS: Listing(
        N_("Order in the shop"),
        N_("Order"),
        N_("No replies here"),
        N_("What a shop is told about orders before they ship appears here: accepted, refused, in progress."),
    ),
}


@dataclass(frozen=True)
class Tab:
    """A tab with its name in English; `is_failed` tells that something in it waits for a person."""

    key: str
    label: str
    is_failed: bool = False


def key_of(feature: Feature) -> str:
    """The name of a feature's tab of sent records in addresses."""
    return REPLIES if feature is Feature.ORDERS else feature.value


def tabs(session: Session) -> list[Tab]:
    """The tabs of the journal: kinds of which nothing ever went out have none."""
    there, failed = {*ALWAYS, *sent.kinds(session)}, sent.failed(session)
    links = [
        Tab(key_of(feature), N_("Replies") if feature is Feature.ORDERS else words.word("feature", feature.value),
            feature in failed)
        for feature in sent.SHOWN
        if feature in there
    ]  # fmt: skip
    return [Tab("orders", words.word("feature", "orders")), *links, Tab("runs", N_("Runs"))]
