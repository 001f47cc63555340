"""Images to WooCommerce: each uploaded once, told by a digest that the product remembers."""

from collections.abc import Iterator

import pytest

from canonical.catalogue import Picture
from canonical.failure import FailureError
from connectors.woocommerce.images import MEMORY
from tests.connectors.woo_kit import (
    KitServer,
    KitShop,
    article,
    codes,
    connect,
    parent,
    push,
    variant,
)

RED = Picture(url="https://erp.example/red.jpg", digest="d-red", title="Rot", description="In Rot", position=1)
BLUE = Picture(url="https://erp.example/blue.jpg", digest="d-blue", position=2)


@pytest.fixture
def shop() -> Iterator[KitShop]:
    made = KitShop()
    with KitServer(made):
        yield made


def uploads(shop: KitShop) -> list[str]:
    items = [item for body in shop.sent("/products/.*batch") for part in body.values() for item in part]
    shown = [image for item in items if isinstance(item, dict) for image in item.get("images", [])]
    return [image["src"] for image in shown if "src" in image]


@pytest.mark.proves("woocommerce", "images", "image_title", "image_description")
def test_images_are_uploaded_once_and_told_by_their_digest(shop: KitShop) -> None:
    push(shop, article(images=(BLUE, RED)))
    product = shop.by_sku("MUG")
    assert uploads(shop) == [RED.url, BLUE.url]
    assert (product["images"][0]["name"], product["images"][0]["alt"]) == ("Rot", "In Rot")
    memory = next(meta["value"] for meta in product["meta_data"] if meta["key"] == MEMORY)
    assert memory == [
        {"digest": digest, "id": image["id"]}
        for digest, image in zip(("d-red", "d-blue"), product["images"], strict=True)
    ]
    ids = [image["id"] for image in product["images"]]
    shop.requests.clear()
    push(shop, article(images=(RED, BLUE)))
    assert "images" not in shop.sent("/products/batch")[0]["update"][0]
    changed = BLUE.model_copy(update={"digest": "d-other", "url": "https://erp.example/b2.jpg"})
    push(shop, article(images=(RED, changed)))
    assert uploads(shop) == [changed.url] and product["images"][0]["id"] == ids[0]


@pytest.mark.parametrize(("mode", "kept"), [("add", [1, 55, 2]), ("add_and_delete", [1, 55])])
def test_images_removed_here_are_removed_there_only_if_wanted(shop: KitShop, mode: str, kept: list[int]) -> None:
    memory = [{"digest": "d-red", "id": 1}, {"digest": "d-blue", "id": 2}]
    images = [{"id": 1, "name": "Rot", "alt": "In Rot"}, {"id": 55}, {"id": 2}]
    shop.add("MUG", images=images, meta_data=[{"key": MEMORY, "value": memory}])
    push(shop, article(images=(RED,)), media_mode=mode)
    assert sorted(image["id"] for image in shop.by_sku("MUG")["images"]) == sorted(kept)
    assert uploads(shop) == []


def test_images_whose_answer_was_lost_are_not_uploaded_again(shop: KitShop) -> None:
    shop.lose("/products/batch")
    connector = connect(shop)
    with pytest.raises(FailureError):
        connector.send_articles([article(images=(RED, BLUE))])
    assert codes(list(connector.send_articles([article(images=(RED, BLUE))]).results)) == ["accepted"]
    assert uploads(shop) == [RED.url, BLUE.url] and len(shop.by_sku("MUG")["images"]) == 2


def test_a_variant_has_one_image(shop: KitShop) -> None:
    push(shop, parent(), variant("S", images=(RED, BLUE)))
    assert shop.by_sku("SHIRT-S")["image"]["src"] == RED.url
    shop.requests.clear()
    push(shop, variant("S", images=(RED, BLUE)))
    assert "image" not in shop.sent("/products/.*/variations/batch")[0]["update"][0]
    push(shop, variant("S", images=()))
    assert shop.by_sku("SHIRT-S")["image"]["src"] == RED.url


def test_an_image_without_a_public_address_is_named(shop: KitShop) -> None:
    found = push(shop, article(images=(RED.model_copy(update={"url": "", "digest": "d"}),)))[0].failure
    assert (found.code, found.params) == ("IMAGE_NOT_PUBLIC", {"position": "1", "sku": "MUG"})


def test_the_shop_is_given_few_images_at_once(shop: KitShop) -> None:
    pictures = [
        tuple(BLUE.model_copy(update={"digest": f"{n}-{i}", "position": i}) for i in range(2)) for n in range(5)
    ]
    assert codes(push(shop, *(article(f"A{n}", images=p) for n, p in enumerate(pictures)))) == ["accepted"] * 5
    assert [len(body["create"]) for body in shop.sent("/products/batch") if "create" in body] == [2, 2, 1]
