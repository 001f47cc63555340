"""What every connector must do alike, run against its sandbox; a connector's own tests catch what this cannot."""

import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

import connectors
from canonical.capability import ROWS
from canonical.check import CheckState
from canonical.codes import Kind
from canonical.failure import Failure, FailureError
from canonical.feature import Feature
from canonical.order import DocumentPage, RawDocument
from canonical.push import AnswerKind, Outcome
from canonical.settings import FeatureSettings
from connectors import protocol
from connectors.protocol import FEATURE_PROTOCOLS, Connector
from tests.connectors.kits import (
    NEW_SKU,
    SENDERS,
    SHOPS,
    SKU,
    START,
    UnderTest,
    answer,
    document,
    send,
    served,
    shipped,
)

KEYS = [key for key, spec in connectors.specs().items() if not spec.family and key in SHOPS]
PULLING = [key for key in KEYS if Feature.ORDERS in connectors.spec_of(key).features]
FEATURES = [(key, feature) for key in KEYS for feature in connectors.spec_of(key).features]
PUSHED = [(key, feature) for key, feature in FEATURES if feature in SENDERS]
LISTING = [key for key in KEYS if connectors.spec_of(key).lists_articles or connectors.spec_of(key).imports_catalogue]
SINCE = "2026-02-01T00:00:00Z"
FLAGS = {
    "answers_orders": protocol.AnswersOrders,
    "has_taxonomy": protocol.DescribesTaxonomy,
    "makes_initial_files": protocol.MakesInitialFiles,
    "has_webhooks": protocol.KeepsWebhooks,
    "choices": protocol.ListsChoices,
}

with_each = pytest.mark.parametrize("key", KEYS)
with_each_puller = pytest.mark.parametrize("key", PULLING)
with_each_feature = pytest.mark.parametrize(("key", "feature"), FEATURES)
with_each_push = pytest.mark.parametrize(("key", "feature"), PUSHED)


def with_each_of(*features: Feature) -> pytest.MarkDecorator:
    """Every connector that has one of these features."""
    return pytest.mark.parametrize(("key", "feature"), [(key, each) for key, each in PUSHED if each in features])


with_each_listing = pytest.mark.parametrize("key", LISTING)


@pytest.fixture
def account(key: str) -> Iterator[UnderTest]:
    """The connector under test with its sandbox."""
    with served(key) as made:
        yield made


def failure(call: Callable[[], object]) -> Failure:
    with pytest.raises(FailureError) as caught:
        call()
    return caught.value.failure


def refusal(call: Callable[[], Any]) -> Failure:
    """The failure of a call, or of the one record that it was about."""
    try:
        (result,) = call()
    except FailureError as error:
        return error.failure
    assert result.failure is not None
    return result.failure


def pages(connector: Any, cursor: str, limit: int = 100) -> list[DocumentPage]:
    """Fetch to the end, with a bound that a loop without end would break."""
    found: list[DocumentPage] = []
    for _ in range(80):
        found.append(connector.fetch_orders(cursor, limit))
        cursor = found[-1].cursor
        if not found[-1].more:
            return found
    raise AssertionError("paging does not end")


def documents(found: list[DocumentPage]) -> dict[str, RawDocument]:
    return {document.external_id: document for page in found for document in page.documents}


# --- the declaration ---------------------------------------------------------------------------------------------------


@with_each
def test_a_connector_satisfies_exactly_the_protocols_of_its_features(key: str) -> None:
    reader = connectors.reader(key)
    spec = connectors.spec_of(key)
    assert isinstance(reader, Connector)
    able = {feature for feature, wanted in FEATURE_PROTOCOLS.items() if isinstance(reader, wanted)}
    assert able == set(spec.features)
    assert {name: bool(getattr(spec, name)) for name in FLAGS} == {
        name: isinstance(reader, wanted) for name, wanted in FLAGS.items()
    }
    assert (spec.imports_catalogue or spec.lists_articles) == isinstance(reader, protocol.PullsCatalogue)


@with_each
def test_the_declaration_is_whole(key: str) -> None:
    spec = connectors.spec_of(key)
    assert spec.key == key and spec.title and spec.summary.de and spec.summary.en
    assert all(text.de and text.en for text in spec.credentials_help) and spec.credentials_help
    assert spec.limits.per_second > 0 and spec.limits.burst >= 1
    assert all(lane.per_second > 0 and lane.burst >= 1 for lane in spec.limits.lanes.values())
    assert set(spec.capabilities) <= set(ROWS)
    assert all(bool(text.de) == bool(text.en) for text in spec.capabilities.values())
    for feature in spec.features.values():
        assert issubclass(feature.settings, FeatureSettings) and feature.batch >= 1 and feature.every > timedelta(0)
        feature.settings()


@with_each
def test_every_setting_has_its_words_in_both_languages_and_its_list_of_choices(key: str) -> None:
    spec = connectors.spec_of(key)
    models = [feature.settings for feature in spec.features.values()]
    for field in [field for model in models for field in model.model_fields.values()]:
        meta = FeatureSettings.meta(field)
        assert field.title and meta["title_de"]
        assert meta.get("channel_options", "") in ("", *spec.choices)
    for form in (spec.credentials, *(grant.form for grant in spec.grants)):
        for field in form.model_fields.values():
            assert field.title and FeatureSettings.meta(field)["title_de"]


@with_each_puller
def test_a_reader_has_no_network(key: str) -> None:
    reader: Any = connectors.reader(key)
    assert failure(lambda: reader.read_order(b"{}")).code == "DOCUMENT_INVALID"
    assert failure(lambda: reader.fetch_orders(reader.first_cursor(SINCE), 100)).code == "CREDENTIALS_MISSING"


@pytest.mark.parametrize("key", [key for key, spec in connectors.specs().items() if spec.family])
def test_a_brand_is_its_connector_under_another_name(key: str) -> None:
    spec = connectors.spec_of(key)
    assert spec.features == connectors.spec_of(spec.family).features
    assert spec.title != connectors.spec_of(spec.family).title
    assert type(connectors.reader(key)) is type(connectors.reader(spec.family))


# --- pulling -----------------------------------------------------------------------------------------------------------


@with_each_puller
def test_paging_ends_and_brings_every_order_with_its_total_to_the_cent(account: UnderTest) -> None:
    orders = account.place(255)
    connector = account.connect()
    found = pages(connector, connector.first_cursor(SINCE))
    assert set(documents(found)) == set(orders)
    assert sum(len(page.documents) for page in found) <= 255 + 4 * len(found)
    facts = account.ledger().orders
    for ref, raw in documents(found).items():
        read = connector.read_order(raw.body)
        assert (read.external_id, read.computed_total, read.stated.total) == (ref, facts[ref].total, facts[ref].total)


@with_each_puller
def test_a_poll_without_news_is_one_request(account: UnderTest) -> None:
    account.place(12)
    connector = account.connect()
    end = pages(connector, connector.first_cursor(SINCE))[-1].cursor
    account.shop.requests.clear()
    page = connector.fetch_orders(end, 500)
    assert (len(account.shop.requests), page.more) == (1, False)


@with_each_puller
def test_an_empty_shop_leaves_the_cursor_where_it_is(account: UnderTest) -> None:
    connector = account.connect()
    start = connector.first_cursor(SINCE)
    page = connector.fetch_orders(start, 100)
    assert (page.documents, page.more) == ((), False)
    assert connector.fetch_orders(page.cursor, 100).cursor == page.cursor


@with_each_puller
def test_another_process_goes_on_from_the_stored_cursor(account: UnderTest) -> None:
    orders = account.place(130)
    first = account.connect()
    page = first.fetch_orders(first.first_cursor(SINCE), 100)
    assert page.more
    assert set(documents([page, *pages(account.connect(), page.cursor)])) == set(orders)


@with_each_puller
def test_orders_that_change_while_paging_are_not_skipped(account: UnderTest) -> None:
    orders = account.place(160)
    connector = account.connect()
    found = [connector.fetch_orders(connector.first_cursor(SINCE), 100)]
    for moved, order in enumerate([*orders[:40], orders[110], orders[159]]):
        account.touch(order, START + timedelta(days=1, seconds=moved))
    found += pages(connector, found[0].cursor)
    assert set(documents(found)) == set(orders)
    assert "geändert" in connector.read_order(documents(found)[orders[0]].body).comment


@with_each_puller
def test_many_orders_of_one_second_neither_loop_nor_get_lost(account: UnderTest) -> None:
    before, bunch = account.place(8), account.place(210, start=START + timedelta(hours=1), step=timedelta(0))
    after = account.place(8, start=START + timedelta(hours=2))
    connector = account.connect()
    found = pages(connector, connector.first_cursor(SINCE))
    assert set(documents(found)) == {*before, *bunch, *after}


@with_each_puller
def test_a_change_in_the_far_future_does_not_hide_what_comes_now(account: UnderTest) -> None:
    orders = account.place(3)
    account.touch(orders[0], datetime(2099, 1, 1, tzinfo=UTC))
    connector = account.connect()
    end = pages(connector, connector.first_cursor(SINCE))[-1].cursor
    account.touch(orders[1], datetime.now(UTC))
    assert orders[1] in documents(pages(connector, end))


@with_each_puller
def test_single_orders_come_by_their_number(account: UnderTest) -> None:
    orders = account.place(5)
    connector = account.connect()
    numbers = {ref: raw.number for ref, raw in documents(pages(connector, connector.first_cursor(SINCE))).items()}
    wanted = [numbers[orders[3]], " " + numbers[orders[1]], "999999", "gibt's nicht", numbers[orders[3]]]
    page = connector.fetch_orders_by_number(wanted)
    assert [found.external_id for found in page.documents] == [orders[3], orders[1]]
    assert not page.more


# --- failures ----------------------------------------------------------------------------------------------------------


@with_each_feature
def test_a_limit_says_when_to_come_back(account: UnderTest, feature: Feature) -> None:
    order = account.place(1)[0]
    connector = account.connect()
    record = _sample(account, connector, feature, order)
    account.fault("429", retry_after=17)
    found = refusal(lambda: _use(connector, feature, record))
    assert (found.code, found.kind, found.retry_after) == ("RATE_LIMITED", Kind.RETRY, timedelta(seconds=17))


def _sample(account: UnderTest, connector: Any, feature: Feature, order: str) -> Any:
    return None if feature is Feature.ORDERS else account.sample(connector, feature, order)


def _use(connector: Any, feature: Feature, record: Any) -> Any:
    if feature is Feature.ORDERS:
        return connector.fetch_orders(connector.first_cursor(SINCE), 100)
    return send(connector, feature, [record])


@with_each_feature
@pytest.mark.parametrize("mode", ["500", "html", "drop", "lose_reply"])
def test_an_outage_is_tried_again_and_is_no_wrong_password(account: UnderTest, feature: Feature, mode: str) -> None:
    order = account.place(1)[0]
    connector = account.connect()
    record = _sample(account, connector, feature, order)
    account.fault(mode)
    assert refusal(lambda: _use(connector, feature, record)).kind is Kind.RETRY
    account.heal()
    _use(connector, feature, record)


@with_each_feature
def test_a_revoked_key_in_mid_run_needs_a_person(account: UnderTest, feature: Feature) -> None:
    order = account.place(1)[0]
    connector = account.connect()
    record = _sample(account, connector, feature, order)
    account.revoke()
    found = refusal(lambda: _use(connector, feature, record))
    assert (found.code, found.kind) == ("ACCESS", Kind.OPERATOR)


@with_each
def test_secrets_and_buyers_are_in_no_log_and_no_failure(account: UnderTest, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    features = list(account.spec.features)
    order = account.place(1)[0] if features else ""
    connector = account.connect()
    records = {feature: _sample(account, connector, feature, order) for feature in features}
    told = []
    for mode in ("429", "500", "html", "drop"):
        for feature in features:
            account.fault(mode)
            told.append(refusal(lambda chosen=feature: _use(connector, chosen, records[chosen])))
    account.heal()
    for feature in features:
        _use(connector, feature, records[feature])
    connector.check(features)
    everything = caplog.text + "".join(found.model_dump_json() + found.text() for found in told) + repr(connector)
    assert not [secret for secret in account.secrets if secret in everything]
    assert "Weiß" not in everything and "anna@example.org" not in everything


# --- pushing -----------------------------------------------------------------------------------------------------------


def holds(account: UnderTest, connector: Any, feature: Feature, order: str, key: str = "") -> bool:
    """Whether the shop holds what the sample of a feature says, exactly once."""
    ledger = account.ledger()
    match feature:
        case Feature.STOCK:
            return ledger.stock[SKU] == 7
        case Feature.PRICES:
            return ledger.prices[SKU] == Decimal("12.50")
        case Feature.ARTICLES:
            found = connector.fetch_listings_by_sku([NEW_SKU]).articles if account.spec.imports_catalogue else [NEW_SKU]
            return len(found) == 1 and (NEW_SKU in ledger.articles or not account.spec.imports_catalogue)
        case Feature.CATEGORIES:
            return [path[-1] for path in ledger.categories].count("Küche") == 1
        case Feature.SHIPMENTS:
            facts = ledger.orders[order]
            return facts.is_shipped and facts.tracking == (f"JJD-LS-{order}",)
        case Feature.DOCUMENTS:
            return len(ledger.orders[order].documents) == 1
        case Feature.REFUNDS:
            return ledger.orders[order].refunded == ledger.orders[order].total
    raise AssertionError(feature)


@with_each_push
def test_what_is_sent_is_in_the_shop_and_only_then_accepted(account: UnderTest, feature: Feature) -> None:
    order = account.place(1)[0]
    connector = account.connect()
    (result,) = send(connector, feature, [_sample(account, connector, feature, order)])
    assert (result.outcome, result.failure) == (Outcome.ACCEPTED, None)
    assert holds(account, connector, feature, order)


@with_each_push
def test_one_bad_record_is_rejected_alone(account: UnderTest, feature: Feature) -> None:
    order = account.place(1)[0]
    connector = account.connect()
    bad, good = account.sample(connector, feature, order, bad=True), _sample(account, connector, feature, order)
    bad = bad.model_copy(update={"key": "BAD"})
    results = send(connector, feature, [bad, good])
    assert [(result.key, result.outcome) for result in results] == [
        ("BAD", Outcome.REJECTED),
        (good.key, Outcome.ACCEPTED),
    ]
    assert results[0].failure is not None and results[0].failure.kind in (Kind.REJECT, Kind.SKIP)
    assert holds(account, connector, feature, order)


@with_each_push
def test_a_lost_reply_at_any_request_doubles_nothing(account: UnderTest, feature: Feature) -> None:
    """The reply of the first, second, … request is lost; the run then sends the record again as a repeat."""
    (order,) = account.place(1)
    connector = account.connect()
    record = _sample(account, connector, feature, order)
    for lost in range(12):
        account.fault("lose_reply", count=1, skip=lost)
        hits = account.shop.faults.hits
        try:
            results = send(connector, feature, [record])
            is_done = results[0].outcome is Outcome.ACCEPTED
        except FailureError as error:
            assert error.failure.kind is Kind.RETRY
            is_done = False
        account.heal()
        if "is_repeat" in type(record).model_fields:
            record = record.model_copy(update={"is_repeat": True})
        if account.shop.faults.hits == hits:
            break
        if not is_done:
            (again,) = send(connector, feature, [record])
            assert again.outcome in (Outcome.ACCEPTED, Outcome.SKIPPED), again.failure
        assert holds(account, connector, feature, order), f"reply {lost} lost"
    else:
        raise AssertionError("a record needs more than twelve requests")


@with_each_of(Feature.STOCK, Feature.PRICES)
def test_a_known_reference_that_the_shop_forgot_is_looked_up_again(account: UnderTest, feature: Feature) -> None:
    account.place(1)
    connector = account.connect()
    record = _sample(account, connector, feature, "")
    (first,) = send(connector, feature, [record])
    (again,) = send(connector, feature, [record.model_copy(update={"ref": first.ref + "0"})])
    assert again.outcome is Outcome.ACCEPTED
    assert holds(account, connector, feature, "")


@with_each_of(Feature.STOCK)
def test_article_numbers_that_nobody_can_have_are_refused_alone(account: UnderTest, feature: Feature) -> None:
    account.stocked()
    connector = account.connect()
    wild = ["GIBT-ES-NICHT", "  ", "A,B", '"; DROP TABLE', "ü" * 60]
    levels = [account.level(connector, sku, key=f"A-{n}") for n, sku in enumerate([SKU, *wild])]
    results = send(connector, feature, levels)
    assert [result.key for result in results] == [level.key for level in levels]
    assert [result.outcome for result in results] == [Outcome.ACCEPTED, *[Outcome.REJECTED] * len(wild)]
    assert account.ledger().stock[SKU] == 7


@with_each_of(Feature.SHIPMENTS)
def test_what_was_done_before_an_outage_keeps_its_result(account: UnderTest, feature: Feature) -> None:
    orders = account.place(3)
    connector = account.connect()
    send(connector, feature, [shipped(orders[0], f"LS-{orders[0]}")])
    account.shop.requests.clear()
    send(connector, feature, [shipped(orders[1], f"LS-{orders[1]}")])
    needed = len(account.shop.requests)
    more = account.place(3, start=START + timedelta(hours=5))
    account.fault("500", skip=needed)
    results = send(connector, feature, [shipped(order, f"LS-{order}") for order in more])
    assert [result.outcome for result in results] == [Outcome.ACCEPTED, Outcome.REJECTED, Outcome.REJECTED]
    assert all(result.failure is not None and result.failure.kind is Kind.RETRY for result in results[1:])


@pytest.mark.parametrize("key", [key for key in KEYS if connectors.spec_of(key).answers_orders])
def test_an_order_is_answered_once_and_a_repeat_finds_it_answered(account: UnderTest) -> None:
    (order,) = account.place(1)
    connector = account.connect()
    kind = AnswerKind.IN_PROGRESS if key_reports(account) else AnswerKind.ACCEPT
    for is_repeat in (False, True):
        (result,) = connector.answer_orders([answer(order, kind, is_repeat=is_repeat)]).results
        assert result.outcome in (Outcome.ACCEPTED, Outcome.SKIPPED), result.failure
    assert account.order(order).is_acknowledged
    (unknown,) = connector.answer_orders([answer("gibt-es-nicht", kind)]).results
    assert unknown.failure is not None and unknown.failure.code == "ORDER_NOT_IN_SHOP"


def key_reports(account: UnderTest) -> bool:
    """Whether the connector reports imported orders as in progress, rather than accepting them before."""
    return "report_in_progress" in account.spec.features[Feature.ORDERS].settings.model_fields


@with_each_of(Feature.DOCUMENTS)
def test_a_document_that_is_there_already_is_not_sent_again(account: UnderTest, feature: Feature) -> None:
    (order,) = account.place(1)
    connector = account.connect()
    send(connector, feature, [document(order)])
    (again,) = send(connector, feature, [document(order, is_repeat=True)])
    assert again.outcome in (Outcome.ACCEPTED, Outcome.SKIPPED)
    assert len(account.order(order).documents) == 1


# --- listing -----------------------------------------------------------------------------------------------------------


def listings(connector: Any, limit: int = 50) -> list[Any]:
    """All listings of a channel; a file that is being prepared is asked for again."""
    found: list[Any] = []
    cursor = ""
    for _ in range(200):
        page = connector.fetch_listings(cursor, limit)
        found += page.articles
        cursor = page.cursor
        if not page.more:
            return found
    raise AssertionError("listing does not end")


@with_each_listing
def test_every_article_is_listed_once_and_parents_come_before_their_variants(account: UnderTest) -> None:
    account.shop.seed(articles=70, orders=0)
    found = listings(account.connect())
    seen: set[str] = set()
    for each in found:
        assert not each.content.parent_ref or each.content.parent_ref in seen
        seen.add(each.content.ref)
    skus = [each.content.sku for each in found if each.content.sku]
    assert len(seen) == len(found) and len(set(skus)) == len(skus)
    wanted = {entry["sku"] for entry in account.shop.catalogue() if entry["kind"] != "matrix"}
    assert wanted <= set(skus)


@with_each_listing
def test_single_articles_are_listed_by_their_number(account: UnderTest) -> None:
    account.stocked()
    page = account.connect().fetch_listings_by_sku([SKU, "GIBT-ES-NICHT"])
    assert [each.content.sku for each in page.articles] == [SKU]
    assert page.articles[0].content.words.name == "Becher" and not page.more


# --- the connection test -----------------------------------------------------------------------------------------------


@with_each
def test_a_good_account_passes_and_nothing_is_changed(account: UnderTest) -> None:
    account.stocked()
    done = len(account.shop.effects)
    report = account.connect().check(list(account.spec.features))
    assert report.ok, report
    assert report.version and report.shop_title
    assert {item.feature for item in report.items if item.name == "permission" and item.feature} == set(
        account.spec.features
    )
    assert len(account.shop.effects) == done


@with_each
def test_revoked_credentials_fail_there_and_the_rest_is_skipped(account: UnderTest) -> None:
    account.revoke()
    report = account.connect().check(list(account.spec.features))
    states = {item.name: item.state for item in report.items}
    assert states["reachable"] is CheckState.OK and states["credentials"] is CheckState.FAILED
    assert (
        states["version"] is CheckState.SKIPPED and states.get("permission", CheckState.SKIPPED) is CheckState.SKIPPED
    )
    assert not report.ok


@with_each
@pytest.mark.parametrize(("mode", "code"), [("503", "SERVER_ERROR"), ("html", "NOT_JSON"), ("drop", "UNREACHABLE")])
def test_a_shop_that_is_down_is_no_wrong_password(account: UnderTest, mode: str, code: str) -> None:
    account.fault(mode)
    report = account.connect().check(list(account.spec.features))
    assert [item.failure.code for item in report.items if item.failure] == [code]
    assert all(item.state is CheckState.SKIPPED for item in report.items[1:])
