"""`python -m bench`: measure what the README claims; every measurement checks its own result."""

import argparse
import logging
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from bench import BenchError, autoship, availability, drafts, initial_import, orders, pairing, rates, stock, together


class Result(Protocol):
    """What a measurement gives: a model that can also be read."""

    def model_dump_json(self) -> str:
        """One line of JSON."""
        ...

    def text(self) -> str:
        """The result for a person."""
        ...


@dataclass(frozen=True)
class Measurement:
    """One measurement: what it measures, its options with their defaults, and the function that takes them."""

    about: str
    run: Callable[..., Result]
    options: Mapping[str, int] = field(default_factory=dict)


MEASUREMENTS: Mapping[str, Measurement] = {
    "orders": Measurement(
        "import of orders: shop over HTTP → inbox → all rules → booked, with journal and Temporal",
        orders.measure,
        {"orders": 5000, "workers": 1},
    ),
    "stock": Measurement(
        "stock of many articles: planned, sent, accepted by the shop",
        stock.measure,
        {"articles": 100_000, "changed": 5000},
    ),
    "availability": Measurement(
        "the quantity that a shop may sell of every article, in three sizes",
        availability.measure,
        {"articles": 100_000},
    ),
    "drafts": Measurement("rules and booking of orders alone, in three sizes", drafts.measure, {"drafts": 20_000}),
    "autoship": Measurement(
        "auto-ship of ready orders in batches: shipments, stock, delivery notes, invoices; in three sizes",
        autoship.measure,
        {"orders": 5000},
    ),
    "together": Measurement(
        "many processes importing, shipping, invoicing and moving stock at once; then the books must be right",
        together.measure,
        {"processes": 8, "seconds": 60},
    ),
    "pairing": Measurement(
        "pairing a channel's listings with articles by number, EAN and name", pairing.measure, {"listings": 100_000}
    ),
    "initial_import": Measurement(
        "initial import of a large shop over HTTP, with a reading that is killed and gone on with",
        initial_import.measure,
        {"articles": 20_000},
    ),
    "rates": Measurement(
        "share of the permitted rate that two senders of one account use, none refused", rates.measure, {"seconds": 20}
    ),
}


def main() -> int:
    """Run one measurement and print it; exit status 1 when its result is wrong."""
    options = vars(_parser().parse_args())
    what, as_json = options.pop("what"), options.pop("json", False)
    logging.basicConfig(level="ERROR")
    if what is None:
        print(_listed(), end="")
        return 0
    try:
        result = MEASUREMENTS[what].run(**options)
    except BenchError as error:
        print(f"bench {what}: {error}", file=sys.stderr)
        return 1
    print(result.model_dump_json() if as_json else result.text())
    return 0


def _listed() -> str:
    lines = ["Measurements (each starts its own servers in a temporary folder, and checks its result):", ""]
    for name, measurement in MEASUREMENTS.items():
        given = " ".join(f"--{option} {default}" for option, default in measurement.options.items())
        lines += [f"  python -m bench {name} {given} [--json]", f"      {measurement.about}"]
    return "\n".join(lines) + "\n"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure; without arguments: list.")
    measurements = parser.add_subparsers(dest="what")
    for name, measurement in MEASUREMENTS.items():
        one = measurements.add_parser(name, help=measurement.about)
        for option, default in measurement.options.items():
            one.add_argument(f"--{option}", type=int, default=default)
        one.add_argument("--json", action="store_true", help="one line of JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
