"""Words inside of texts: German sentences hold no English words, data holds no German ones."""

import re
from pathlib import Path

import pytest

from canonical.codes import CODES
from canonical.failure import Finding
from canonical.wording import WORDS
from tests.erp.order_kit import ANNA, judge, order, stating

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("finding", "text"),
    [
        (Finding.of("VALUE_EMPTY_NO_DEFAULT", what="payment method"), "keinen Standard: Zahlungsart"),
        (Finding.of("MASTER_DATA_MISSING", what="delivery term", value="X"), "Lieferbedingung „X“ gibt es"),
        (Finding.of("CUSTOMER_ADDRESS_INCOMPLETE", missing="street, city, country"), "fehlt: Straße, Ort, Land"),
        (Finding.of("CHANGED_IN_CHANNEL", what="amount 1.00 → 2.00, billing address"), "(Betrag 1.00 → 2.00, Rechnungsadresse)"),
        (Finding.of("TOTAL_MISMATCH", what="tax 19 %", stated=1, computed=2, difference=1), "Steuer 19 %: der Shop nennt"),
    ],
)  # fmt: skip
def test_a_german_sentence_says_its_words_in_german(finding: Finding, text: str) -> None:
    assert text in finding.text("de")
    english = finding.params[CODES[finding.code].words]
    assert english in finding.text("en")
    assert set(english) <= set(finding.params[CODES[finding.code].words]), "data keeps the English words"


def test_a_value_that_only_looks_like_a_word_stays_as_it_is() -> None:
    assert "„total“" in Finding.of("MASTER_DATA_MISSING", what="project", value="total").text("de")
    assert "(discounted)" in Finding.of("CHANGED_IN_CHANNEL", what="discounted").text("de")


def test_every_word_that_a_rule_says_is_in_the_closed_list() -> None:
    said = set()
    for file in (ROOT / "erp").rglob("*.py"):
        said |= set(re.findall(r"\b(?:what|missing)=\"([a-zA-Z ]+)\"", file.read_text()))
    assert said - set(WORDS) == set()
    incomplete = judge(order(billing=ANNA.model_copy(update={"street": "", "city": "", "country": ""})))
    assert "Straße, Ort, Land" in incomplete.findings[0].text("de")
    of = order()
    wrong = {name: value + 1 for name, value in vars(of.stated).items() if name != "taxes"}
    texts = [finding.text("de") for finding in judge(stating(of, **wrong)).findings]
    assert [text.split(":")[0] for text in texts] == [
        "Gesamtbetrag",
        "Rabatt",
        "Steuer auf den Rabatt",
        "Versand",
        "Steuer",
    ]
