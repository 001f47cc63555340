"""Variants of one parent: matched to the product's, then created and changed in as few calls as the shop permits."""

from collections.abc import Sequence
from typing import Any

from canonical.catalogue import ArticleContent, DataType, Structure
from canonical.codes import Kind
from canonical.failure import Failure, FailureError
from canonical.push import Outcome, PushResult
from canonical.settings import UpdateStrategy
from connectors.shopify import images, variants
from connectors.shopify.graph import MOST_ITEMS, Document, Graph, UserError, mapping, nodes, number_of, user_errors
from connectors.shopify.metafields import Metafields
from connectors.shopify.product_documents import CREATE_VARIANTS, DELETE_VARIANTS, UPDATE_VARIANTS
from connectors.shopify.products import MOST_VARIANTS, option_values, variant_input
from connectors.shopify.settings import ShopifyArticleSettings
from connectors.shopify.shop_products import ShopProduct, ShopVariant
from connectors.shopify.variants import Ref

ROUNDS = 4
Change = tuple[ArticleContent, dict[str, Any]]


class VariantGroup:
    """Some variants of one product; variants of it that we do not know are never touched."""

    def __init__(
        self,
        graph: Graph,
        settings: ShopifyArticleSettings,
        metafields: Metafields,
        product: ShopProduct,
        articles: Sequence[ArticleContent],
    ) -> None:
        self._graph = graph
        self._settings = settings
        self._metafields = metafields
        self._product = product
        self._articles = articles
        self._failures: dict[str, Failure] = {}
        self._there: dict[str, ShopVariant] = {}

    def send(self) -> list[PushResult]:
        """Send them; one result per article, in order. Raises `FailureError` only for a failure of the whole channel."""
        if self._product.is_simple:
            for article in self._articles:
                self._fail(article, _differs(article, Structure.SIMPLE))
            return [self._result(article) for article in self._articles]
        self._match()
        self._delete([article for article in self._articles if article.is_deleted])
        creates, changes = self._plan()
        self._run(CREATE_VARIANTS, "productVariantsBulkCreate", creates)
        self._run(UPDATE_VARIANTS, "productVariantsBulkUpdate", changes)
        for article in self._articles:
            if article.key not in self._failures and not article.is_deleted:
                self._send_parts(article)
        return [self._result(article) for article in self._articles]

    def _fail(self, article: ArticleContent, failure: Failure) -> None:
        self._failures.setdefault(article.key, failure)

    def _result(self, article: ArticleContent) -> PushResult:
        failure, variant = self._failures.get(article.key), self._there.get(article.key)
        ref = self._product.ref(variant) if variant else ""
        if failure is not None:
            outcome = Outcome.SKIPPED if failure.kind is Kind.SKIP else Outcome.REJECTED
            return PushResult(key=article.key, outcome=outcome, ref=ref, failure=failure)
        return PushResult(key=article.key, outcome=Outcome.ACCEPTED, ref="" if article.is_deleted else ref)

    def _match(self) -> None:
        """By ref, by SKU, or by the options of one without a number; what the shop has elsewhere is another product."""
        for article in self._articles:
            ref, there = Ref.parse(article.ref), self._product.variants
            chosen = {option.name: option.value for option in article.options}
            fitting = [each for each in there if ref is not None and ref.variant == number_of(each.id)]
            fitting += [each for each in there if each.sku == article.sku]
            fitting += [each for each in there if not each.sku and each.options == chosen]
            found = next(iter(fitting), None)
            if found is not None:
                self._there[article.key] = found
        new = [each for each in self._articles if not each.is_deleted and not self._has_number(each)]
        elsewhere = variants.find(self._graph, (each.sku for each in new)) if new else None
        for article in new:
            found_there = elsewhere.variants.get(article.sku) if elsewhere else None
            if found_there is not None:
                there_is = Structure.SIMPLE if found_there.is_alone else Structure.VARIANT
                self._fail(article, _differs(article, there_is))

    def _has_number(self, article: ArticleContent) -> bool:
        found = self._there.get(article.key)
        return found is not None and bool(found.sku)

    def _plan(self) -> tuple[list[Change], list[Change]]:
        """What is to be created and changed.

        The shop has made a first variant with the product, without a number: the first of ours takes it over, so that none
        has to be deleted.
        """
        creates: list[Change] = []
        changes: list[Change] = []
        for article in self._articles:
            if article.is_deleted or article.key in self._failures:
                continue
            try:
                is_new = article.key not in self._there
                self._permit(article, is_new=is_new)
                values = option_values(article, self._product.options)
                change = variant_input(article, self._settings, is_new=is_new)
            except FailureError as error:
                self._fail(article, error.failure)
                continue
            spare = self._spare() if is_new else None
            if spare is not None:
                self._there[article.key] = spare
                is_new = False
            if is_new:
                creates.append((article, change | {"optionValues": values}))
            else:
                needs_values = self._there[article.key].options != {each["optionName"]: each["name"] for each in values}
                named = {"optionValues": values} if needs_values else {}
                changes.append((article, {"id": self._there[article.key].id, **change, **named}))
        return self._within_limit(creates), changes

    def _permit(self, article: ArticleContent, *, is_new: bool) -> None:
        strategy = self._settings.update_strategy
        if not is_new and strategy is UpdateStrategy.CREATE_ONLY:
            raise FailureError(Failure.of("CREATE_ONLY", sku=article.sku))
        if is_new and strategy is UpdateStrategy.UPDATE_ONLY:
            raise FailureError(Failure.of("UPDATE_ONLY", sku=article.sku))

    def _spare(self) -> ShopVariant | None:
        taken = {variant.id for variant in self._there.values()}
        only = self._product.variants
        return only[0] if len(only) == 1 and not only[0].sku and only[0].id not in taken else None

    def _within_limit(self, creates: list[Change]) -> list[Change]:
        room = MOST_VARIANTS - len(self._product.variants)
        count = len(self._product.variants) + len(creates)
        for article, _ in creates[max(room, 0) :]:
            sku = article.parent_sku or article.parent_key
            self._fail(article, Failure.of("TOO_MANY_VARIANTS", sku=sku, count=count, most=MOST_VARIANTS))
        return creates[: max(room, 0)]

    def _delete(self, articles: Sequence[ArticleContent]) -> None:
        there = [article for article in articles if article.key in self._there]
        if not there:
            return
        ids = [self._there[article.key].id for article in there]
        variables = {"product": self._product.id, "variants": ids}
        errors = user_errors(self._graph.run(DELETE_VARIANTS, variables).part("productVariantsBulkDelete"))
        for error in errors:
            for article in there if error.index is None else there[error.index : error.index + 1]:
                self._fail(article, Failure.of("ITEM_REFUSED", record=article.sku, reason=error.message or error.code))

    def _run(self, document: Document, name: str, changes: Sequence[Change]) -> None:
        """Send entries; what the shop refuses is left out of the next try, so that one bad variant stops no other."""
        for start in range(0, len(changes), MOST_ITEMS):
            left = list(changes[start : start + MOST_ITEMS])
            for _ in range(ROUNDS):
                if not left:
                    break
                entries = [change for _, change in left]
                payload = self._graph.run(document, {"product": self._product.id, "variants": entries}).part(name)
                done = self._confirm(left, payload)
                errors = {error.index: error for error in user_errors(payload)}
                self._refuse(left, errors)
                left = [each for index, each in enumerate(left) if index not in errors and each[0].key not in done]
                if None in errors or not errors:
                    break
            for article, _ in left:
                self._fail(article, Failure.of("ITEM_REFUSED", record=article.sku, reason="not confirmed"))

    def _refuse(self, sent: Sequence[Change], errors: dict[int | None, UserError]) -> None:
        for index, error in errors.items():
            for article, _ in sent if index is None else sent[index : index + 1]:
                field_name = next((step for step in reversed(error.path) if not step.isdecimal()), "variant")
                reason = error.message or error.code
                self._fail(article, Failure.of("FIELD_INVALID", field=field_name, record=article.sku, reason=reason))

    def _confirm(self, sent: Sequence[Change], payload: dict[str, Any]) -> set[str]:
        """Take the ids of what the shop repeats in its answer; only that counts as done."""
        done = set()
        by_sku = {str(row.get("sku") or ""): row for row in nodes(payload.get("productVariants"))}
        for article, _ in sent:
            row = by_sku.get(article.sku)
            if row is not None:
                item = str(mapping(row.get("inventoryItem")).get("id") or "")
                self._there[article.key] = ShopVariant(str(row["id"]), item, article.sku, {})
                done.add(article.key)
        return done

    def _send_parts(self, article: ArticleContent) -> None:
        """A variant's own metafields and picture."""
        variant = self._there[article.key]
        try:
            self._metafields.send(article, variant.id, "PRODUCTVARIANT")
            if DataType.IMAGES in article.sends and article.images:
                media = images.send(self._graph, self._product, article, self._settings.media_mode)
                change = {"id": variant.id, "mediaId": media}
                self._graph.run(UPDATE_VARIANTS, {"product": self._product.id, "variants": [change]})
        except FailureError as error:
            if error.failure.kind is not Kind.REJECT:
                raise
            self._fail(article, error.failure)


def _differs(article: ArticleContent, there: Structure) -> Failure:
    return Failure.of("STRUCTURE_DIFFERS", sku=article.sku, here=Structure.VARIANT.value, there=there.value)
