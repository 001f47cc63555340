"""Orders: `connect order preview`, `connect journal`, `connect reconcile`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import typer
from sqlalchemy import text
from sqlmodel import Session, col, select

import connectors
from activities.deps import advanced_settings, feature_settings
from canonical.failure import Failure, FailureError
from canonical.feature import Feature
from canonical.order import ChannelOrder
from canonical.settings import AdvancedSettings, OrderSettings
from commands.console import AsJson, fail, open_session, reporting, say
from connectors.envelopes import unpacked
from connectors.protocol import PullsOrders, UnpacksOrders
from erp import journal as journal_store
from erp.integrations import get
from erp.master_data import load_for
from erp.rules import RuleContext, decide, draft_to_json, sample_world
from erp.tables import JournalEvent

orders = typer.Typer(help="Single orders.")
app = typer.Typer()


def preview_document(reader: PullsOrders, body: bytes, world: "PreviewWorld") -> dict[str, Any]:
    """Decide one vendor document by the rules that also book it; nothing is written."""
    try:
        order = reader.read_order(body)
    except FailureError as error:
        return {"outcome": "reject", "findings": [_finding(error.failure)], "order": None, "draft": None}
    decision = world.decide(order)
    return {
        "outcome": str(decision.outcome),
        "findings": [_finding(finding) for finding in decision.findings],
        "order": order.model_dump(mode="json") | {"total": str(order.computed_total)},
        "draft": draft_to_json(decision.draft) if decision.draft else None,
    }


def _finding(finding: Any) -> dict[str, Any]:
    return {"code": finding.code, "params": finding.params, "hint": finding.hint("en")}


class PreviewWorld:
    """The ERP's side of a preview: of an integration, or sound sample master data when there is none.

    Without an integration the connector's own order settings hold, completed by those of the sample; with one, its own
    connector reads. Raises `FailureError` for an unknown integration, or one without orders.
    """

    def __init__(self, connector: str, session: Session | None = None, integration_id: str = "") -> None:
        self._session, self._integration_id = session, integration_id
        self._advanced = AdvancedSettings()
        self.connector = connector if session is None else get(session, integration_id).connector
        spec = connectors.spec_of(self.connector)
        if Feature.ORDERS not in spec.features:
            raise FailureError(Failure.of("FEATURE_UNKNOWN", feature=Feature.ORDERS.value))
        if session is None:
            self._settings = cast(OrderSettings, spec.features[Feature.ORDERS].settings())
        else:
            self._settings = cast(OrderSettings, feature_settings(session, integration_id, spec, Feature.ORDERS))
            self._advanced = advanced_settings(session, integration_id)

    def decide(self, order: ChannelOrder) -> Any:
        """Decide as `apply` would for a person who asks by hand."""
        if self._session is None:
            master, settings = sample_world(self._settings, order)
        else:
            settings = self._settings
            master = load_for(self._session, self._integration_id, settings, self._advanced, [order])
        context = RuleContext(
            settings=settings,
            advanced=self._advanced,
            settings_revision=0,
            now=datetime.now(UTC),
            start_at=None,
            by_hand=True,
        )
        return decide(order, context, master)


@orders.command("preview")
def preview(
    file: Path = typer.Argument(help="A vendor's order document, or a list of them, as JSON."),
    connector: str = typer.Option("woocommerce", help="Which connector reads it; an integration's own comes first."),
    integration: str = typer.Option("", help="Decide with this integration's settings and master data."),
    as_json: AsJson = False,
) -> None:
    """Show what an order document would become; nothing is written. A list gives a list."""
    known = [key for key, spec in connectors.specs().items() if Feature.ORDERS in spec.features]
    if connector not in known:
        fail(f"There is no connector {connector} with orders. There are: {', '.join(known)}", as_json)
    try:
        body = file.read_bytes()
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}", as_json)
    with reporting(as_json):
        if integration:
            with open_session() as session:
                answer = preview_file(body, PreviewWorld(connector, session, integration))
                session.rollback()
        else:
            answer = preview_file(body, PreviewWorld(connector))
    say(answer, as_json, _as_text(answer))


def preview_file(body: bytes, world: PreviewWorld) -> Any:
    """Decide every order in a file, in whatever form the vendor sends it; a list gives a list."""
    reader = cast(PullsOrders, connectors.reader(world.connector))
    unpack = reader.unpack_orders if isinstance(reader, UnpacksOrders) else unpacked
    found = unpack(body)
    if isinstance(found, list):
        return [preview_document(reader, each, world) for each in found]
    return preview_document(reader, found, world)


def _as_text(answer: Any) -> str:
    lines = []
    for each in answer if isinstance(answer, list) else [answer]:
        order = each["order"] or {}
        lines.append(
            f"{order.get('number', '?'):>10}  {each['outcome']:7} {order.get('total', ''):>12} {order.get('currency', '')}"
        )
        lines += [
            f"            {Failure(code=f['code'], params=f['params']).text('en')}. {f['hint']}"
            for f in each["findings"]
        ]
    return "\n".join(lines)


@app.command("journal")
def journal(
    integration: str = typer.Option("", help="Only this integration."),
    record: str = typer.Option("", help="Only this record."),
    limit: int = typer.Option(50, min=1, max=1000),
    as_json: AsJson = False,
) -> None:
    """Show the newest journal events."""
    query = select(JournalEvent).order_by(col(JournalEvent.id).desc()).limit(limit)
    if integration:
        query = query.where(col(JournalEvent.integration_id) == integration)
    if record:
        query = query.where(col(JournalEvent.record) == record)
    with reporting(as_json), open_session() as session:
        rows = session.exec(query).all()
        events = [row.model_dump(mode="json") | {"text": journal_store.describe(row, "en")} for row in rows]
        lines = [
            f"{row.at:%Y-%m-%d %H:%M:%S} {row.feature:9} {row.record:14} {journal_store.describe(row, 'en')}"
            for row in rows
        ]
        say({"events": events}, as_json, "\n".join(lines) or "Nothing in the journal yet.")


RECONCILE = text(
    """
    SELECT d.integration_id, count(*) FILTER (WHERE d.state = 'booked') AS booked, count(*) FILTER (WHERE d.state = 'parked') AS parked,
           count(*) FILTER (WHERE d.state = 'skipped') AS skipped, count(*) FILTER (WHERE d.state = 'new') AS waiting,
           count(*) FILTER (WHERE d.state = 'ignored') AS ignored,
           count(*) FILTER (WHERE d.state = 'booked' AND o.id IS NULL) AS missing, coalesce(sum(o.total), 0) AS total
    FROM inbox_document d LEFT JOIN sales_order o ON o.integration_id = d.integration_id AND o.external_id = d.external_id
    WHERE d.feature = 'orders' GROUP BY d.integration_id ORDER BY d.integration_id
    """
)


@app.command("reconcile")
def reconcile(as_json: AsJson = False) -> None:
    """Compare stored documents with booked orders: every document is booked, skipped, parked or waits; none is missing."""
    with reporting(as_json), open_session() as session:
        rows = [dict(row) for row in session.execute(RECONCILE).mappings()]
        ok = all(row["missing"] == 0 for row in rows)
        answer = {
            "ok": ok,
            "integrations": [
                {key: str(value) if key == "total" else value for key, value in row.items()} for row in rows
            ],
        }
        say(answer, as_json)
    if not ok:
        raise typer.Exit(1)
