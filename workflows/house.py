"""House runs: what the ERP store does by itself, such as auto-ship."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from canonical.runs import LOST_RUNS, HouseTask
    from workflows import calls

STEPS = 200
"""Batches per run; what is left then is done by the next run."""


@workflow.defn(name="HouseRun")
class HouseRun:
    """Repeats a house task's step until nothing is left."""

    @workflow.run
    async def run(self, task: HouseTask) -> int:
        """Do the task and say how many records it touched."""
        total = 0
        for _ in range(STEPS):
            done = await (calls.settle_lost_runs() if task.name == LOST_RUNS else calls.house_step(task))
            total += done.done
            if not done.left:
                break
        if total:
            await calls.hint_pushes()
        return total
