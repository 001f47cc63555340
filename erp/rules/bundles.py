"""Bundles: what a JIT article is made of is booked with it, at 0.00; the price stays on the head (D§10.2)."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

from canonical.article import ArticleKind
from canonical.failure import Finding
from canonical.money import ZERO
from canonical.order import ChannelOrder, Fulfiller
from erp.rules.model import ArticleInfo, DraftLine, MasterData

PIECES = Decimal("0.0001")
COMPONENT = "component"


def explode(
    order: ChannelOrder, lines: Sequence[DraftLine], master: MasterData, found: list[Finding]
) -> list[DraftLine]:
    """Add the components of JIT articles behind their heads; quantities are multiplied, prices stay on the head.

    A head whose parts the channel named itself keeps those. A bill of materials cannot be sent by the channel (D§8.13).
    """
    heads = [index for index, line in enumerate(lines) if line.article and line.article.kind == ArticleKind.JIT]
    if not heads:
        return list(lines)
    if order.fulfilled_by is Fulfiller.CHANNEL:
        found.append(Finding.of("JIT_WITH_FBA", skus=_numbers(lines[index].article for index in heads)))
        return list(lines)
    taken_apart = {line.parent for line in lines if line.parent is not None}
    exploded: list[DraftLine] = []
    moved: dict[int, int] = {}
    for index, line in enumerate(lines):
        moved[index] = len(exploded)
        exploded.append(line if line.parent is None else replace(line, parent=moved[line.parent]))
        if index in heads and index not in taken_apart and line.article is not None:
            exploded.extend(_components(line, line.article, moved[index], master, found))
    return exploded


def _components(
    head: DraftLine, article: ArticleInfo, parent: int, master: MasterData, found: list[Finding]
) -> list[DraftLine]:
    """Draft the components of one head; a JIT article among them is replaced by what it is made of itself."""
    parts = list(_leaves(article, Decimal(1), master, ()))
    if not parts:
        found.append(
            Finding.of("JIT_WITHOUT_COMPONENTS", skus=article.number, waits_for=(f"article:{article.number}",))
        )
    if locked := [part.number for part, _ in parts if not part.is_usable]:
        keys = tuple(f"article:{number}" for number in locked)
        found.append(Finding.of("ARTICLE_LOCKED", skus=", ".join(locked), waits_for=keys))
    return [
        DraftLine(
            kind=COMPONENT,
            article=part,
            line_ref="",
            title=part.name,
            description="",
            quantity=(head.quantity * each).quantize(PIECES, ROUND_HALF_UP),
            net=ZERO,
            tax=ZERO,
            gross=ZERO,
            tax_rate=head.tax_rate,
            parent=parent,
        )
        for part, each in parts
    ]


def _leaves(
    article: ArticleInfo, quantity: Decimal, master: MasterData, above: tuple[int, ...]
) -> Iterator[tuple[ArticleInfo, Decimal]]:
    """Walk down to what lies in a warehouse; an article that contains itself ends there instead of never."""
    for part, each in master.components.get(article.id, ()):
        if part.kind != ArticleKind.JIT:
            yield part, quantity * each
        elif part.id not in above:
            yield from _leaves(part, quantity * each, master, (*above, article.id))


def _numbers(articles: Iterator[ArticleInfo | None] | Sequence[ArticleInfo | None]) -> str:
    return ", ".join(dict.fromkeys(article.number for article in articles if article is not None))
