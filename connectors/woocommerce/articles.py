"""Sending articles: looked up by number first, then created or changed in batches, parents before their variants."""

from collections.abc import Callable, Iterable, Sequence

from canonical.catalogue import ArticleContent, DataType, Structure
from canonical.codes import Kind
from canonical.failure import Failure, FailureError
from canonical.push import Outcome, PushAnswer, PushResult
from canonical.settings import UpdateStrategy
from connectors.transport import Calls
from connectors.woocommerce import article_fields, attributes, batches, images, terms
from connectors.woocommerce.answers import Row, error_in, holder_in
from connectors.woocommerce.article_work import Work
from connectors.woocommerce.products import Found, Place, fetch_one, find, find_by_ref, variations_path
from connectors.woocommerce.settings import WooArticleSettings
from connectors.woocommerce.shop_facts import ShopFacts, folded

FIELDS = "id,parent_id,sku,type,status,attributes,images,image,meta_data"
EAN_REFUSED = "product_invalid_global_unique_id"
Make = Callable[[ArticleContent, Row | None], Work | None]


def send(
    calls: Calls, settings: WooArticleSettings, facts: ShopFacts, articles: Sequence[ArticleContent]
) -> PushAnswer:
    """Send the articles.

    A failure of the whole channel keeps what is done: the rest comes back rejected with that failure, so that the caller
    repeats it. Only if nothing was done yet the failure is raised. A repeat finds by number what was created before.
    """
    push = _Push(calls, settings, facts, articles)
    try:
        push.run()
    except FailureError as error:
        if not push.results:
            raise
        push.reject_rest(error.failure)
    return PushAnswer(results=tuple(push.results[article.key] for article in articles))


class _Push:
    """One batch of articles."""

    def __init__(
        self, calls: Calls, settings: WooArticleSettings, facts: ShopFacts, articles: Sequence[ArticleContent]
    ) -> None:
        self.results: dict[str, PushResult] = {}
        self._calls = calls
        self._settings = settings
        self._facts = facts
        self._articles = articles
        self._found = Found()
        self._by_ref: dict[str, Row] = {}
        self._tags: dict[str, int | Failure] = {}
        self._parents: dict[str, Row] = {}
        """The parents of this batch as the shop answered them, by our number."""
        self._late: dict[str, dict[int, Row]] = {}
        """What is written after all products are there: ids of images, and articles shown beside others."""

    def run(self) -> None:
        """Send everything; results are kept as they come. Raises `FailureError`."""
        self._look_up()
        self._delete([article for article in self._articles if article.is_deleted])
        alive = [article for article in self._articles if not article.is_deleted]
        heads = [article for article in alive if article.structure is not Structure.VARIANT]
        self._tags = terms.tag_ids(self._calls, (tag for head in heads for tag in head.tags))
        self._send([work for head in heads if (work := self._prepared(head, self._head))])
        variants = [article for article in alive if article.structure is Structure.VARIANT]
        self._send([work for variant in variants if (work := self._prepared(variant, self._variant))])
        self._show_beside(heads)
        self._write_late()

    def reject_rest(self, failure: Failure) -> None:
        """Give everything that has no result yet this failure."""
        for article in self._articles:
            self.results.setdefault(article.key, batches.rejected(article.key, failure, article.ref))

    # --- what the shop has ----------------------------------------------------------------------------------------------

    def _look_up(self) -> None:
        """Find the articles, their parents and those shown beside them; by stored refs only what no number finds."""
        skus = [sku for a in self._articles for sku in (a.sku, a.parent_sku, *a.cross_selling)]
        self._found = find(self._calls, skus, FIELDS)
        refs = [article.ref for article in self._articles if self._found.get(article.sku) is None]
        refs += [a.parent_ref for a in self._articles if a.parent_ref and self._found.get(a.parent_sku) is None]
        places = [place for ref in refs if (place := Place.known(ref))]
        self._by_ref = find_by_ref(self._calls, places, FIELDS)

    def _row(self, sku: str, ref: str) -> Row | None:
        return self._found.get(sku) or self._by_ref.get(ref)

    # --- deleting -------------------------------------------------------------------------------------------------------

    def _delete(self, articles: Sequence[ArticleContent]) -> None:
        """Delete for good, a parent with its variations; what is not there any more is as good."""
        groups: dict[str, list[tuple[ArticleContent, Place]]] = {}
        for article in articles:
            row = self._row(article.sku, article.ref)
            if row is None:
                self.results[article.key] = PushResult(key=article.key, outcome=Outcome.ACCEPTED)
            else:
                place = self._place(article, row)
                groups.setdefault(place.batch, []).append((article, place))
        # Variations first: the shop takes them along with their parent.
        for path in sorted(groups, key=lambda path: path == "/products/batch"):
            for (article, place), row in batches.send(
                self._calls, path, "delete", groups[path], lambda each: each[1].id
            ):
                failure = None if batches.is_gone(row) else batches.refusal(row, article.sku)
                self._settle(article, place.ref, failure)

    def _place(self, article: ArticleContent, row: Row) -> Place:
        """Where a product is; a variation that was found at its parent does not name it."""
        place = Place.of(row)
        known = Place.known(article.ref)
        return known if known and known.parent and known.id == place.id else place

    # --- what is to be sent ---------------------------------------------------------------------------------------------

    def _prepared(self, article: ArticleContent, make: Make) -> Work | None:
        """The work for an article, or None after its refusal."""
        try:
            self._check(article)
            row = self._row(article.sku, article.ref)
            self._permit(article, row)
            return make(article, row)
        except FailureError as error:
            # Facts of the shop are asked for while the work is made; if that fails, the channel fails.
            if error.failure.kind not in (Kind.REJECT, Kind.SKIP):
                raise
            self._settle(article, article.ref, error.failure)
            return None

    def _check(self, article: ArticleContent) -> None:
        """Refuse what the shop would take, and what could then not be found again."""
        is_named = article.structure is Structure.VARIANT or article.words.name.strip()
        for field, is_there in (("SKU", article.sku.strip()), ("Name", is_named)):
            if not is_there:
                record = article.sku or article.key
                raise FailureError(Failure.of("FIELD_INVALID", field=field, record=record, reason="∅"))
        if article.sku.strip() in self._found.twice:
            raise FailureError(Failure.of("SKU_TWICE", sku=article.sku))

    def _permit(self, article: ArticleContent, row: Row | None) -> None:
        strategy = self._settings.update_strategy
        if row is None and strategy is UpdateStrategy.UPDATE_ONLY:
            raise FailureError(Failure.of("UPDATE_ONLY", sku=article.sku))
        if row is None:
            return
        there = str(row.get("type") or "variation")
        here = article_fields.TYPES[article.structure]
        if there != here and (here != "simple" or there in ("variable", "variation")):
            raise FailureError(Failure.of("STRUCTURE_DIFFERS", sku=article.sku, here=article.structure, there=there))
        if strategy is UpdateStrategy.CREATE_ONLY:
            raise FailureError(Failure.of("CREATE_ONLY", sku=article.sku))

    def _head(self, article: ArticleContent, row: Row | None) -> Work | None:
        if row is None and DataType.MASTER_DATA not in article.sends:
            self._skip(article)
            return None
        fields = article_fields.of_product(article, self._settings, self._facts)
        if row is None:
            fields["type"] = article_fields.TYPES[article.structure]
        shown = self._settings.show_properties
        listed = attributes.of_product(article, row, self._facts, shown=shown)
        if listed is not None:
            fields["attributes"] = listed
        if DataType.TAGS in article.sends:
            fields["tags"] = [{"id": tag} for tag in self._tag_ids(article)]
        if DataType.CROSS_SELLING in article.sends:
            fields["cross_sell_ids"] = self._beside(article)
        place = None if row is None else self._place(article, row)
        return self._with_images(Work(article, place, "/products/batch", fields), row)

    def _tag_ids(self, article: ArticleContent) -> list[int]:
        ids = []
        for tag in article.tags:
            found = self._tags.get(folded(tag))
            if isinstance(found, Failure):
                raise FailureError(found)
            if found is not None:
                ids.append(found)
        return ids

    def _beside(self, article: ArticleContent) -> list[int]:
        """The ids of the articles shown beside it, as far as the shop has them."""
        rows = [self._found.get(sku) for sku in article.cross_selling]
        return [int(row["id"]) for row in rows if row is not None]

    def _variant(self, article: ArticleContent, row: Row | None) -> Work | None:
        parent = self._parent_of(article)
        if row is None and not {DataType.MASTER_DATA, DataType.VARIANTS} <= article.sends:
            self._skip(article)
            return None
        fields = article_fields.of_variation(article, self._settings, self._facts)
        if DataType.VARIANTS in article.sends:
            fields["attributes"] = attributes.of_variation(article, parent)
        place = None if row is None else Place(f"{parent['id']}/{row['id']}")
        path = variations_path(parent["id"]) + "/batch"
        return self._with_images(Work(article, place, path, fields), row)

    def _skip(self, article: ArticleContent) -> None:
        """Nothing is created of which only parts are sent."""
        self.results[article.key] = PushResult(key=article.key, outcome=Outcome.SKIPPED)

    def _parent_of(self, article: ArticleContent) -> Row:
        """The parent as the shop has it now; raises `FailureError` PARENT_NOT_EXPORTED."""
        parent = self._parents.get(article.parent_key) or self._row(article.parent_sku, article.parent_ref)
        result = self.results.get(article.parent_key)
        is_refused = result is not None and result.outcome is Outcome.REJECTED
        if parent is None or is_refused or parent.get("type") != "variable":
            name = article.parent_sku or article.parent_key
            raise FailureError(Failure.of("PARENT_NOT_EXPORTED", parent=name, sku=article.sku))
        return parent

    def _with_images(self, work: Work, row: Row | None) -> Work:
        if DataType.IMAGES not in work.article.sends:
            return work
        return work.with_images(images.plan(work.article, row, self._settings.media_mode))

    # --- sending --------------------------------------------------------------------------------------------------------

    def _send(self, works: Sequence[Work]) -> None:
        """Create what is not there, then change the rest, and what somebody else has created meanwhile."""
        taken: list[Work] = []
        for path, group in _by_path(work for work in works if work.place is None):
            for work, row in batches.send(self._calls, path, "create", group, Work.content, weigh=Work.weight):
                if holder := holder_in(row):
                    taken += self._taken(work, holder)
                else:
                    self._answered(work, row)
        for path, group in _by_path([*(work for work in works if work.place is not None), *taken]):
            for work, row in batches.send(self._calls, path, "update", group, Work.content, weigh=Work.weight):
                self._answered(work, row)

    def _taken(self, work: Work, holder: int) -> list[Work]:
        """Change the product that has the number instead: it lies in the trash, or was created a moment ago."""
        row = fetch_one(self._calls, holder, FIELDS)
        article = work.article
        if row is None or row.get("sku") != article.sku.strip():
            self._settle(article, "", Failure.of("SKU_TWICE", sku=article.sku))
            return []
        self._found.rows[article.sku.strip()] = row
        again = self._prepared(article, self._variant if article.structure is Structure.VARIANT else self._head)
        return [again] if again else []

    def _answered(self, work: Work, row: Row) -> None:
        """Keep what the shop says of one article; only what it repeats in its answer counts as done."""
        article = work.article
        failure = _refusal(article, row)
        if failure is None and row.get("sku") != article.sku.strip() and "sku" in work.fields:
            failure = Failure.of("ITEM_REFUSED", record=article.sku, reason=f"sku = {row.get('sku')}")
        if failure is not None:
            self._settle(article, "" if batches.is_gone(row) else article.ref, failure)
            return
        if article.structure is Structure.VARIANT:
            parent = work.path.removesuffix("/batch").removesuffix("/variations").rpartition("/")[2]
            place = Place(f"{parent}/{row['id']}")
        else:
            place = Place(str(row["id"]))
            self._found.rows[article.sku.strip()] = row
            self._parents[article.key] = row
        self._settle(article, place.ref, None)
        if memory := work.confirmed(row):
            self._later(place, {"meta_data": [{"key": images.MEMORY, "value": memory}]})

    def _settle(self, article: ArticleContent, ref: str, failure: Failure | None) -> None:
        outcome = Outcome.ACCEPTED
        if failure is not None:
            outcome = Outcome.SKIPPED if failure.kind is Kind.SKIP else Outcome.REJECTED
        self.results[article.key] = PushResult(key=article.key, outcome=outcome, ref=ref, failure=failure)

    # --- afterwards -----------------------------------------------------------------------------------------------------

    def _later(self, place: Place, fields: Row) -> None:
        self._late.setdefault(place.batch, {}).setdefault(place.id, {}).update(fields)

    def _show_beside(self, heads: Sequence[ArticleContent]) -> None:
        """Articles shown beside others that were only created in this batch."""
        for article in heads:
            result = self.results[article.key]
            if DataType.CROSS_SELLING in article.sends and result.outcome is Outcome.ACCEPTED:
                wanted, sent = self._beside(article), self._parents[article.key].get("cross_sell_ids")
                if isinstance(sent, list) and wanted != sent:
                    self._later(Place(result.ref), {"cross_sell_ids": wanted})

    def _write_late(self) -> None:
        """If this is lost, images are known by their place and the rest comes with the next change."""
        for path, changes in self._late.items():
            for _ in batches.send(
                self._calls, path, "update", list(changes.items()), lambda each: {"id": each[0], **each[1]}
            ):
                pass


def _by_path(works: Iterable[Work]) -> list[tuple[str, list[Work]]]:
    groups: dict[str, list[Work]] = {}
    for work in works:
        groups.setdefault(work.path, []).append(work)
    return list(groups.items())


def _refusal(article: ArticleContent, row: Row) -> Failure | None:
    """Why the shop refused an article, by the shop's own codes."""
    code, message = error_in(row.get("error"))
    if "image" in code:
        return Failure.of("IMAGE_REFUSED", sku=article.sku, reason=message)
    if code == EAN_REFUSED:
        return Failure.of("FIELD_INVALID", field="EAN", record=article.sku, reason=message)
    if batches.is_gone(row):
        return Failure.of("NOT_IN_SHOP", sku=article.sku)
    return batches.refusal(row, article.sku)
