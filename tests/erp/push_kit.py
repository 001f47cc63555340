"""Choosing features and sending what they have, for the tests of what goes out."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlmodel import Session, select

from canonical.failure import Failure
from canonical.feature import Feature
from canonical.push import Outcome, PushAnswer, PushResult
from canonical.runs import RunRef
from canonical.settings import AdvancedSettings, FeatureSettings
from erp import push
from erp.tables import IntegrationFeature, Link

PLAIN = AdvancedSettings()


def choose(session: Session, *features: Feature, integration: str = "shop-1") -> None:
    """Let features take part in an integration."""
    session.add_all([IntegrationFeature(integration_id=integration, feature=each.value) for each in features])
    session.flush()


def accept(items: Sequence[Any]) -> PushAnswer:
    """A channel that takes everything and gives each record an id."""
    results = [PushResult(key=item.key, outcome=Outcome.ACCEPTED, ref=f"ref-{item.key}") for item in items]
    return PushAnswer(results=tuple(results))


def refuse(code: str, **params: str) -> Callable[[Sequence[Any]], PushAnswer]:
    """A channel that refuses everything for one reason."""
    failure = Failure.of(code, **params)

    def answer(items: Sequence[Any]) -> PushAnswer:
        results = [PushResult(key=item.key, outcome=Outcome.REJECTED, failure=failure) for item in items]
        return PushAnswer(results=tuple(results))

    return answer


class Channel:
    """One feature of one integration, sent in the vendor's portions until nothing is left."""

    def __init__(self, session: Session, feature: Feature, settings: FeatureSettings, **options: Any) -> None:
        self.session, self.settings = session, settings
        self.ref = RunRef(integration_id=options.get("integration", "shop-1"), feature=feature)
        self.advanced: AdvancedSettings = options.get("advanced", PLAIN)
        self.public_url: str = options.get("public_url", "")
        self.portion: int = options.get("portion", 100)
        self.failed = 0

    def send(self, answer: Any = accept, records: Sequence[str] = (), run: str = "run-1") -> list[Any]:
        """Send what must be sent; returns the records that left, in their order."""
        sent: list[Any] = []
        self.failed = 0
        while batch := self.collect(records, run):
            while items := push.open_portion(self.session, batch, self.portion):
                sent += items
                push.store_answer(self.session, batch, answer(items))
            self.failed += push.settle(self.session, batch, run).counts.failed
            if records:
                break
        return sent

    def collect(self, records: Sequence[str] = (), run: str = "run-1", limit: int = 1000) -> int:
        """Freeze a batch and return its id, 0 when nothing is to be sent."""
        given = (self.session, self.ref, run, self.settings, self.advanced, limit, records)
        return push.collect(*given, public_url=self.public_url).batch_id

    def link(self, record: str) -> Link:
        """What is known of a record, fresh."""
        query = select(Link).where(
            Link.integration_id == self.ref.integration_id, Link.kind == self.ref.feature.value, Link.record == record
        )
        return self.session.exec(query.execution_options(populate_existing=True)).one()

    def dirty(self) -> set[str]:
        """The records that are to be sent."""
        query = select(Link).where(Link.kind == self.ref.feature.value)
        links = self.session.exec(query.execution_options(populate_existing=True))
        return {link.record for link in links if link.dirty_at and link.state != "failed"}


@contextmanager
def statements(session: Session) -> Iterator[list[str]]:
    """The statements that are executed meanwhile."""
    said: list[str] = []

    def note(*given: Any) -> None:
        said.append(given[2])

    event.listen(session.get_bind(), "before_cursor_execute", note)
    yield said
    event.remove(session.get_bind(), "before_cursor_execute", note)
