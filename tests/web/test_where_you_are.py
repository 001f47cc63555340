"""Rail and tabs mark the one place where a person is, and pages show only what the connector can do."""

import re

from canonical.feature import Feature
from canonical.lifecycle import ChooseFeatures, CreateIntegration
from sandbox.woocommerce import WooShop
from tests.web.conftest import Browser, Place, text_of
from tests.world import BY


def marked(page: str, part: str) -> list[str]:
    """The addresses that are marked as the current one in the rail or in the tabs."""
    piece = re.split(rf'<nav class="{part}"', page)[1].split("</nav>")[0]
    return re.findall(r'<a [^>]*href="([^"]+)"[^>]*aria-current', piece)


async def test_an_integration_whose_id_begins_like_another_ones_is_marked_alone(anna: Browser, place: Place) -> None:
    lifecycle = place.world.lifecycle
    await lifecycle.install("shopware5", BY)
    for each in ("ort", "ort-zwei"):
        await lifecycle.create(CreateIntegration(id=each, connector="shopware5", name=f"Laden {each}", by=BY))
    for each in ("ort", "ort-zwei"):
        page = await anna.open(f"/integrations/{each}/setup/credentials")
        assert marked(page, "rail") == [f"/integrations/{each}"]


async def test_the_settings_of_articles_and_the_article_list_are_two_tabs(anna: Browser, place: Place) -> None:
    connected = await place.world.connect_shop(WooShop())
    assert (await connected.test()).ok
    await connected.send("choose_features", ChooseFeatures(features=(Feature.ARTICLES,), by=BY))
    here = f"/integrations/{connected.id}"
    for path in (f"{here}/articles", f"{here}/features/articles"):
        assert marked(await anna.open(path), "tabs") == [path]


async def test_the_matrix_names_each_area_once_above_its_rows(anna: Browser) -> None:
    page = await anna.open("/connectors/matrix")
    areas = [text_of(found).strip() for found in re.findall(r'<th scope="rowgroup">(.*?)</th>', page)]
    assert len(areas) > 5 and len(areas) == len(set(areas))
