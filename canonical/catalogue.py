"""The canonical article as shop and ERP exchange it: content, prices, categories; pure data."""

from datetime import date
from decimal import Decimal
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from canonical.failure import Failure


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Structure(StrEnum):
    """How an article is sold: by itself, as the parent of variants, or as one of them (D§0.3)."""

    SIMPLE = "simple"
    PARENT = "parent"
    VARIANT = "variant"


class TaxCategory(StrEnum):
    """Which of the merchant's rates an article bears."""

    NORMAL = "normal"
    REDUCED = "reduced"
    SPECIAL = "special"
    EXEMPT = "exempt"


class DataType(StrEnum):
    """The parts of an article that a merchant chooses to send (D§2.1, `data_types`)."""

    MASTER_DATA = "master_data"
    VARIANTS = "variants"
    IMAGES = "images"
    TAGS = "tags"
    PROPERTIES = "properties"
    CUSTOM_FIELDS = "custom_fields"
    TRANSLATIONS = "translations"
    CROSS_SELLING = "cross_selling"


class Words(_Frozen):
    """The texts of an article in one language (ISO 639-1); chosen by the priority of D§2.1."""

    language: str
    name: str = ""
    short_text: str = ""
    description: str = ""
    """HTML."""
    meta_title: str = ""
    meta_description: str = ""
    meta_keywords: str = ""


class NamedValue(_Frozen):
    """A property, custom field or option with its value."""

    name: str
    value: str


class OptionAxis(_Frozen):
    """What tells a parent's variants apart, with all values that occur, in order."""

    name: str
    values: tuple[str, ...]


class Picture(_Frozen):
    """An image at an address that the channel can fetch; `digest` tells whether it changed."""

    url: str
    digest: str = ""
    title: str = ""
    description: str = ""
    position: int = 0


class CategoryPlace(_Frozen):
    """A category that an article is in: our id, the names from the root, and the channel's id where it is known."""

    key: str
    path: tuple[str, ...]
    ref: str = ""


class ArticleContent(_Frozen):
    """Everything about an article but price and stock (D§2.1). Lengths in cm, weights in kg.

    What the merchant chose not to send is empty and its `DataType` is not in `sends`: a connector leaves those fields of
    the channel alone. With a data type in `sends`, empty means: remove it in the channel.
    """

    key: str
    """Our article number; results come back under it."""
    sku: str
    """The number by which the channel knows the article (D§3.3)."""
    ref: str = ""
    """The channel's id where it is known; else the connector looks it up by `sku`."""
    structure: Structure = Structure.SIMPLE
    parent_key: str = ""
    parent_sku: str = ""
    parent_ref: str = ""
    sends: frozenset[DataType] = frozenset({DataType.MASTER_DATA})
    words: Words = Words(language="de")
    translations: tuple[Words, ...] = ()
    manufacturer: str = ""
    manufacturer_number: str = ""
    ean: str = ""
    unit: str = ""
    weight: Decimal | None = None
    length: Decimal | None = None
    width: Decimal | None = None
    height: Decimal | None = None
    customs_number: str = ""
    origin_country: str = ""
    delivery_time: str = ""
    min_order_quantity: Decimal | None = None
    tax_category: TaxCategory = TaxCategory.NORMAL
    is_stock_article: bool = True
    """Whether the channel counts it; a set's stock is computed from its parts, so it is counted, too (D§2.3)."""
    is_active: bool = True
    """False: "article inactive" of this shop (D§3.1); it is hidden, not deleted."""
    is_closeout: bool = False
    """Remaining stock only (Restmenge)."""
    is_deleted: bool = False
    """Deleted in the ERP; sent only with `auto_delete`: the connector deletes it in the channel (D§2.1)."""
    category: str = ""
    """The article category (Warengruppe)."""
    categories: tuple[CategoryPlace, ...] = ()
    tags: tuple[str, ...] = ()
    properties: tuple[NamedValue, ...] = ()
    custom_fields: tuple[NamedValue, ...] = ()
    axes: tuple[OptionAxis, ...] = ()
    """Of a parent."""
    options: tuple[NamedValue, ...] = ()
    """Of a variant: one value per axis of its parent, in the parent's order."""
    images: tuple[Picture, ...] = ()
    cross_selling: tuple[str, ...] = ()
    """SKUs of the articles shown beside it."""
    components: tuple[NamedValue, ...] = ()
    """Of a bundle: SKU and quantity; only its head is exported (D§10.2)."""
    channel_category: str = ""
    """The channel's own category code, from the category mapping of a marketplace."""
    channel_attributes: tuple[NamedValue, ...] = ()
    """The channel's own attributes with values in its codes, from the attribute mapping of a marketplace."""


class PriceTier(_Frozen):
    """One price per unit in `currency`; `group` is a customer group's name, empty for everybody."""

    amount: Decimal
    currency: str = "EUR"
    is_gross: bool = True
    pseudo_amount: Decimal | None = None
    """The price shown crossed out, gross or net like the amount."""
    from_quantity: Decimal = Decimal(1)
    group: str = ""
    valid_from: date | None = None
    valid_to: date | None = None


class ArticlePrices(_Frozen):
    """The prices of one article, as they shall be in the channel: absolute, so that sending twice is harmless."""

    key: str
    sku: str
    ref: str = ""
    parent_ref: str = ""
    tax_category: TaxCategory = TaxCategory.NORMAL
    tax_rate: Decimal | None = None
    """Percent that gross and net differ by, from the feature's settings."""
    base: PriceTier
    """The price for everybody from the first piece: standard, or of the chosen group or customer (D§2.4)."""
    tiers: tuple[PriceTier, ...] = ()
    """Group and scale prices and those with validity dates; only with `advanced_prices`."""


class NewOffer(_Frozen):
    """What creates an offer of an article in a channel that has none yet: its prices, and what tells the product."""

    prices: ArticlePrices
    gtin: str = ""
    """The article's EAN."""
    product_number: str = ""
    """The channel's own number of the product, where it is known."""
    quantity: int = 0
    """What may be sold, as the stock export would say it; 0 where stock is not sent."""

    @property
    def key(self) -> str:
        """Our article number; results come back under it."""
        return self.prices.key

    @property
    def sku(self) -> str:
        """The number by which the channel is to know the article."""
        return self.prices.sku


class InitialFile(_Frozen):
    """A file for the channel that a person loads up by hand, with the records that could not be in it."""

    name: str
    media_type: str
    content: bytes
    count: int
    """Records in it."""
    left_out: tuple[tuple[str, Failure], ...] = ()
    """By our article number, why it is not in the file."""


class CategoryNode(_Frozen):
    """A node of the category tree; parents come before their children in a batch."""

    key: str
    """Our category's id."""
    ref: str = ""
    name: str
    parent_key: str = ""
    parent_ref: str = ""
    """The channel's id of the parent; empty for a root, or for a parent in the same batch."""
    position: int = 0
    is_deleted: bool = False
    """Deleted in the ERP; sent only with `auto_delete_categories`."""


class ListedArticle(_Frozen):
    """An article as it is in a channel: for pairing and for the initial import; `content.key` is empty."""

    content: ArticleContent
    prices: tuple[PriceTier, ...] = ()
    quantity: Decimal | None = None
    """Stock in the channel, for information: stock is never imported (D§1.6)."""
    tax_rate: Decimal | None = None
    """Percent, where the channel names one."""
    url: str = ""


class ListingPage(_Frozen):
    """A page of a channel's articles, parents before their variants, and where to go on."""

    articles: tuple[ListedArticle, ...]
    cursor: str
    """Opaque to everyone but the connector; empty at the beginning."""
    more: bool
    total: int | None = None
    """How many there are in all, where the channel says so."""
    ask_again_after: float = 0
    """Seconds to wait before the next call, for channels that prepare a file first."""
