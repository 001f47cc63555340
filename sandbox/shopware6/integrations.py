"""The integrations as rows that can be searched: whether one is an administrator, else the roles with its rights."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.shopware6.auth import Integration
from sandbox.shopware6.basics import base_row
from sandbox.shopware6.ids import id_of
from sandbox.shopware6.store import Row, Store


def register(store: Store, integrations: Iterable[Integration], moment: str) -> None:
    """Make the rows tell what the integrations may do now; one that is no administrator has one role of its own.

    What the shop tells already is left as it is. The secret's field holds a hash, as in the vendor's database.
    """
    with store.transaction():
        for number, integration in enumerate(integrations, 1):
            key, rights = integration.access_key, integration.privileges
            row_id, role_id = id_of("integration", key), id_of("acl_role", key)
            hashed = f"$2y$10${id_of('secret', key)}"
            own = {"label": f"Anbindung {number}", "accessKey": key, "secretAccessKey": hashed, "admin": rights is None}
            _put(store, "integration", base_row("integration", row_id, moment, **own))
            if rights is not None:
                role = {"name": f"Rolle {number}", "privileges": sorted(rights)}
                _put(store, "acl_role", base_row("acl_role", role_id, moment, **role))
            store.link("integration_role", row_id, role_id, is_linked=rights is not None)


def _put(store: Store, entity: str, row: Row) -> None:
    before = store.tables[entity].get(row["id"])
    if before is None or {**row, "createdAt": before["createdAt"]} != before:
        store.put(entity, row)
