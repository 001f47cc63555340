"""The project of an order: by tag, then by sales channel, else the default (D§2.5.2, D§4.2.3)."""

from canonical.failure import Finding
from canonical.order import ChannelOrder
from canonical.settings import MappingKind, OrderSettings
from erp.rules.methods import LONGEST_VALUE, Unknown
from erp.rules.model import MasterData, ProjectInfo


def resolve_project(
    order: ChannelOrder, settings: OrderSettings, master: MasterData, found: list[Finding], unknown: Unknown
) -> ProjectInfo | None:
    """Find the order's project.

    A tag without a row means nothing; a sales channel without one parks the order once channels are mapped at all, so that
    none lands in the wrong books.
    """
    code = next((settings.tag_project_map[tag] for tag in order.tags if settings.tag_project_map.get(tag)), "")
    channel = order.sales_channel[:LONGEST_VALUE]
    if not code and channel and settings.channel_project_map:
        code = settings.channel_project_map.get(channel, "")
        if not code:
            keys = (f"{MappingKind.CHANNEL.value}:{channel}", "settings")
            unknown.append((MappingKind.CHANNEL, channel))
            found.append(Finding.of("PROJECT_UNMAPPED", value=channel, waits_for=keys))
            return None
    code = code or settings.default_project
    if not code:
        found.append(Finding.of("VALUE_EMPTY_NO_DEFAULT", what="project", waits_for=("settings",)))
        return None
    project = master.projects.get(code)
    if project is None:
        keys = (f"project:{code}", "settings")
        found.append(Finding.of("MASTER_DATA_MISSING", what="project", value=code, waits_for=keys))
    return project
