"""What hangs at a product: options, properties, tags, categories, visibility, cross-selling. An upsert only adds, so the old goes first."""

from canonical.catalogue import ArticleContent, DataType, Structure
from canonical.failure import Failure, FailureError
from connectors.shopware6.search import Row, equals, items
from connectors.shopware6.settings import Shopware6ArticleSettings
from connectors.shopware6.sync import Change, made_id
from connectors.shopware6.vocabulary import Vocabulary

EVERYWHERE = 30
"""Visible in lists and in the search."""


class Relations:
    """Adds to a change what belongs to its product."""

    def __init__(self, settings: Shopware6ArticleSettings, known: Vocabulary, *, owns_tree: bool) -> None:
        self._settings = settings
        self._known = known
        self._owns_tree = owns_tree
        self.products: dict[str, str] = {}
        """Ids by article number, for what is shown beside an article."""

    def options(self, content: ArticleContent) -> list[str]:
        """The ids of a variant's options; raises `FailureError`."""
        return [self._option(option.name, option.value) for option in content.options]

    def _option(self, group: str, value: str) -> str:
        ref = self._known.options[group, value]
        self._usable(ref)
        return ref

    def _usable(self, ref: str) -> None:
        """Raise the reason why a record that is needed could not be created."""
        if ref in self._known.refused:
            raise FailureError(self._known.refused[ref])

    def add(
        self,
        change: Change,
        content: ArticleContent,
        ref: str,
        there: Row | None,
        *,
        parent_id: str,
        configured: Row | None,
    ) -> None:
        """Add all that is chosen to be sent; raises `FailureError` for what cannot be."""
        for used in (self._known.makers.get(content.manufacturer), self._known.units.get(content.unit)):
            self._usable(used or "")
        self._configurator(change, content, parent_id or ref, configured)
        if DataType.PROPERTIES in content.sends:
            chosen = [self._option(each.name, each.value) for each in self._known.properties(content)]
            self._assign(change, "product_property", ref, "optionId", chosen, is_new=there is None)
        if DataType.TAGS in content.sends:
            tags = [self._known.tags[tag] for tag in content.tags if tag]
            self._assign(change, "product_tag", ref, "tagId", tags, is_new=there is None)
        if content.structure is not Structure.VARIANT and DataType.MASTER_DATA in content.sends:
            self._categories(change, content, ref, is_new=there is None)
            self._visibilities(change, ref, there or {})
        if DataType.CROSS_SELLING in content.sends:
            self._cross_selling(change, content, ref, there or {})

    def _configurator(self, change: Change, content: ArticleContent, product_id: str, configured: Row | None) -> None:
        """The values that a parent's buyers choose from: of a parent all, of a variant its own."""
        pairs = [(axis.name, value) for axis in content.axes for value in axis.values]
        if content.structure is Structure.VARIANT:
            pairs = [(option.name, option.value) for option in content.options]
        elif content.structure is not Structure.PARENT:
            return
        there = {setting.get("optionId") for setting in items(configured or {}, "configuratorSettings")}
        for position, (name, value) in enumerate(pairs):
            option = self._option(name, value)
            if option not in there:
                row: Row = {
                    "id": made_id("configurator", product_id, option),
                    "productId": product_id,
                    "optionId": option,
                }
                if content.structure is Structure.PARENT:
                    row["position"] = position
                change.upserts.append(("product_configurator_setting", row))

    def _assign(self, change: Change, entity: str, ref: str, field: str, others: list[str], *, is_new: bool) -> None:
        """Assign exactly these records to a product."""
        for other in others:
            self._usable(other)
        if not is_new:
            change.purges.append((entity, [equals("productId", ref)]))
        change.upserts += [(entity, {"productId": ref, field: other}) for other in dict.fromkeys(others)]

    def _categories(self, change: Change, content: ArticleContent, ref: str, *, is_new: bool) -> None:
        """Put it into the categories that we sent; where the tree is the shop's own, its places are, too."""
        if not self._owns_tree:
            return
        missing = next((place for place in content.categories if not place.ref), None)
        if missing is not None:
            raise FailureError(Failure.of("CATEGORY_NOT_EXPORTED", category=" › ".join(missing.path)))
        places = [place.ref for place in content.categories]
        self._assign(change, "product_category", ref, "categoryId", places, is_new=is_new)

    def _visibilities(self, change: Change, ref: str, there: Row) -> None:
        """Show it in the chosen sales channels and in no other; none chosen: the shop decides."""
        wanted = self._settings.sales_channels
        if not wanted:
            return
        shown = {str(row.get("salesChannelId")): row for row in items(there, "visibilities")}
        for channel in sorted(wanted - shown.keys()):
            row = {
                "id": made_id("visibility", ref, channel),
                "productId": ref,
                "salesChannelId": channel,
                "visibility": EVERYWHERE,
            }
            change.upserts.append(("product_visibility", row))
        for channel in sorted(shown.keys() - wanted):
            change.deletes.append(("product_visibility", {"id": shown[channel].get("id")}))

    def _cross_selling(self, change: Change, content: ArticleContent, ref: str, there: Row) -> None:
        """Show other articles beside it, as far as the shop has them; one list of ours, others stay."""
        own = made_id("cross_selling", ref)
        old = next((row for row in items(there, "crossSellings") if row.get("id") == own), {})
        others = [self.products[sku] for sku in dict.fromkeys(content.cross_selling) if sku in self.products]
        if not others:
            if old:
                change.deletes.append(("product_cross_selling", {"id": own}))
            return
        row = {
            "id": own,
            "productId": ref,
            "name": self._settings.cross_selling_title,
            "type": "productList",
            "active": True,
            "position": 1,
        }
        change.upserts.append(("product_cross_selling", row))
        wanted = {made_id("cross_selling_product", own, other): other for other in others if other != ref}
        entity = "product_cross_selling_assigned_products"
        for position, (assigned, other) in enumerate(wanted.items(), start=1):
            link = {"id": assigned, "crossSellingId": own, "productId": other, "position": position}
            change.upserts.append((entity, link))
        gone = [each for each in items(old, "assignedProducts") if each.get("id") not in wanted]
        change.deletes += [(entity, {"id": each.get("id")}) for each in gone]
