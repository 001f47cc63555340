"""The files with which a marketplace is begun, loaded up by hand: products for its mapping assistant, and offers (D§2.1, D§2.3)."""

from collections.abc import Iterable, Iterator
from itertools import chain

from canonical.catalogue import ArticleContent, InitialFile, NewOffer, Structure
from canonical.failure import Failure, FailureError
from connectors.mirakl.offers import OfferTerms, offer_table
from connectors.mirakl.product_file import operator_table, own_table
from connectors.mirakl.products import unfit
from connectors.mirakl.settings import MiraklArticleSettings, ProductFormat
from connectors.mirakl.tables import CSV

LeftOut = list[tuple[str, Failure]]


def products(settings: MiraklArticleSettings, articles: Iterable[ArticleContent]) -> InitialFile:
    """Products in the columns in which they will be sent.

    Ours also where nothing is mapped here yet: then the file is for the marketplace's assistant, which maps them (D§8.5).
    """
    rest = iter(articles)
    first = next(rest, None)
    is_mapped = first is not None and bool(first.channel_category)
    is_operator = settings.product_format is ProductFormat.OPERATOR and is_mapped
    used = settings.model_copy(update={"product_format": ProductFormat.OPERATOR if is_operator else ProductFormat.OWN})
    left_out: LeftOut = []
    fit = _fit(used, chain([first] if first else [], rest), left_out)
    table, count = operator_table(used, fit) if is_operator else own_table(fit)
    return InitialFile(name="products.csv", media_type=CSV, content=table, count=count, left_out=tuple(left_out))


def _fit(
    settings: MiraklArticleSettings, articles: Iterable[ArticleContent], left_out: LeftOut
) -> Iterator[ArticleContent]:
    """The articles that are products there and can be in the file; parents and deleted ones are no products."""
    for article in articles:
        failure = unfit(settings, article)
        if failure is not None:
            left_out.append((article.key, failure))
        elif article.structure is not Structure.PARENT and not article.is_deleted:
            yield article


def offers(terms: OfferTerms, new: Iterable[NewOffer]) -> InitialFile:
    """Offers with price, quantity and condition; raises `FailureError` SETTINGS_INCOMPLETE without a condition."""
    if not terms.stock.new_offer_state:
        raise FailureError(Failure.of("SETTINGS_INCOMPLETE", fields="new_offer_state"))
    rows, left_out = [], []
    for offer in new:
        try:
            if not offer.sku.strip():
                raise FailureError(Failure.of("SKU_MISSING", name=offer.key))
            rows.append(terms.row(offer))
        except FailureError as error:
            left_out.append((offer.key, error.failure))
    return InitialFile(
        name="offers.csv", media_type=CSV, content=offer_table(rows), count=len(rows), left_out=tuple(left_out)
    )
