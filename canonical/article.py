"""Articles: the words that store and connectors share."""

from enum import StrEnum


class ArticleKind(StrEnum):
    """How an article is built (D§0.3)."""

    SIMPLE = "simple"
    MATRIX = "matrix"
    VARIANT = "variant"
    BUNDLE = "bundle"
    """A set with stock of its own (Stückliste)."""
    JIT = "jit"
    """A set whose components are booked when it is ordered (Just-in-time-Stückliste)."""
