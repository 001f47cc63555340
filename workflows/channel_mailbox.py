"""The part of an integration's mailbox that is about its channel: grants, option lists, categories and the catalogue."""

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ActivityError, WorkflowAlreadyStartedError

with workflow.unsafe.imports_passed_through():
    from canonical.feature import Mode
    from canonical.lifecycle import By, GrantAnswered, IntegrationState, ReadCatalogue, ScanPurpose, TakeOverArticles
    from canonical.runs import CatalogueTask, CatalogueWork
    from workflows import calls, ids
    from workflows.entity import Entity
    from workflows.failures import failure_of, refusal


class ChannelMailbox(Entity):
    """Updates that fetch something from the channel or take its articles over."""

    @workflow.update
    async def grant_answered(self, command: GrantAnswered) -> IntegrationState:
        """Exchange what the vendor answered for credentials, and go on as after entering them."""
        try:
            await calls.finish_grant(self.state.id, command.state, command.by)
        except ActivityError as error:
            failure = failure_of(error)
            raise refusal(failure.code, **failure.params) from None
        return await self._order("credentials_stored", By(by=command.by))

    @grant_answered.validator
    def _check_grant_answered(self, command: GrantAnswered) -> None:
        self._must_live()

    @workflow.update
    async def reload_choices(self, command: By) -> IntegrationState:
        """Fetch the channel's option lists anew."""
        try:
            await calls.fetch_choices(self.state.id, command.by)
        except ActivityError as error:
            failure = failure_of(error)
            raise refusal(failure.code, **failure.params) from None
        return self.state

    @reload_choices.validator
    def _check_reload_choices(self, command: By) -> None:
        self._must_live()

    @workflow.update
    async def reload_taxonomy(self, command: By) -> IntegrationState:
        """Fetch the marketplace's categories and attributes anew."""
        try:
            await calls.fetch_taxonomy(self.state.id, command.by)
        except ActivityError as error:
            failure = failure_of(error)
            raise refusal(failure.code, **failure.params) from None
        return self.state

    @reload_taxonomy.validator
    def _check_reload_taxonomy(self, command: By) -> None:
        self._must_live()

    async def _begin(self, name: str, workflow_id: str, work: CatalogueWork) -> IntegrationState:
        """Start long work that outlives this update; refused while the same work runs."""
        try:
            await workflow.start_child_workflow(
                name,
                work,
                id=workflow_id,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                static_summary=f"{self.state.name}: {work.task.purpose.value}",
            )
        except WorkflowAlreadyStartedError:
            raise refusal("STATE_FORBIDS", state=work.task.purpose.value) from None
        return self.state

    @workflow.update
    async def read_catalogue(self, command: ReadCatalogue) -> IntegrationState:
        """Read the channel's articles: for the worksheet, or to identify them for the initial import."""
        task = CatalogueTask(
            integration_id=self.state.id,
            purpose=command.purpose,
            skus=command.skus,
            afresh=command.afresh,
            by=command.by,
        )
        if command.purpose is ScanPurpose.IMPORT:
            return await self._begin("InitialImport", ids.initial_import(self.state.id), CatalogueWork(task=task))
        return await self._begin("ReadListings", ids.listings(self.state.id), CatalogueWork(task=task))

    @read_catalogue.validator
    def _check_read_catalogue(self, command: ReadCatalogue) -> None:
        self._must_live()
        if command.purpose is ScanPurpose.IMPORT and self.state.mode is not Mode.MIGRATION:
            raise refusal("STATE_FORBIDS", state=self.state.mode.value)

    @workflow.update
    async def take_over_articles(self, command: TakeOverArticles) -> IntegrationState:
        """Take over what was identified."""
        task = CatalogueTask(integration_id=self.state.id, purpose=ScanPurpose.IMPORT, skus=command.skus, by=command.by)
        work = CatalogueWork(task=task, takes_over=True)
        return await self._begin("InitialImport", ids.initial_import(self.state.id), work)

    @take_over_articles.validator
    def _check_take_over_articles(self, command: TakeOverArticles) -> None:
        if self.state.mode is not Mode.MIGRATION:
            raise refusal("STATE_FORBIDS", state=self.state.mode.value)

    @workflow.update
    async def start_migration(self, command: By) -> IntegrationState:
        """Enter migration mode: productive mode ends, no schedule runs, the features stay switched on (D§1.8)."""
        return await self._order("start_migration", command)

    @start_migration.validator
    def _check_start_migration(self, command: By) -> None:
        if self.state.mode not in (Mode.DEVELOPMENT, Mode.PRODUCTIVE) or self.state.working_on:
            raise refusal("STATE_FORBIDS", state=self.state.working_on or self.state.mode.value)

    @workflow.update
    async def end_migration(self, command: By) -> IntegrationState:
        """Leave migration mode for development mode; going productive again starts what was switched on before."""
        return await self._order("end_migration", command)

    @end_migration.validator
    def _check_end_migration(self, command: By) -> None:
        if self.state.mode is not Mode.MIGRATION:
            raise refusal("STATE_FORBIDS", state=self.state.mode.value)
