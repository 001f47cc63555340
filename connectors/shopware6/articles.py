"""Sending articles: what is in the shop is read first, names become records, then each batch is written in one go."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from canonical.catalogue import ArticleContent, DataType, Structure
from canonical.failure import Failure, FailureError
from canonical.push import Outcome, PushAnswer, PushResult
from canonical.settings import UpdateStrategy
from connectors.shopware6 import pictures
from connectors.shopware6.product_fields import product, tax_of
from connectors.shopware6.products import by_id, by_sku
from connectors.shopware6.relations import Relations
from connectors.shopware6.search import Row, equals, items, part, text
from connectors.shopware6.settings import Shopware6ArticleSettings
from connectors.shopware6.sync import Change, made_id, write
from connectors.shopware6.vocabulary import Vocabulary
from connectors.transport import Calls

LONGEST_NAME = 255
PATHS = (
    "visibilities",
    "media",
    "options",
    "configuratorSettings.option.group",
    "crossSellings.assignedProducts",
)


def send(
    calls: Calls, settings: Shopware6ArticleSettings, contents: Sequence[ArticleContent], *, owns_tree: bool
) -> PushAnswer:
    """Write one batch, parents before variants; `owns_tree`: the categories are ours, too, so articles are put into them."""
    batch = _Batch(calls, settings, contents, owns_tree)
    batch.read()
    sent = [each for each in contents if each.key not in batch.failures and not each.is_deleted]
    batch.vocabulary.learn(sent)
    changes = [change for each in contents if (change := batch.change(each)) is not None]
    for key, refusal in write(calls, changes).items():
        batch.failures[key] = refusal.failure
    albums = [
        pictures.album_of(each, batch.ids[each.key], batch.there.get(each.key))
        for each in sent
        if each.key not in batch.failures
    ]
    batch.failures |= pictures.send(calls, settings, albums)
    return PushAnswer(results=tuple(batch.result(each) for each in contents))


@dataclass
class _Batch:
    """Articles on their way, with what the shop has of them."""

    calls: Calls
    settings: Shopware6ArticleSettings
    contents: Sequence[ArticleContent]
    owns_tree: bool
    there: dict[str, Row] = field(default_factory=dict)
    """Products of the shop by our key."""
    ids: dict[str, str] = field(default_factory=dict)
    parents: dict[str, Row] = field(default_factory=dict)
    """Parents outside this batch, by the variant's key."""
    failures: dict[str, Failure] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Prepare what is filled by reading."""
        self.by_key = {content.key: content for content in self.contents}
        self.vocabulary = Vocabulary(self.calls, self.settings)
        self.relations = Relations(self.settings, self.vocabulary, owns_tree=self.owns_tree)

    def read(self) -> None:
        """Find the products by ref, else by number; then the parents of variants, then what is shown beside articles."""
        known = by_id(self.calls, [content.ref for content in self.contents], *PATHS)
        missing = [content.sku for content in self.contents if content.ref not in known]
        found = by_sku(self.calls, missing, *PATHS)
        for content in self.contents:
            row = known.get(content.ref) or found.get(content.sku.strip())
            if row is not None:
                self.there[content.key] = row
            self.ids[content.key] = str(row["id"]) if row else made_id("product", content.sku.strip())
        self._read_parents()
        beside = [sku for content in self.contents for sku in content.cross_selling]
        rows = by_sku(self.calls, beside, includes={"product": ["id", "productNumber"]})
        own = {content.sku: self.ids[content.key] for content in self.contents if not content.is_deleted}
        self.relations.products = {sku: str(row["id"]) for sku, row in rows.items()} | own
        for content in self.contents:
            try:
                self._judge(content)
            except FailureError as error:
                self.failures[content.key] = error.failure

    def _read_parents(self) -> None:
        apart = [
            content
            for content in self.contents
            if content.structure is Structure.VARIANT and content.parent_key not in self.by_key
        ]
        path = "configuratorSettings.option.group"
        known = by_id(self.calls, [content.parent_ref for content in apart], path)
        found = by_sku(self.calls, [each.parent_sku for each in apart if each.parent_ref not in known], path)
        for content in apart:
            row = known.get(content.parent_ref) or found.get(content.parent_sku.strip())
            if row is not None:
                self.parents[content.key] = row

    def _judge(self, content: ArticleContent) -> None:
        """Refuse what strategy or structure forbids; raises `FailureError`."""
        row = self.there.get(content.key)
        if content.is_deleted:
            return
        if len(content.words.name) > LONGEST_NAME:
            length = len(content.words.name)
            raise FailureError(
                Failure.of("FIELD_TOO_LONG", field="name", record=content.sku, length=length, most=LONGEST_NAME)
            )
        strategy = self.settings.update_strategy
        if row is not None and strategy is UpdateStrategy.CREATE_ONLY:
            raise FailureError(Failure.of("CREATE_ONLY", sku=content.sku))
        if row is None and strategy is UpdateStrategy.UPDATE_ONLY:
            raise FailureError(Failure.of("UPDATE_ONLY", sku=content.sku))
        if row is not None and (structure := _structure(row)) and structure is not content.structure:
            raise FailureError(
                Failure.of("STRUCTURE_DIFFERS", sku=content.sku, here=content.structure.value, there=structure.value)
            )
        if content.structure is Structure.VARIANT:
            self._judge_variant(content, row)
        elif not tax_of(content, self.settings):
            reason = f"tax_{content.tax_category.value} = –"
            raise FailureError(Failure.of("FIELD_INVALID", field="taxId", record=content.sku, reason=reason))

    def _judge_variant(self, content: ArticleContent, row: Row | None) -> None:
        parent = self.by_key.get(content.parent_key)
        outside = self.parents.get(content.key)
        if (parent is None and outside is None) or (parent is not None and parent.key in self.failures):
            raise FailureError(
                Failure.of("PARENT_NOT_EXPORTED", sku=content.sku, parent=content.parent_sku or content.parent_key)
            )
        if row is not None and row.get("parentId") not in (None, self._parent_id(content)):
            reason = f"{row['parentId']} ≠ {content.parent_sku}"
            raise FailureError(Failure.of("FIELD_INVALID", field="parentId", record=content.sku, reason=reason))
        axes = [axis.name for axis in parent.axes] if parent else _axes(outside or {})
        missing = [axis for axis in axes if axis not in {option.name for option in content.options if option.value}]
        if missing or not content.options:
            raise FailureError(Failure.of("TOO_FEW_OPTIONS", sku=content.sku, missing=", ".join(missing) or "–"))

    def _parent_id(self, content: ArticleContent) -> str:
        outside = self.parents.get(content.key)
        return str(outside["id"]) if outside else self.ids[content.parent_key]

    def change(self, content: ArticleContent) -> Change | None:
        """What is written for an article; None where there is nothing, or it may not be."""
        row = self.there.get(content.key)
        if content.key in self.failures or (content.is_deleted and row is None):
            return None
        change = Change(content.key, content.sku, needs=content.parent_key)
        if content.is_deleted:
            change.deletes.append(("product", {"id": self.ids[content.key]}))
            return change
        try:
            self._fill(change, content, row)
        except FailureError as error:
            self.failures[content.key] = error.failure
            return None
        return change

    def _fill(self, change: Change, content: ArticleContent, row: Row | None) -> None:
        """Add the product and all that hangs at it; raises `FailureError`."""
        ref, parent_id, configured = self.ids[content.key], "", row
        fields = {"id": ref, **product(content, self.settings, self.vocabulary, row)}
        if content.structure is Structure.VARIANT:
            parent_id = self._parent_id(content)
            configured = self.parents.get(content.key) or self.there.get(content.parent_key)
            if row is None or DataType.VARIANTS in content.sends:
                chosen = self.relations.options(content)
                fields |= {"parentId": parent_id, "options": [{"id": option} for option in chosen]}
                if row is not None and {each.get("id") for each in items(row, "options")} != set(chosen):
                    change.purges.append(("product_option", [equals("productId", ref)]))
        change.upserts.append(("product", fields))
        self.relations.add(change, content, ref, row, parent_id=parent_id, configured=configured)

    def result(self, content: ArticleContent) -> PushResult:
        """What became of an article."""
        ref = str(self.there[content.key]["id"]) if content.key in self.there else ""
        failure = self.failures.get(content.key)
        if failure is not None:
            skipped = failure.code in ("CREATE_ONLY", "UPDATE_ONLY")
            outcome = Outcome.SKIPPED if skipped else Outcome.REJECTED
            ref = self.ids[content.key] if failure.code == "IMAGE_REFUSED" else ref
            return PushResult(key=content.key, outcome=outcome, ref=ref, failure=failure)
        return PushResult(
            key=content.key, outcome=Outcome.ACCEPTED, ref="" if content.is_deleted else self.ids[content.key]
        )


def _structure(row: Row) -> Structure | None:
    """What a product of the shop is; None where it could be either: alone, and nothing configured."""
    if row.get("parentId"):
        return Structure.VARIANT
    if row.get("childCount") or items(row, "configuratorSettings"):
        return Structure.PARENT
    return Structure.SIMPLE


def _axes(parent: Row) -> list[str]:
    """The names of what tells a parent's variants apart."""
    options: Iterable[Row] = (part(setting, "option") for setting in items(parent, "configuratorSettings"))
    return list(dict.fromkeys(name for option in options if (name := text(part(option, "group")))))
