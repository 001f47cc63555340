"""Lines of one piece each become one line where the channel sends every piece alone (OTTO, Kaufland; D§10.2)."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from canonical.money import ZERO
from erp.rules.model import DraftLine


def merge_pieces(lines: Sequence[DraftLine]) -> list[DraftLine]:
    """Merge lines of quantity 1 by article, unit price, tax and properties; the items' ids are kept for what is reported back.

    Heads and parts of bundles stay as they are. Sums stay to the cent: a line's tax is the sum of its pieces' taxes.
    """
    heads = {line.parent for line in lines if line.parent is not None}
    groups: dict[Any, list[int]] = {}
    for index, line in enumerate(lines):
        alone = line.quantity != 1 or line.parent is not None or index in heads or line.line_refs
        groups.setdefault(index if alone else _key(line), []).append(index)
    merged: list[DraftLine] = []
    moved: dict[int, int] = {}
    for members in groups.values():
        moved[members[0]] = len(merged)
        merged.append(_together([lines[index] for index in members]))
    return [line if line.parent is None else replace(line, parent=moved[line.parent]) for line in merged]


def _key(line: DraftLine) -> tuple[Any, ...]:
    article = line.article.id if line.article else None
    return (article, line.net, line.tax_rate, line.properties, line.title)


def _together(lines: Sequence[DraftLine]) -> DraftLine:
    """Add lines up; the first gives texts and the id by which the line is known."""
    first = lines[0]
    if len(lines) == 1:
        return first
    net = sum((line.net for line in lines), ZERO)
    tax = sum((line.tax for line in lines), ZERO)
    refs = tuple(line.line_ref for line in lines)
    return replace(first, quantity=Decimal(len(lines)), net=net, tax=tax, gross=net + tax, line_refs=refs)
