"""Integrations: `connect connectors`, `connect integration create|test|features|configure|map|activate|go-live|pause|resume|run|status`."""

import json
import secrets
from datetime import datetime
from typing import Any

import typer
from pydantic import ValidationError

import connectors
import worker
from canonical.check import CheckReport
from canonical.failure import Failure, FailureError
from canonical.feature import Feature
from canonical.lifecycle import (
    ApplyFilter,
    By,
    ChooseFeatures,
    Configure,
    CreateIntegration,
    ForFeature,
    GoLive,
    IntegrationState,
    Pause,
    Readiness,
    RunNow,
)
from canonical.runs import Built
from canonical.settings import MappingKind
from commands.console import ACTOR, AsJson, open_session, reporting, say, with_lifecycle
from erp.credentials import store_credentials
from erp.feature_settings import load_settings, mapping_fields
from erp.integrations import get, state_of
from erp.mappings import set_mapping
from settings import Settings
from workflows.client import Lifecycle

app = typer.Typer()
integration = typer.Typer(help="Integrations: the same commands as the wizard and the pages.")


@app.command("connectors")
def list_connectors(as_json: AsJson = False) -> None:
    """List the connectors and what they can do."""
    rows = [
        {
            "key": spec.key,
            "title": spec.title,
            "kind": spec.kind.value,
            "features": [feature.value for feature in spec.features],
        }
        for spec in connectors.specs().values()
    ]
    say(
        {"connectors": rows},
        as_json,
        "\n".join(f"{row['key']:14} {row['title']:20} {', '.join(row['features'])}" for row in rows),
    )


@integration.command("create")
def create(
    connector: str,
    name: str,
    credential: list[str] = typer.Option(
        [], "--credential", help="field=value of the connector's credentials, repeated."
    ),
    as_json: AsJson = False,
) -> None:
    """Install the connector if needed, create an integration and store its credentials."""
    with reporting(as_json):
        spec = _spec(connector)
        try:
            form = (
                spec.credentials.model_validate(dict(each.split("=", 1) for each in credential)) if credential else None
            )
        except ValidationError as error:
            fields = ", ".join(
                str(problem["loc"][0]) if problem["loc"] else problem["msg"] for problem in error.errors()
            )
            raise FailureError(Failure.of("SETTINGS_INCOMPLETE", fields=fields)) from None
        new_id = secrets.token_hex(5)

        async def call(lifecycle: Lifecycle) -> IntegrationState:
            await lifecycle.install(connector, ACTOR)
            state = await lifecycle.create(CreateIntegration(id=new_id, connector=connector, name=name, by=ACTOR))
            if form is None:
                return state
            with open_session() as session:
                store_credentials(session, worker.keyring(Settings()), new_id, form)
                session.commit()
            return await lifecycle.send(new_id, "credentials_stored", By(by=ACTOR))

        say(with_lifecycle(call), as_json)


def _spec(connector: str) -> Any:
    if connector not in connectors.specs():
        raise FailureError(Failure.of("NOT_INSTALLED", connector=connector))
    return connectors.spec_of(connector)


@integration.command("test")
def test(integration_id: str, as_json: AsJson = False) -> None:
    """Test the connection; no data is transferred."""
    with reporting(as_json):
        report = with_lifecycle(lambda life: life.send(integration_id, "test_connection", By(by=ACTOR), CheckReport))
        lines = [f"{item.state.value:8} {item.name} {item.detail}" for item in report.items]
        say(report.model_dump(mode="json") | {"ok": report.ok}, as_json, "\n".join(lines))
    if not report.ok:
        raise typer.Exit(1)


@integration.command("features")
def features(integration_id: str, chosen: list[Feature], as_json: AsJson = False) -> None:
    """Choose the features."""
    _send(integration_id, "choose_features", ChooseFeatures(features=tuple(chosen), by=ACTOR), as_json)


@integration.command("configure")
def configure(
    integration_id: str,
    feature: Feature,
    values: list[str] = typer.Argument(help="setting=value; lists and booleans as JSON."),
    as_json: AsJson = False,
) -> None:
    """Change settings of a feature; what is not named stays."""
    with reporting(as_json):
        with open_session() as session:
            model = _spec(get(session, integration_id).connector).features[feature].settings
            current, _ = load_settings(session, integration_id, feature, model)
        changed = current.model_dump(mode="json", exclude=set(mapping_fields(model)))
        changed |= {name: _value(text) for name, text in (each.split("=", 1) for each in values)}
    _send(integration_id, "configure", Configure(feature=feature, values=changed, by=ACTOR), as_json)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


@integration.command("map")
def map_value(
    integration_id: str, kind: MappingKind, channel_value: str, erp_value: str, as_json: AsJson = False
) -> None:
    """Map a channel's payment or shipping value; waiting orders are released."""
    with reporting(as_json):
        with open_session() as session:
            released = set_mapping(session, integration_id, kind, channel_value, erp_value, ACTOR)
            session.commit()
        if released:
            hint = RunNow(feature=Feature.ORDERS, trigger="hint", by=ACTOR)
            with_lifecycle(lambda life: life.send(integration_id, "run_now", hint))
        say({"released": released}, as_json, f"Mapped; {released} waiting orders released.")


@integration.command("filter")
def filter_articles(
    integration_id: str,
    rules: str = typer.Argument("[]", help='JSON list of {"field", "op", "value", "format"}; empty: all articles.'),
    as_json: AsJson = False,
) -> None:
    """Store the article filter and build the article list."""
    with reporting(as_json):
        command = ApplyFilter(rules=tuple(json.loads(rules)), by=ACTOR)
        say(with_lifecycle(lambda life: life.send(integration_id, "apply_filter", command, Built)), as_json)


@integration.command("activate")
def activate(integration_id: str, feature: Feature, as_json: AsJson = False) -> None:
    """Stage 1 of go-live: switch one feature on."""
    _send(integration_id, "activate", ForFeature(feature=feature, by=ACTOR), as_json)


@integration.command("readiness")
def readiness(integration_id: str, as_json: AsJson = False) -> None:
    """Say what is missing before go-live."""
    with reporting(as_json):
        report = with_lifecycle(lambda life: life.send(integration_id, "check_readiness", By(by=ACTOR), Readiness))
        say(report.model_dump(mode="json") | {"ok": report.ok}, as_json)


@integration.command("go-live")
def go_live(
    integration_id: str,
    start: datetime = typer.Option(None, help="Import orders changed since then; default: now."),
    as_json: AsJson = False,
) -> None:
    """Stage 2 of go-live: productive mode."""
    moment = start.astimezone() if start else None
    _send(integration_id, "go_live", GoLive(start_at=moment, by=ACTOR), as_json)


@integration.command("stop")
def stop(integration_id: str, as_json: AsJson = False) -> None:
    """Leave productive mode."""
    _send(integration_id, "stop", By(by=ACTOR), as_json)


@integration.command("pause")
def pause(integration_id: str, feature: Feature, note: str = "", as_json: AsJson = False) -> None:
    """Hold one feature."""
    _send(integration_id, "pause", Pause(feature=feature, note=note, by=ACTOR), as_json)


@integration.command("resume")
def resume(integration_id: str, feature: Feature, as_json: AsJson = False) -> None:
    """Let a held feature go on."""
    _send(integration_id, "resume", ForFeature(feature=feature, by=ACTOR), as_json)


@integration.command("resolve")
def resolve(integration_id: str, feature: Feature, as_json: AsJson = False) -> None:
    """Lift a block after its cause was repaired."""
    _send(integration_id, "resolve", ForFeature(feature=feature, by=ACTOR), as_json)


@integration.command("run")
def run(
    integration_id: str,
    feature: Feature,
    records: str = typer.Option("", help="Order or article numbers, separated by commas."),
    as_json: AsJson = False,
) -> None:
    """Run one feature at once."""
    numbers = tuple(each.strip() for each in records.split(",") if each.strip())
    _send(integration_id, "run_now", RunNow(feature=feature, records=numbers, by=ACTOR), as_json)


@integration.command("status")
def status(integration_id: str, as_json: AsJson = False) -> None:
    """Ask the integration's workflow how it stands."""
    with reporting(as_json):
        say(with_lifecycle(lambda life: life.status(integration_id)), as_json)


@integration.command("restart")
def restart(integration_id: str, as_json: AsJson = False) -> None:
    """Start the integration's workflow again after it was terminated; everything stored stays."""
    with reporting(as_json):
        with open_session() as session:
            state = state_of(session, integration_id)
        if state is None:
            raise LookupError(integration_id)
        with_lifecycle(lambda life: life.start_again(state))
        say({"ok": True}, as_json, "Started again.")


def _send(integration_id: str, update: str, command: Any, as_json: bool) -> None:
    with reporting(as_json):
        say(with_lifecycle(lambda life: life.send(integration_id, update, command)), as_json)
