"""Runs as Temporal records them, with the counts that the store keeps beside them."""

import asyncio
import base64
import binascii
import re
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session
from temporalio.client import Client, WorkflowExecution
from temporalio.service import RPCError, RPCStatusCode

from canonical.feature import Feature
from erp.queries import integrations
from erp.queries import runs as queries
from erp.tables import Run
from web import history, places
from web.context import deps_of, in_db, not_found, render_async
from web.journal_tabs import tabs
from workflows import ids

router = APIRouter(include_in_schema=False)
PAGE = 50
PATIENCE = 5.0
"""Seconds to wait for Temporal before the stored rows are shown alone."""
TYPES = ("PullRun", "PushRun", "TestConnection", "BuildArticleList", "GoLive", "InstallConnector", "HouseRun")
_ID = r"[A-Za-z0-9_-]{1,40}"
"""What may be put into a query of Temporal's: nothing that could end the text it stands in."""
_INTEGRATION = re.compile(rf"integration/(?P<id>{_ID})/")


@dataclass(frozen=True)
class RunRow:
    """One run: what Temporal says, and the counts if it is a run of a feature."""

    run_id: str
    workflow_id: str
    type: str
    state: str
    integration: str
    feature: Feature | None
    started_at: datetime
    ended_at: datetime | None
    row: Run | None

    @property
    def seconds(self) -> float | None:
        """How long it took."""
        return (self.ended_at - self.started_at).total_seconds() if self.ended_at else None


def _query(integration: str, feature: str) -> str:
    """A visibility query from our own closed lists only."""
    types = ", ".join(f"'{name}'" for name in TYPES)
    query = f"WorkflowType IN ({types})"
    if re.fullmatch(_ID, integration):
        query += f" AND WorkflowId STARTS_WITH 'integration/{integration}/'"
        if feature in {known.value for known in Feature}:
            query = query.replace(f"/{integration}/'", f"/{integration}/{feature}'")
    return query


@router.get("/journal/runs", response_class=HTMLResponse)
async def runs(request: Request, integration: str = "", feature: str = "", page: str = "") -> HTMLResponse:
    """Runs, newest first, as Temporal lists them; without Temporal the stored rows."""
    names = await in_db(request, lambda session: {row.id: row.name for row in integrations.rail(session)})
    client = deps_of(request).temporal
    try:
        found, token = await asyncio.wait_for(_list(client, _query(integration, feature), page), PATIENCE)
    except (RPCError, TimeoutError):
        chosen = [integration] if integration in names else list(names)
        stored = await in_db(request, lambda session: queries.stored(session, chosen))
        rows, token, is_temporal = [_stored_row(run, names) for run in stored], "", False
    else:
        counts = await in_db(request, lambda session: queries.by_id(session, [run.run_id for run in found]))
        rows, is_temporal = [_row(run, names, counts) for run in found], True
    return await render_async(
        request,
        "journal_runs.html",
        tab="runs",
        rows=rows,
        next=token,
        is_temporal=is_temporal,
        integration=integration,
        feature=feature,
        names=names,
        tabs=await in_db(request, tabs),
    )


async def _list(client: Client, query: str, token: str) -> tuple[list[WorkflowExecution], str]:
    """One page of Temporal's list with the token for the next."""
    try:
        at = base64.urlsafe_b64decode(token) if token else None
    except (binascii.Error, ValueError):
        at = None
    listing = client.list_workflows(query, page_size=PAGE, next_page_token=at)
    await listing.fetch_next_page()
    following = listing.next_page_token
    return list(listing.current_page or []), base64.urlsafe_b64encode(following).decode() if following else ""


def _row(run: WorkflowExecution, names: dict[str, str], counts: dict[str, Run]) -> RunRow:
    row = counts.get(run.run_id)
    status = run.status.name.lower() if run.status else "running"
    known = ids.feature_of(run.id)
    match = _INTEGRATION.match(run.id)
    return RunRow(
        run_id=run.run_id,
        workflow_id=run.id,
        type=run.workflow_type,
        state=row.outcome if row is not None and status in ("completed", "running") else status,
        integration=names.get(match["id"], "") if match else "",
        feature=known[1] if known else None,
        started_at=run.start_time,
        ended_at=run.close_time,
        row=row,
    )


def _stored_row(run: Run, names: dict[str, str]) -> RunRow:
    return RunRow(
        run_id=run.id,
        workflow_id=run.workflow_id,
        type="",
        state=run.outcome,
        integration=names.get(run.integration_id, ""),
        feature=Feature(run.feature),
        started_at=run.started_at,
        ended_at=run.ended_at,
        row=run,
    )


@router.get("/journal/runs/{run_id}", response_class=HTMLResponse)
async def run(request: Request, run_id: str, workflow: str = "") -> Response:
    """One run: Temporal's history as sentences, what it waits for, and the store's counts."""

    def read(session: Session) -> tuple[Run | None, dict[str, str]]:
        return queries.by_id(session, [run_id]).get(run_id), {row.id: row.name for row in integrations.rail(session)}

    row, names = await in_db(request, read)
    workflow_id = row.workflow_id if row else workflow
    deps = deps_of(request)
    told: list[history.Told] = []
    waits: list[history.Pending] = []
    gone = False
    shown = _stored_row(row, names) if row else None
    try:
        handle = deps.temporal.get_workflow_handle(workflow_id or "-", run_id=run_id)
        description = await handle.describe()
        told = await history.tell(deps.temporal, await handle.fetch_history())
        waits = history.pending(deps.temporal, description)
        shown = _row(description, names, {run_id: row} if row else {})
    except RPCError as error:
        if error.status in (RPCStatusCode.NOT_FOUND, RPCStatusCode.INVALID_ARGUMENT) and row is None:
            raise not_found() from error
        gone = True
    link = places.temporal(deps.temporal_ui_url, deps.settings.temporal_namespace, workflow_id, run_id)
    return await render_async(
        request,
        "run.html",
        run=shown,
        told=list(reversed(told)),
        waits=waits,
        gone=gone,
        temporal_link=link if deps.temporal_ui_url else "",
    )
