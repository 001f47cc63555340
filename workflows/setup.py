"""Short workflows of the set-up: installing a connector, testing a connection, building the article list."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from canonical.check import CheckReport
    from canonical.partner import PartnerCheck
    from canonical.runs import Built
    from workflows import calls


@workflow.defn(name="InstallConnector")
class InstallConnector:
    """Installs a connector once."""

    @workflow.run
    async def run(self, connector: str, by: str) -> None:
        """Install; repeating changes nothing."""
        await calls.install_connector(connector, by)


@workflow.defn(name="TestConnection")
class TestConnection:
    """Tests an integration's connection; transfers nothing."""

    @workflow.run
    async def run(self, integration_id: str, by: str) -> CheckReport:
        """Test and keep the report."""
        return await calls.check_connection(integration_id, by)


@workflow.defn(name="BuildArticleList")
class BuildArticleList:
    """Evaluates the article filter, nightly and on demand."""

    @workflow.run
    async def run(self, integration_id: str, by: str) -> Built:
        """Build the list, then let what changed be sent."""
        built = await calls.build_article_list(integration_id, by)
        await calls.hint_pushes()
        return built


@workflow.defn(name="TestPartner")
class TestPartner:
    """Tests a fulfilment provider's connection; transfers nothing."""

    @workflow.run
    async def run(self, partner_id: int) -> PartnerCheck:
        """Test, and say what was found."""
        return await calls.check_partner(partner_id)
