"""Sending articles: products, and their variants in the product's own calls; what others made in the shop is left alone."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

from canonical.catalogue import ArticleContent, DataType, Structure
from canonical.codes import Kind
from canonical.failure import Failure, FailureError
from canonical.push import Outcome, PushAnswer, PushResult
from canonical.settings import UpdateStrategy
from connectors.shopify import images, variants
from connectors.shopify.graph import Graph, gid, mapping, nodes, user_errors
from connectors.shopify.metafields import Metafields
from connectors.shopify.product_documents import (
    CREATE_PRODUCT,
    DELETE_PRODUCT,
    PUBLISH,
    TRANSLATABLE,
    TRANSLATE,
    UPDATE_PRODUCT,
    UPDATE_VARIANTS,
)
from connectors.shopify.products import check_article, handle_of, product_input, translations, variant_input
from connectors.shopify.settings import ShopifyArticleSettings
from connectors.shopify.shop_products import ShopProduct, ShopProducts, ShopVariant
from connectors.shopify.variant_group import VariantGroup
from connectors.shopify.variants import Ref


@dataclass
class ArticleSender:
    """Sends articles to one shop."""

    graph: Graph
    settings: ShopifyArticleSettings
    _parents: dict[str, str] = field(default_factory=dict, init=False)
    """By our number of a parent: its product in the shop, of this run."""

    def __post_init__(self) -> None:
        self._products = ShopProducts(self.graph)
        self._metafields = Metafields(self.graph, self.settings)

    def send(self, articles: Sequence[ArticleContent]) -> PushAnswer:
        """Send one batch; parents stand before their variants.

        A refusal concerns one article. A failure of the whole channel stops: what is done keeps its result, the rest comes
        back with that failure. Only if nothing was done yet the failure is raised.
        """
        results: list[PushResult] = []
        groups = groupby(articles, key=lambda each: (each.structure is Structure.VARIANT, each.parent_key or each.key))
        runs = [list(group) for _, group in groups]
        children = {each.parent_key: each.sku for each in articles if each.structure is Structure.VARIANT}
        for index, run in enumerate(runs):
            try:
                results += self._send_run(run, children)
            except FailureError as error:
                if not results:
                    raise
                results += [_rejected(each, error.failure) for rest in runs[index:] for each in rest]
                break
        return PushAnswer(results=tuple(results))

    def _send_run(self, run: Sequence[ArticleContent], children: dict[str, str]) -> list[PushResult]:
        """One article, or variants of one parent that stand together."""
        if run[0].structure is Structure.VARIANT:
            return self._send_variants(run)
        results = []
        for article in run:
            try:
                results.append(self._send_product(article, children.get(article.key, "")))
            except FailureError as error:
                if error.failure.kind not in (Kind.REJECT, Kind.SKIP):
                    raise
                results.append(_rejected(article, error.failure))
        return results

    # --- products -----------------------------------------------------------------------------------------------------

    def _send_product(self, article: ArticleContent, child_sku: str) -> PushResult:
        check_article(article)
        product = self._find(article, child_sku)
        if article.is_deleted:
            if product is not None:
                self._delete(article, product)
            return PushResult(key=article.key, outcome=Outcome.ACCEPTED)
        self._permit(article, is_there=product is not None)
        if product is None:
            product = self._create(article)
        else:
            self._same_structure(article, product)
            self._update(article, product)
        if article.structure is Structure.PARENT:
            self._parents[article.key] = product.number
        variant = product.variants[0] if article.structure is Structure.SIMPLE and product.variants else None
        self._send_parts(article, product)
        return PushResult(key=article.key, outcome=Outcome.ACCEPTED, ref=product.ref(variant))

    def _find(self, article: ArticleContent, child_sku: str) -> ShopProduct | None:
        """By the stored ref, by the handle that we would give it, by SKU; a parent also by a variant that the shop has."""
        ref = Ref.parse(article.ref)
        product = self._products.load(ref.product) if ref else None
        if product is not None:
            return product
        number = self._products.by_handle(handle_of(article))
        if not number:
            found = variants.find(self.graph, filter(None, (article.sku, child_sku)))
            twice = found.failures.get(article.sku)
            if twice is not None and twice.code == "SKU_TWICE":
                raise FailureError(twice)
            variant = found.variants.get(article.sku) or found.variants.get(child_sku)
            number = variant.ref.product if variant else ""
        return self._products.load(number) if number else None

    def _permit(self, article: ArticleContent, *, is_there: bool) -> None:
        strategy = self.settings.update_strategy
        if is_there and strategy is UpdateStrategy.CREATE_ONLY:
            raise FailureError(Failure.of("CREATE_ONLY", sku=article.sku))
        if not is_there and strategy is UpdateStrategy.UPDATE_ONLY:
            raise FailureError(Failure.of("UPDATE_ONLY", sku=article.sku))

    @staticmethod
    def _same_structure(article: ArticleContent, product: ShopProduct) -> None:
        is_simple = article.structure is Structure.SIMPLE
        if is_simple != product.is_simple:
            words = {True: Structure.SIMPLE.value, False: Structure.PARENT.value}
            failure = Failure.of(
                "STRUCTURE_DIFFERS", sku=article.sku, here=words[is_simple], there=words[product.is_simple]
            )
            raise FailureError(failure)

    def _create(self, article: ArticleContent) -> ShopProduct:
        variant = variant_input(article, self.settings, is_new=True)
        variables = {"product": product_input(article, self.settings, is_new=True)}
        payload = self.graph.run(CREATE_PRODUCT, variables).part("productCreate")
        self._confirm(article, payload, "product")
        made = mapping(payload.get("product"))
        first = next(iter(nodes(made.get("variants"))), {})
        of_product = ShopVariant(str(first.get("id")), str(mapping(first.get("inventoryItem")).get("id")), "", {})
        options = tuple(axis.name for axis in article.axes)
        is_simple = article.structure is Structure.SIMPLE
        product = ShopProduct(str(made["id"]), is_simple, options, [of_product])
        if is_simple:
            self._update_variant(article, product, variant)
        return product

    def _update(self, article: ArticleContent, product: ShopProduct) -> None:
        changes = product_input(article, self.settings, is_new=False)
        if changes:
            variables = {"product": {"id": product.id, **changes}}
            self._confirm(article, self.graph.run(UPDATE_PRODUCT, variables).part("productUpdate"), "product")
        if article.structure is Structure.SIMPLE and product.variants:
            self._update_variant(article, product, variant_input(article, self.settings, is_new=False))

    def _update_variant(self, article: ArticleContent, product: ShopProduct, change: dict[str, object]) -> None:
        """A simple article's own variant, which the shop makes with the product."""
        variables = {"product": product.id, "variants": [{"id": product.variants[0].id, **change}]}
        payload = self.graph.run(UPDATE_VARIANTS, variables).part("productVariantsBulkUpdate")
        self._confirm(article, payload, "productVariants")

    def _delete(self, article: ArticleContent, product: ShopProduct) -> None:
        payload = self.graph.run(DELETE_PRODUCT, {"input": {"id": product.id}}).part("productDelete")
        self._confirm(article, payload, "deletedProductId")

    @staticmethod
    def _confirm(article: ArticleContent, payload: dict[str, object], name: str) -> None:
        """Only what the shop repeats in its answer counts as done."""
        errors = user_errors(payload)
        if errors:
            field_name = next((step for step in reversed(errors[0].path) if not step.isdecimal()), "product")
            reason = errors[0].message or errors[0].code
            raise FailureError(Failure.of("FIELD_INVALID", field=field_name, record=article.sku, reason=reason))
        if not payload.get(name):
            raise FailureError(Failure.of("ITEM_REFUSED", record=article.sku, reason="not confirmed"))

    def _send_parts(self, article: ArticleContent, product: ShopProduct) -> None:
        """Metafields, pictures, translations and publishing, each of them absolute."""
        self._metafields.send(article, product.id, "PRODUCT")
        if DataType.IMAGES in article.sends:
            images.send(self.graph, product, article, self.settings.media_mode)
        if DataType.TRANSLATIONS in article.sends and article.translations:
            self._translate(article, product)
        if self.settings.sales_channels and article.is_active:
            self._publish(article, product)

    def _translate(self, article: ArticleContent, product: ShopProduct) -> None:
        """The shop wants the fingerprint of the text that is translated, so the translations come after it."""
        resource = self.graph.run(TRANSLATABLE, {"id": product.id}).part("translatableResource")
        digests = {
            str(row.get("key")): str(row.get("digest") or "") for row in nodes(resource.get("translatableContent"))
        }
        entries = [
            entry
            for words in article.translations
            for entry in translations(words, digests, meta_texts=self.settings.meta_texts)
        ]
        if entries:
            payload = self.graph.run(TRANSLATE, {"id": product.id, "translations": entries}).part(
                "translationsRegister"
            )
            self._confirm(article, payload, "translations")

    def _publish(self, article: ArticleContent, product: ShopProduct) -> None:
        channels = [{"publicationId": gid("Publication", each)} for each in sorted(self.settings.sales_channels)]
        payload = self.graph.run(PUBLISH, {"id": product.id, "channels": channels}).part("publishablePublish")
        self._confirm(article, payload, "publishable")

    # --- variants -----------------------------------------------------------------------------------------------------

    def _send_variants(self, articles: Sequence[ArticleContent]) -> list[PushResult]:
        product = self._parent(articles)
        if product is None:
            return [
                _rejected(
                    each, Failure.of("PARENT_NOT_EXPORTED", sku=each.sku, parent=each.parent_sku or each.parent_key)
                )
                for each in articles
                if not each.is_deleted
            ] + [PushResult(key=each.key, outcome=Outcome.ACCEPTED) for each in articles if each.is_deleted]
        return VariantGroup(self.graph, self.settings, self._metafields, product, articles).send()

    def _parent(self, articles: Sequence[ArticleContent]) -> ShopProduct | None:
        """The parent's product: of this run, by the stored ref, or by one of these variants that the shop has already."""
        ref = Ref.parse(next((each.parent_ref for each in articles if each.parent_ref), ""))
        for number in filter(None, (self._parents.get(articles[0].parent_key), ref.product if ref else "")):
            product = self._products.load(number)
            if product is not None:
                return product
        found = variants.find(self.graph, (each.sku for each in articles)).variants.values()
        number = next((each.ref.product for each in found if not each.is_alone), "")
        return self._products.load(number) if number else None


def _rejected(article: ArticleContent, failure: Failure) -> PushResult:
    outcome = Outcome.SKIPPED if failure.kind is Kind.SKIP else Outcome.REJECTED
    return PushResult(key=article.key, outcome=outcome, failure=failure)
