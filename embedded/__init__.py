"""The embedded PostgreSQL and Temporal servers that Connect runs by itself on one machine."""

from embedded.errors import DataFolderInUse, EmbeddedServerError
from embedded.supervisor import EmbeddedServers

__all__ = ["DataFolderInUse", "EmbeddedServerError", "EmbeddedServers"]
