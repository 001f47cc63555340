"""A marketplace's own categories and attributes, as fetched for the mapping page (seed: Kategorienmapping)."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Requirement(StrEnum):
    """How much a marketplace wants an attribute."""

    REQUIRED = "required"
    RECOMMENDED = "recommended"
    OPTIONAL = "optional"


class TaxonomyNode(_Frozen):
    """A category of the marketplace; `code` is what is stored, the label is only for people."""

    code: str
    label: str
    parent_code: str = ""
    is_leaf: bool = True


class TaxonomyAttribute(_Frozen):
    """An attribute of the products of a category and all below it; an empty category means: of all."""

    code: str
    label: str
    category_code: str = ""
    kind: str = "text"
    """text, number, date, boolean, media, list or multi_list."""
    requirement: Requirement = Requirement.OPTIONAL
    values_code: str = ""
    """The list of permitted values, of kinds list and multi_list."""
    is_variant_axis: bool = False
    description: str = ""


class TaxonomyValue(_Frozen):
    """A permitted value of a list."""

    list_code: str
    code: str
    label: str


class Taxonomy(_Frozen):
    """All of it; fetched at once, because the vendor permits one call an hour."""

    nodes: tuple[TaxonomyNode, ...] = ()
    attributes: tuple[TaxonomyAttribute, ...] = ()
    values: tuple[TaxonomyValue, ...] = ()
