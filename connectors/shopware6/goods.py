"""The lines of Shopware's order: goods, what is nested below them, surcharges, and what lowers the price."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from canonical.money import ZERO
from canonical.order import Charge, ChargeKind, Discount, OrderLine, Property
from connectors.shopware6.amounts import Part, Reckoning, round_once, spread
from connectors.shopware6.models import Line, Price

LOWERING = frozenset({"promotion", "discount", "credit"})
"""Line types that lower the price."""
PERSONAL = frozenset({"value", "text", "customText", "engraving"})


@dataclass
class Basket:
    """What an order's lines become."""

    reckoning: Reckoning
    lines: list[OrderLine] = field(default_factory=list)
    fees: list[Charge] = field(default_factory=list)
    discounts: list[Discount] = field(default_factory=list)
    lowered: list[Part] = field(default_factory=list)
    """The parts that were spread over the lines."""

    def fill(self, lines: Sequence[Line]) -> None:
        """Read all lines; those that lower the price come last, when it is known what they lower."""
        roots, children = _tree(lines)
        lowering = []
        for line in roots:
            below = children.get(line.id, [])
            if line.type in LOWERING or (line.amount < 0 and not line.sku):
                lowering.append(line)
            elif below:
                self._bundle(line, below)
            elif line.sku or line.type == "product":
                self._goods(line, _price(line))
            else:
                self._fee(line, ChargeKind.FEE)
        for line in lowering:
            self._lower(line)

    def _goods(self, line: Line, price: Price, parent_ref: str = "") -> None:
        """A line of goods at the rate of its largest part; what of its price bears another rate is a service on it."""
        parts = self.reckoning.parts(price)
        main = max(parts, key=lambda part: abs(part.gross))
        self.lines.append(
            OrderLine(
                ref=line.id,
                sku=line.sku,
                title=line.label,
                quantity=line.quantity,
                net=main.net,
                tax=main.tax,
                tax_rate=main.rate,
                properties=_options(line),
                product_ref=line.product_id,
                parent_ref=parent_ref,
            )
        )
        rest = [part for part in parts if part is not main and (part.net or part.tax)]
        self.fees += [_charge(line, part, ChargeKind.SERVICE, line.id) for part in rest]

    def _bundle(self, head: Line, below: Sequence[Line]) -> None:
        """A line with others below it; only the topmost amounts count in the order's sum (D§10.2).

        A head with a number of its own keeps the price, its parts cost nothing. A head without one is only a bracket: its
        parts are the goods, if their prices add up to it or there is just one.
        """
        goods = [line for line in below if line.sku]
        if head.sku:
            self._goods(head, _price(head))
            for line in goods:
                self._goods(line, Price(), parent_ref=head.id)
            return
        if goods and sum((line.amount for line in below), ZERO) == head.amount:
            self._taken_apart(head, below, goods)
        elif len(goods) == 1:
            self._goods(goods[0], _price(head))
            for line in below:
                if not line.sku:
                    self._note(line, goods[0].id)
        else:
            self._goods(head, _price(head))

    def _taken_apart(self, head: Line, below: Sequence[Line], goods: Sequence[Line]) -> None:
        """The parts in place of their head; the order's tax is that of the head, rounded once for all parts."""
        first_line, first_fee = len(self.lines), len(self.fees)
        for line in goods:
            self._goods(line, _price(line))
        for line in below:
            if not line.sku:
                self._extra(line, goods[0].id)
        parts = self.lines[first_line:]
        computed: dict[Decimal, Decimal] = {}
        taxed = [(line.tax_rate, line.tax) for line in parts]
        taxed += [(fee.tax_rate, fee.tax) for fee in self.fees[first_fee:]]
        for rate, tax in taxed:
            if rate is not None:
                computed[rate] = computed.get(rate, ZERO) + tax
        round_once(parts, computed, self.reckoning.stated(head.price.taxes), self.reckoning)
        self.lines[first_line:] = parts

    def _extra(self, line: Line, line_ref: str) -> None:
        """An option that was bought with the goods: an engraving, gift wrap."""
        if line.amount:
            self._fee(line, ChargeKind.SERVICE, line_ref)
        self._note(line, line_ref)

    def _note(self, line: Line, line_ref: str) -> None:
        """The buyer's own words belong to the goods, where the packer sees them."""
        words = next((str(line.payload[name]) for name in sorted(PERSONAL & line.payload.keys())), "")
        if not words.strip():
            return
        note = Property(name=line.label, value=words.replace("\x00", "").strip(), is_personal=True)
        for index, goods in enumerate(self.lines):
            if goods.ref == line_ref:
                self.lines[index] = goods.model_copy(update={"properties": (*goods.properties, note)})

    def _fee(self, line: Line, kind: ChargeKind, line_ref: str = "") -> None:
        """A line without an article: a surcharge of a plug-in, or what the merchant added by hand."""
        self.fees += [_charge(line, part, kind, line_ref) for part in self.reckoning.parts(_price(line))]

    def _lower(self, line: Line) -> None:
        """A promotion or credit, per rate; what no line of that rate can bear is a negative fee."""
        parts = [part for part in self.reckoning.parts(_price(line)) if part.net or part.tax]
        taken = [part for part in parts if spread(self.lines, part, self.reckoning.unit)]
        self.lowered += taken
        if taken:
            net, tax = sum((part.net for part in taken), ZERO), sum((part.tax for part in taken), ZERO)
            code = line.payload.get("code")
            name = str(code) if isinstance(code, str) and code.strip() else line.label
            self.discounts.append(Discount(code=name, net=-net, tax=-tax))
        self.fees += [_charge(line, part, ChargeKind.FEE) for part in parts if part not in taken]


def _charge(line: Line, part: Part, kind: ChargeKind, line_ref: str = "") -> Charge:
    return Charge(
        ref=line.id, title=line.label, net=part.net, tax=part.tax, tax_rate=part.rate, kind=kind, line_ref=line_ref
    )


def _price(line: Line) -> Price:
    """The price of a line; some plug-ins state only its total."""
    has_price = line.price.total or line.price.taxes or not line.total
    return line.price if has_price else Price.model_validate({"totalPrice": line.total})


def _tree(lines: Sequence[Line]) -> tuple[list[Line], dict[str, list[Line]]]:
    """The topmost lines, in the order of the shop, and all that is below each; given flat, nested or both."""
    known: dict[str, Line] = {}
    parents: dict[str, str] = {}
    for line, parent in _walk(lines, ""):
        known.setdefault(line.id, line)
        if parent or line.parent_id:
            parents[line.id] = parent or line.parent_id
    roots, below = [], dict[str, list[Line]]()
    for line in known.values():
        top, steps = line.id, 0
        while parents.get(top) in known and steps < len(known):
            top, steps = parents[top], steps + 1
        if top == line.id:
            roots.append(line)
        else:
            below.setdefault(top, []).append(line)
    return sorted(roots, key=lambda line: line.position), below


def _walk(lines: Iterable[Line], parent: str) -> Iterable[tuple[Line, str]]:
    for line in lines:
        yield line, parent
        yield from _walk(line.children, line.id)


def _options(line: Line) -> tuple[Property, ...]:
    """The options of a variant."""
    stated = line.payload.get("options")
    rows = stated if isinstance(stated, list) else []
    return tuple(
        Property(name=str(row["group"]), value=str(row["option"]))
        for row in rows
        if isinstance(row, dict) and row.get("group") and row.get("option")
    )
