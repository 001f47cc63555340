"""How complete a marketplace's content is for the listed articles: by category, and what the others lack."""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import func
from sqlmodel import Session, col, select

from canonical.catalogue import ArticleContent
from canonical.feature import Feature
from canonical.settings import AdvancedSettings, ArticleSettings, FeatureSettings
from erp import category_mapping, push_articles
from erp.feature_settings import load_settings
from erp.push_context import PushContext
from erp.tables import Link, TaxonomyNode

LOOKED_AT = 2000
"""Articles that are looked at for the page; of more than these the first are shown."""


@dataclass(frozen=True)
class CategoryState:
    """A marketplace's category: its articles, how many are complete, and what how many of the others lack."""

    code: str
    label: str
    articles: int
    ready: int
    missing: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Check:
    """The categories of the articles that were looked at; one without a code has those that nobody mapped."""

    looked_at: int
    listed: int
    categories: tuple[CategoryState, ...]

    @property
    def ready(self) -> int:
        """Articles that can be sent."""
        return sum(each.ready for each in self.categories)


def check(session: Session, integration_id: str, model: type[FeatureSettings], public_url: str) -> Check:
    """Measure the first listed articles; nothing is sent and nothing is written."""
    settings, _ = load_settings(session, integration_id, Feature.ARTICLES, model)
    advanced, _ = load_settings(session, integration_id, None, AdvancedSettings)
    assert isinstance(settings, ArticleSettings)
    mine = col(Link.integration_id) == integration_id, col(Link.kind) == Feature.ARTICLES.value
    links = session.exec(select(Link).where(*mine).order_by(col(Link.id)).limit(LOOKED_AT)).all()
    listed = session.exec(select(func.count()).select_from(Link).where(*mine)).one()
    context = PushContext(integration_id, settings, advanced, public_url.rstrip("/"))
    plain = push_articles.plain_payloads(session, context, links)
    contents = [each for each in plain.values() if isinstance(each, ArticleContent) and not each.is_deleted]
    counted = category_mapping.completeness(contents, category_mapping.load_tables(session, integration_id))
    nodes = session.exec(select(TaxonomyNode).where(col(TaxonomyNode.integration_id) == integration_id)).all()
    labels = {node.code: node.label for node in nodes}
    states = [_state(code, labels.get(code, code), counts) for code, counts in counted.items()]
    return Check(len(contents), listed, tuple(sorted(states, key=lambda each: (each.code != "", each.label))))


def _state(code: str, label: str, counts: Counter[str]) -> CategoryState:
    lacking = [(name.partition(":")[2], number) for name, number in counts.most_common() if name.startswith("missing:")]
    return CategoryState(code, label, counts[""], counts["ready"], tuple(lacking))
