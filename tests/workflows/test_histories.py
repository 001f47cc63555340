"""Recorded histories replay with today's code: a change of a workflow's commands needs `workflow.patched`.

`CONNECT_RECORD_HISTORIES=1` records them anew, after a deliberate change.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from canonical.feature import Feature
from canonical.lifecycle import By, ReadCatalogue, ScanPurpose, TakeOverArticles
from erp.partners import PartnerForm, create_partner
from sandbox.woocommerce import WooShop, seed_shop
from worker import WORKFLOWS
from workflows import ids

FOLDER = Path(__file__).parent / "histories"


async def record(world: Any) -> None:
    """Play a small story and keep the history of every type of workflow."""
    shop = WooShop()
    seed_shop(shop, articles=8, orders=4)
    connected = await world.connect_shop(shop)
    await connected.set_up(Feature.ORDERS, Feature.STOCK, Feature.SHIPMENTS)
    await connected.go_live()
    for feature in (Feature.ORDERS, Feature.STOCK):
        await connected.run(feature)
    await world.client.execute_workflow(
        "HouseRun", {"name": "auto-ship", "limit": 200}, id="house/auto-ship-recorded", task_queue=ids.TASK_QUEUE
    )
    await connected.run(Feature.SHIPMENTS)
    with world.deps.sessions() as session:
        form = PartnerForm(code="RECORDED", name="Recorded", folder="recorded")
        partner_id = create_partner(session, world.deps.keyring, form).id or 0
        session.commit()
    await world.lifecycle.test_partner(partner_id)
    await connected.send("read_catalogue", ReadCatalogue(purpose=ScanPurpose.PAIRING, by="jo"))
    await world.client.get_workflow_handle(ids.listings(connected.id)).result()
    await connected.send("start_migration", By(by="jo"))
    await connected.send("read_catalogue", ReadCatalogue(purpose=ScanPurpose.IMPORT, by="jo"))
    await world.client.get_workflow_handle(ids.initial_import(connected.id)).result()
    await connected.send("take_over_articles", TakeOverArticles(by="jo"))
    await world.client.get_workflow_handle(ids.initial_import(connected.id)).result()
    await connected.send("end_migration", By(by="jo"))
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.json"):
        old.unlink()
    async for execution in world.client.list_workflows():
        if connected.id in execution.id or execution.id.startswith(
            ("install/", "house/auto-ship-recorded", "partner/")
        ):
            handle = world.client.get_workflow_handle(execution.id, run_id=execution.run_id)
            history = await handle.fetch_history()
            document = json.dumps({"id": execution.id, "history": json.loads(history.to_json())}, indent=1)
            (FOLDER / f"{execution.workflow_type}-{execution.run_id[-6:]}.json").write_text(document + "\n")


if os.environ.get("CONNECT_RECORD_HISTORIES") == "1":

    async def test_histories_are_recorded_anew(world: Any) -> None:
        await record(world)


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.json")), ids=lambda file: file.stem)
async def test_a_recorded_history_replays_with_todays_code(file: Path) -> None:
    document = json.loads(file.read_text())
    history = WorkflowHistory.from_json(document["id"], json.dumps(document["history"]))
    replayer = Replayer(workflows=WORKFLOWS, data_converter=pydantic_data_converter)
    await replayer.replay_workflow(history)


def test_every_type_of_workflow_has_a_recorded_history() -> None:
    recorded = {file.stem.rpartition("-")[0] for file in FOLDER.glob("*.json")}
    assert recorded == {workflow.__name__ for workflow in WORKFLOWS}
