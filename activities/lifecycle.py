"""What the entity workflow orders in the database: every command is one transaction and safe to repeat."""

from typing import Any

from pydantic import ValidationError
from sqlmodel import Session
from temporalio import activity

import connectors
from activities.deps import Deps, advanced_settings, feature_settings, open_channel
from activities.failures import reports_failures
from canonical.check import CheckReport
from canonical.failure import Failure, FailureError
from canonical.feature import Feature, Mode
from canonical.lifecycle import (
    ApplyFilter,
    ChooseFeatures,
    Configure,
    CreateIntegration,
    Delete,
    ForFeature,
    IntegrationState,
    Pause,
    Readiness,
    Rename,
    RunNow,
    ScanPurpose,
)
from canonical.runs import Built, Ordered, Productive, RunEnd, RunPlan, RunRef
from canonical.settings import AdvancedSettings, FeatureSettings
from erp import article_filter, integrations, readiness, runs, scans
from erp import feature_settings as settings_store
from erp.integrations import get
from erp.releases import release_waiting


class LifecycleActivities:
    """Activities of the entity workflow, the connection test and go-live."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps

    def _state(self, session: Session, integration_id: str) -> IntegrationState:
        session.flush()
        state = integrations.state_of(session, integration_id)
        if state is None:
            raise LookupError(integration_id)
        return state

    @activity.defn(name="install_connector")
    @reports_failures
    def install_connector(self, connector: str, by: str) -> None:
        """Remember that a connector is installed."""
        if connector not in connectors.specs():
            raise FailureError(Failure.of("NOT_INSTALLED", connector=connector))
        with self._deps.sessions() as session:
            integrations.install(session, connector, by)
            session.commit()

    @activity.defn(name="load_state")
    @reports_failures
    def load_state(self, integration_id: str) -> IntegrationState | None:
        """Rebuild the entity's state from the database."""
        with self._deps.sessions() as session:
            return integrations.state_of(session, integration_id)

    @activity.defn(name="create_integration")
    @reports_failures
    def create_integration(self, command: CreateIntegration) -> IntegrationState:
        """Create the integration's row."""
        with self._deps.sessions() as session:
            integrations.create(session, command)
            state = self._state(session, command.id)
            session.commit()
        return state

    @activity.defn(name="change_integration")
    @reports_failures
    def change_integration(self, order: Ordered) -> IntegrationState:
        """Carry out one command that changes the integration's rows, and return the new state."""
        with self._deps.sessions() as session:
            _CHANGES[order.command](self, session, order.integration_id, order.payload)
            state = self._state(session, order.integration_id)
            session.commit()
        return state

    def _rename(self, session: Session, integration_id: str, payload: dict[str, Any]) -> None:
        command = Rename.model_validate(payload)
        integrations.rename(session, integration_id, command.name, command.by)

    def _credentials_stored(self, session: Session, integration_id: str, payload: dict[str, Any]) -> None:
        integrations.move_wizard(session, integration_id, "credentials", "credentials", payload["by"])

    def _choose_features(self, session: Session, integration_id: str, payload: dict[str, Any]) -> None:
        command = ChooseFeatures.model_validate(payload)
        spec = connectors.spec_of(get(session, integration_id).connector)
        unknown = [feature.value for feature in command.features if feature not in spec.features]
        if unknown:
            raise FailureError(Failure.of("FEATURE_UNKNOWN", feature=", ".join(unknown)))
        integrations.choose_features(session, integration_id, command.features, command.by)
        if article_filter.is_built(session, integration_id):
            article_filter.build_list(session, integration_id, command.by)

    def _configure(self, session: Session, integration_id: str, payload: dict[str, Any]) -> None:
        command = Configure.model_validate(payload)
        model = self._model(session, integration_id, command.feature)
        try:
            settings = model.model_validate(command.values)
        except ValidationError as error:
            fields = ", ".join(sorted({str(problem["loc"][0]) for problem in error.errors() if problem["loc"]}))
            raise FailureError(Failure.of("SETTINGS_INCOMPLETE", fields=fields)) from None
        revision = settings_store.save_settings(session, integration_id, command.feature, settings, command.by)
        integrations.note_configured(session, integration_id, command.feature, revision, command.by)
        release_waiting(session, "settings", integration_id)

    def _model(self, session: Session, integration_id: str, feature: Feature | None) -> type[FeatureSettings]:
        if feature is None:
            return AdvancedSettings
        spec = connectors.spec_of(get(session, integration_id).connector)
        if feature not in spec.features:
            raise FailureError(Failure.of("FEATURE_UNKNOWN", feature=feature.value))
        return spec.features[feature].settings

    def _activate(self, session: Session, integration_id: str, payload: dict[str, Any]) -> None:
        command = ForFeature.model_validate(payload)
        spec = connectors.spec_of(get(session, integration_id).connector)
        missing = feature_settings(session, integration_id, spec, command.feature).missing()
        if missing:
            raise FailureError(Failure.of("SETTINGS_INCOMPLETE", fields=", ".join(missing)))
        integrations.set_active(session, integration_id, command.feature, True, command.by)

    def _deactivate(self, session: Session, integration_id: str, payload: dict[str, Any]) -> None:
        command = ForFeature.model_validate(payload)
        integrations.set_active(session, integration_id, command.feature, False, command.by)

    def _pause(self, session: Session, integration_id: str, payload: dict[str, Any]) -> None:
        command = Pause.model_validate(payload)
        integrations.pause(session, integration_id, command.feature, command.note, command.by)

    def _resume(self, session: Session, integration_id: str, payload: dict[str, Any]) -> None:
        command = ForFeature.model_validate(payload)
        integrations.resume(session, integration_id, command.feature, command.by)

    def _resolve(self, session: Session, integration_id: str, payload: dict[str, Any]) -> None:
        command = ForFeature.model_validate(payload)
        integrations.resolve(session, integration_id, command.feature, command.by)
        retry = RunNow(feature=command.feature, by=command.by, trigger="resolve")
        runs.request(session, integration_id, retry)

    def _run_now(self, session: Session, integration_id: str, payload: dict[str, Any]) -> None:
        runs.request(session, integration_id, RunNow.model_validate(payload))

    def _stop(self, session: Session, integration_id: str, payload: dict[str, Any]) -> None:
        integrations.set_mode(session, integration_id, Mode.DEVELOPMENT, event="stopped", by=payload["by"])

    def _start_migration(self, session: Session, integration_id: str, payload: dict[str, Any]) -> None:
        if not connectors.spec_of(get(session, integration_id).connector).imports_catalogue:
            raise FailureError(Failure.of("FEATURE_UNKNOWN", feature="import"))
        integrations.set_mode(session, integration_id, Mode.MIGRATION, event="migration_begun", by=payload["by"])

    def _end_migration(self, session: Session, integration_id: str, payload: dict[str, Any]) -> None:
        scan = scans.scan_of(session, integration_id, ScanPurpose.IMPORT)
        if scan.state in (scans.READING, scans.IMPORTING):
            raise FailureError(Failure.of("STATE_FORBIDS", state=scan.state))
        integrations.set_mode(session, integration_id, Mode.DEVELOPMENT, event="migration_ended", by=payload["by"])

    def _apply_filter(self, session: Session, integration_id: str, payload: dict[str, Any]) -> None:
        command = ApplyFilter.model_validate(payload)
        article_filter.save_filter(session, integration_id, command.rules, command.by)

    def _delete(self, session: Session, integration_id: str, payload: dict[str, Any]) -> None:
        command = Delete.model_validate(payload)
        row = get(session, integration_id)
        if row.deleted_at is not None:
            return
        if command.confirm != row.name:
            raise FailureError(Failure.of("UNCONFIRMED", expected=row.name))
        integrations.remove(session, integration_id, command.by)

    @activity.defn(name="check_connection")
    @reports_failures
    def check_connection(self, integration_id: str, by: str) -> CheckReport:
        """Test the connection and keep the report; transfers no data."""
        with self._deps.sessions() as session:
            features = list(connectors.spec_of(get(session, integration_id).connector).features)
        with open_channel(self._deps, integration_id) as channel:
            report = channel.connector.check(features)
        with self._deps.sessions() as session:
            integrations.store_check(session, integration_id, report, by)
            session.commit()
        return report

    @activity.defn(name="check_readiness")
    @reports_failures
    def check_readiness(self, integration_id: str) -> Readiness:
        """Say what is still missing before go-live (D§6.1)."""
        with self._deps.sessions() as session:
            spec = connectors.spec_of(get(session, integration_id).connector)
            settings = {each: feature_settings(session, integration_id, spec, each) for each in spec.features}
            return readiness.report(session, integration_id, settings, advanced_settings(session, integration_id))

    @activity.defn(name="begin_productive")
    @reports_failures
    def begin_productive(self, change: Productive) -> None:
        """Set the watermark's start at the first go-live."""
        with self._deps.sessions() as session:
            integrations.begin_at(session, change.integration_id, change.start_at)
            session.commit()

    @activity.defn(name="set_productive")
    @reports_failures
    def set_productive(self, change: Productive) -> None:
        """Switch to productive mode: the last step of go-live."""
        with self._deps.sessions() as session:
            params = {"start": f"{change.start_at:%Y-%m-%d %H:%M} UTC"}
            integrations.set_mode(
                session, change.integration_id, Mode.PRODUCTIVE, event="went_live", by=change.by, params=params
            )
            session.commit()

    @activity.defn(name="undo_productive")
    @reports_failures
    def undo_productive(self, change: Productive) -> None:
        """Take back a go-live that failed: mode and watermark."""
        with self._deps.sessions() as session:
            integrations.forget_start(session, change.integration_id, change.start_at)
            integrations.set_mode(
                session, change.integration_id, Mode.DEVELOPMENT, event="go_live_failed", by=change.by
            )
            session.commit()

    @activity.defn(name="build_article_list")
    @reports_failures
    def build_article_list(self, integration_id: str, by: str) -> Built:
        """Evaluate the article filter."""
        with self._deps.sessions() as session:
            built = article_filter.build_list(session, integration_id, by)
            session.commit()
        return built

    @activity.defn(name="begin_run")
    @reports_failures
    def begin_run(self, ref: RunRef) -> RunPlan:
        """Decide whether a run goes, and pin its settings."""
        info = activity.info()
        with self._deps.sessions() as session:
            run_id, workflow_id = info.workflow_run_id or "", info.workflow_id or ""
            plan = runs.begin(session, ref, run_id, workflow_id, info.current_attempt_scheduled_time)
            session.commit()
        return plan

    @activity.defn(name="end_run")
    @reports_failures
    def end_run(self, finish: RunEnd) -> None:
        """Write how a run ended."""
        with self._deps.sessions() as session:
            runs.end(session, finish, activity.info().current_attempt_scheduled_time)
            session.commit()


_CHANGES = {
    "rename": LifecycleActivities._rename,
    "credentials_stored": LifecycleActivities._credentials_stored,
    "choose_features": LifecycleActivities._choose_features,
    "configure": LifecycleActivities._configure,
    "activate": LifecycleActivities._activate,
    "deactivate": LifecycleActivities._deactivate,
    "pause": LifecycleActivities._pause,
    "resume": LifecycleActivities._resume,
    "resolve": LifecycleActivities._resolve,
    "run_now": LifecycleActivities._run_now,
    "stop": LifecycleActivities._stop,
    "start_migration": LifecycleActivities._start_migration,
    "end_migration": LifecycleActivities._end_migration,
    "apply_filter": LifecycleActivities._apply_filter,
    "delete": LifecycleActivities._delete,
}
