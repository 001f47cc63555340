"""Every feature that sends has its subject and its method, and changed settings mark what they change."""

import pytest
from sqlmodel import Session, col, select

from activities.push import METHODS
from canonical.feature import Feature
from canonical.settings import (
    AdvancedSettings,
    ArticleSettings,
    CategorySettings,
    FeatureSettings,
    MappingKind,
    ShipmentSettings,
)
from canonical.settings import PriceSettings as Prices
from connectors.protocol import FEATURE_PROTOCOLS, AnswersOrders
from erp.feature_settings import save_settings
from erp.links import has_dirty
from erp.mappings import set_mapping
from erp.push_subjects import SUBJECTS
from erp.tables import Link
from tests.erp.conftest import Shop


def test_every_feature_has_a_subject_and_a_method_of_its_protocol() -> None:
    assert set(SUBJECTS) == set(METHODS) == set(Feature)
    for feature, method in METHODS.items():
        protocol = AnswersOrders if feature is Feature.ORDERS else FEATURE_PROTOCOLS[feature]
        assert getattr(protocol, method.__name__) is method


def test_every_payload_is_known_by_a_key() -> None:
    assert all("key" in subject.model.model_fields for subject in SUBJECTS.values())


@pytest.mark.parametrize(
    ("feature", "settings", "marked"),
    [
        (Feature.ARTICLES, ArticleSettings(meta_texts=True), {"articles"}),
        (Feature.CATEGORIES, CategorySettings(auto_delete_categories=True), {"categories"}),
        (Feature.PRICES, Prices(prices_net=True), {"prices"}),
        (Feature.SHIPMENTS, ShipmentSettings(cancel_in_channel=True), set()),
        (None, AdvancedSettings(foreign_numbers=True, foreign_number_label="SKU"), {"articles", "prices", "stock"}),
    ],
)
def test_saved_settings_mark_what_is_said_as_a_state_and_no_event_of_the_past(
    session: Session, shop: Shop, feature: Feature | None, settings: FeatureSettings, marked: set[str]
) -> None:
    for kind in ("articles", "categories", "prices", "stock", "shipments", "documents", "refunds"):
        shop.add(Link(integration_id="shop-1", kind=kind, record="1", record_id=1, state="failed"))
    save_settings(session, "shop-1", feature, settings, "jo")
    links = session.exec(select(Link).execution_options(populate_existing=True)).all()
    assert {link.kind for link in links if link.dirty_at and link.state != "failed"} == marked
    assert {kind for kind in SUBJECTS if has_dirty(session, "shop-1", kind.value)} == {Feature(kind) for kind in marked}


def test_a_mapping_of_ours_to_the_channel_marks_what_is_sent_by_it(session: Session, shop: Shop) -> None:
    for kind in ("stock", "prices", "articles"):
        shop.add(Link(integration_id="shop-1", kind=kind, record=f"{kind}-1", record_id=1, state="sent"))
    said = []
    for mapped in (MappingKind.CARRIER, MappingKind.LOCATION, MappingKind.CUSTOMER_GROUP, MappingKind.PROPERTY):
        set_mapping(session, "shop-1", mapped, "ours", "theirs", "jo")
        query = select(Link.kind).where(col(Link.dirty_at).is_not(None)).order_by(Link.kind)
        said.append(session.exec(query).all())
    assert said == [[], ["stock"], ["prices", "stock"], ["articles", "prices", "stock"]]
