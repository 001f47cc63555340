"""Long work with a channel's articles: reading them for the worksheet, and the initial import; both resumable at any page."""

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from canonical.runs import CatalogueTask, CatalogueWork
    from workflows import calls
    from workflows.failures import failure_of


async def read_all(work: CatalogueWork) -> None:
    """Read page by page until the channel has no more; every page is stored with its cursor before the next one."""
    task = work.task
    if not work.goes_on:
        await calls.begin_reading(task)
    while True:
        step = await calls.read_catalogue_page(task)
        if step.ask_again_after:
            await workflow.sleep(step.ask_again_after)
        if not step.left:
            break
        if workflow.info().is_continue_as_new_suggested():
            workflow.continue_as_new(work.model_copy(update={"goes_on": True}))
    await calls.end_reading(task)


@workflow.defn(name="ReadListings")
class ReadListings:
    """Reads a channel's articles for the pairing worksheet and proposes pairs."""

    @workflow.run
    async def run(self, work: CatalogueWork) -> None:
        """Read all, or go on; why it stopped is kept for the page."""
        try:
            await read_all(work)
        except ActivityError as error:
            await calls.fail_catalogue(work.task, failure_of(error))


@workflow.defn(name="InitialImport")
class InitialImport:
    """Identifies a shop's articles, or takes over what was identified (D§1.6)."""

    @workflow.run
    async def run(self, work: CatalogueWork) -> None:
        """Do one of the two; starting again after a stop goes on where it was."""
        try:
            await (self._take_over(work) if work.takes_over else read_all(work))
        except ActivityError as error:
            await calls.fail_catalogue(work.task, failure_of(error))

    async def _take_over(self, work: CatalogueWork) -> None:
        task: CatalogueTask = work.task
        if not work.goes_on:
            await calls.queue_articles(task)
        for step in (calls.import_articles, calls.import_images):
            while (await step(task)).left:
                if workflow.info().is_continue_as_new_suggested():
                    workflow.continue_as_new(work.model_copy(update={"goes_on": True}))
        await calls.end_import(task)
