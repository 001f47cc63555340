"""The entity of an integration: a state machine and a mailbox, as long as the integration lives.

All of its state can be rebuilt from the database; terminating and starting it again is always a safe repair.
"""

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ActivityError, ChildWorkflowError

with workflow.unsafe.imports_passed_through():
    from canonical.check import CheckReport
    from canonical.feature import Mode
    from canonical.lifecycle import (
        ApplyFilter,
        By,
        ChooseFeatures,
        Configure,
        CreateIntegration,
        Delete,
        ForFeature,
        GoLive,
        IntegrationState,
        Pause,
        Readiness,
        Rename,
        RunNow,
    )
    from canonical.runs import Built, Productive, RunRef
    from workflows import calls, ids
    from workflows.channel_mailbox import ChannelMailbox
    from workflows.failures import failure_of, refusal


@workflow.defn(name="Integration")
class Integration(ChannelMailbox):
    """One integration's lifecycle (D§1.8); every page and command changes it only by these updates."""

    @workflow.init
    def __init__(self, state: IntegrationState) -> None:
        super().__init__(state)

    @workflow.run
    async def run(self, state: IntegrationState) -> None:
        """Rebuild from the database, then serve until the integration is deleted."""
        async with self.lock:
            loaded = await calls.load_state(state.id)
            if loaded is not None:
                await self._settle(loaded)
        while not self._must_end():
            await workflow.wait_condition(lambda: self.stale or self._must_end())
            if self.stale:
                await self._reload()
        await workflow.wait_condition(workflow.all_handlers_finished)
        if not self._is_gone():
            workflow.continue_as_new(self.state)

    # --- queries and hints -------------------------------------------------------------------------------------------

    @workflow.query(description="What the integration's entity knows")
    def status(self) -> IntegrationState:
        """The state, with what is running at this moment."""
        return self.state

    @workflow.signal(description="A hint that rows changed; may be lost")
    def refresh(self) -> None:
        """Reload from the database soon."""
        self.stale = True

    # --- updates -----------------------------------------------------------------------------------------------------

    @workflow.update
    async def create(self, command: CreateIntegration) -> IntegrationState:
        """Create the integration in development mode."""
        async with self.lock:
            try:
                return await self._settle(await calls.create_integration(command))
            except ActivityError as error:
                # Nothing was created: an entity without an integration must not stay.
                self.state = self.state.model_copy(update={"mode": Mode.DELETED})
                failure = failure_of(error)
                raise refusal(failure.code, **failure.params) from None

    @workflow.update
    async def credentials_stored(self, command: By) -> IntegrationState:
        """Go on after credentials were stored by the page."""
        return await self._order("credentials_stored", command)

    @credentials_stored.validator
    def _check_credentials_stored(self, command: By) -> None:
        self._must_live()

    @workflow.update
    async def test_connection(self, command: By) -> CheckReport:
        """Test the connection; no data is transferred."""
        self._work("test_connection")
        try:
            report: CheckReport = await workflow.execute_child_workflow(
                "TestConnection",
                args=[self.state.id, command.by],
                id=ids.check(self.state.id),
                result_type=CheckReport,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                static_summary=f"{self.state.name}: test connection",
            )
            return report
        except ChildWorkflowError as error:
            failure = failure_of(error)
            raise refusal(failure.code, **failure.params) from None
        finally:
            await self._reload()

    @test_connection.validator
    def _check_test_connection(self, command: By) -> None:
        self._must_live()
        if self.state.working_on:
            raise refusal("STATE_FORBIDS", state=self.state.working_on)

    def _work(self, step: str) -> None:
        self.state = self.state.model_copy(update={"working_on": step, "problem": None})

    @workflow.update
    async def rename(self, command: Rename) -> IntegrationState:
        """Give the integration another name."""
        return await self._order("rename", command)

    @rename.validator
    def _check_rename(self, command: Rename) -> None:
        self._must_live()

    @workflow.update
    async def choose_features(self, command: ChooseFeatures) -> IntegrationState:
        """Set which features take part; each gets a paused schedule."""
        return await self._order("choose_features", command)

    @choose_features.validator
    def _check_choose_features(self, command: ChooseFeatures) -> None:
        self._must_live()
        if self.state.wizard_step == "credentials":
            raise refusal("STATE_FORBIDS", state="untested")

    @workflow.update
    async def configure(self, command: Configure) -> IntegrationState:
        """Save settings as a new revision."""
        return await self._order("configure", command)

    @configure.validator
    def _check_configure(self, command: Configure) -> None:
        self._must_live()

    @workflow.update
    async def activate(self, command: ForFeature) -> IntegrationState:
        """Stage 1 of go-live for one feature; refused while mandatory settings are missing."""
        return await self._order("activate", command)

    @activate.validator
    def _check_activate(self, command: ForFeature) -> None:
        self._must_have(command.feature)

    @workflow.update
    async def deactivate(self, command: ForFeature) -> IntegrationState:
        """Switch one feature off."""
        return await self._order("deactivate", command)

    @deactivate.validator
    def _check_deactivate(self, command: ForFeature) -> None:
        self._must_have(command.feature)

    @workflow.update
    async def check_readiness(self, command: By) -> Readiness:
        """Say what is missing before go-live."""
        return await calls.check_readiness(self.state.id)

    @workflow.update
    async def go_live(self, command: GoLive) -> IntegrationState:
        """Stage 2 of go-live: productive mode, or everything undone."""
        self._work("go_live")
        change = Productive(integration_id=self.state.id, start_at=command.start_at or workflow.now(), by=command.by)
        try:
            await workflow.execute_child_workflow(
                "GoLive",
                args=[self.state, change],
                id=ids.go_live(self.state.id),
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                static_summary=f"{self.state.name}: go live",
            )
        except ChildWorkflowError as error:
            failure = failure_of(error)
            raise refusal(failure.code, **failure.params) from None
        finally:
            await self._reload()
        return self.state

    @go_live.validator
    def _check_go_live(self, command: GoLive) -> None:
        if self.state.mode is not Mode.DEVELOPMENT or self.state.working_on:
            raise refusal("STATE_FORBIDS", state=self.state.working_on or self.state.mode.value)

    @workflow.update
    async def stop(self, command: By) -> IntegrationState:
        """Leave productive mode; running runs finish."""
        return await self._order("stop", command)

    @stop.validator
    def _check_stop(self, command: By) -> None:
        if self.state.mode is not Mode.PRODUCTIVE:
            raise refusal("STATE_FORBIDS", state=self.state.mode.value)

    @workflow.update
    async def pause(self, command: Pause) -> IntegrationState:
        """Hold one feature with a note."""
        return await self._order("pause", command)

    @pause.validator
    def _check_pause(self, command: Pause) -> None:
        self._must_have(command.feature)

    @workflow.update
    async def resume(self, command: ForFeature) -> IntegrationState:
        """Let a held feature go on."""
        return await self._order("resume", command)

    @resume.validator
    def _check_resume(self, command: ForFeature) -> None:
        self._must_have(command.feature)

    @workflow.update
    async def run_now(self, command: RunNow) -> IntegrationState:
        """Run one feature at once, through its schedule."""
        state = await self._order("run_now", command)
        await calls.trigger_schedule(RunRef(integration_id=self.state.id, feature=command.feature))
        return state

    @run_now.validator
    def _check_run_now(self, command: RunNow) -> None:
        self._must_have(command.feature)
        feature = self.state.feature(command.feature)
        if feature and feature.blocked:
            raise refusal("STATE_FORBIDS", state=f"blocked: {feature.blocked.code}")

    @workflow.update
    async def resolve(self, command: ForFeature) -> IntegrationState:
        """Lift a block and start a new run from the stored cursor."""
        state = await self._order("resolve", command)
        await calls.trigger_schedule(RunRef(integration_id=self.state.id, feature=command.feature))
        return state

    @resolve.validator
    def _check_resolve(self, command: ForFeature) -> None:
        self._must_have(command.feature)

    @workflow.update
    async def apply_filter(self, command: ApplyFilter) -> Built:
        """Store the article filter and build the list."""
        await self._order("apply_filter", command)
        self._work("article_list")
        try:
            built: Built = await workflow.execute_child_workflow(
                "BuildArticleList",
                args=[self.state.id, command.by],
                id=ids.article_list(self.state.id),
                result_type=Built,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                static_summary=f"{self.state.name}: article list",
            )
            return built
        except ChildWorkflowError as error:
            failure = failure_of(error)
            raise refusal(failure.code, **failure.params) from None
        finally:
            await self._reload()

    @apply_filter.validator
    def _check_apply_filter(self, command: ApplyFilter) -> None:
        self._must_live()
        if self.state.working_on:
            raise refusal("STATE_FORBIDS", state=self.state.working_on)

    @workflow.update
    async def delete(self, command: Delete) -> IntegrationState:
        """Delete the integration; its name confirms. Its webhooks go while there are still credentials."""
        if workflow.patched("webhooks-go-first"):
            await calls.remove_webhooks(self.state.id)
        return await self._order("delete", command)

    @delete.validator
    def _check_delete(self, command: Delete) -> None:
        self._must_live()
        if command.confirm != self.state.name:
            raise refusal("UNCONFIRMED", expected=self.state.name)
