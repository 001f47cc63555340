"""Every workflow, schedule and task-queue name, as functions with inverses; nothing else makes ids."""

import re

from canonical.feature import Feature

TASK_QUEUE = "connect"
_FEATURE_ID = re.compile(r"^integration/(?P<id>[^/]+)/(?P<feature>[a-z_]+)$")
_STAMP = re.compile(r"-\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")


def install(connector: str) -> str:
    """The workflow that installs a connector once."""
    return f"install/{connector}"


def integration(integration_id: str) -> str:
    """The entity workflow of an integration."""
    return f"integration/{integration_id}"


def check(integration_id: str) -> str:
    """The connection test."""
    return f"integration/{integration_id}/check"


def article_list(integration_id: str) -> str:
    """Building the article list."""
    return f"integration/{integration_id}/article-list"


def go_live(integration_id: str) -> str:
    """Going live."""
    return f"integration/{integration_id}/go-live"


def initial_import(integration_id: str) -> str:
    """The initial import: identifying or taking over."""
    return f"integration/{integration_id}/initial-import"


def listings(integration_id: str) -> str:
    """Reading the channel's articles for the pairing worksheet."""
    return f"integration/{integration_id}/listings"


def feature(integration_id: str, of: Feature) -> str:
    """The schedule of a feature; its runs carry this id and the time that Temporal adds."""
    return f"integration/{integration_id}/{of.value}"


def feature_of(workflow_id: str) -> tuple[str, Feature] | None:
    """Read integration and feature from a schedule's or a run's id; None for other workflows."""
    match = _FEATURE_ID.match(_STAMP.sub("", workflow_id))
    if not match or match["feature"] not in {f.value for f in Feature}:
        return None
    return match["id"], Feature(match["feature"])


def house(task: str) -> str:
    """A house task's schedule."""
    return f"house/{task}"


def partner_check(partner_id: int) -> str:
    """The test of a fulfilment provider's connection."""
    return f"partner/{partner_id}/check"
