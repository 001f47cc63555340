"""The project of an order: decides numbering, reservation and shipping (D§2.5.2)."""

from canonical.failure import Finding
from erp.rules.model import MasterData, ProjectInfo, RuleContext


def resolve_project(context: RuleContext, master: MasterData, found: list[Finding]) -> ProjectInfo | None:
    """Find the project that the settings choose."""
    code = context.settings.default_project
    project = master.projects.get(code)
    if not code:
        found.append(Finding.of("VALUE_EMPTY_NO_DEFAULT", what="project", waits_for=("settings",)))
    elif project is None:
        found.append(Finding.of("PROJECT_UNMAPPED", value=code, waits_for=(f"project:{code}", "settings")))
    return project
