"""Print jobs on their way to the printers."""

from datetime import UTC, datetime

from activities.deps import Deps
from adapters import printers
from canonical.failure import Failure, FailureError
from canonical.runs import HouseDone
from erp import prints

PER_STEP = 20
"""Jobs claimed at once: a printer that does not answer must not keep the others past their lease."""


def step_prints(deps: Deps, limit: int) -> HouseDone:
    """Print due jobs, oldest first: claimed in one transaction, printed outside, each settled in its own.

    A crash between printing and settling prints that one job again when its lease is over.
    """
    now = datetime.now(UTC)
    with deps.sessions.begin() as session:
        claimed = prints.claim(session, min(limit, PER_STEP), now)
    silent: dict[str, Failure] = {}
    for job in claimed:
        # A printer that did not answer is not asked again in this step: each time costs a timeout.
        failure = silent.get(job.address) or _print(deps, job)
        if failure and failure.code == "PRINTER_UNREACHABLE":
            silent[job.address] = failure
        with deps.sessions.begin() as session:
            prints.settle(session, job.id, failure, now)
    return HouseDone(done=len(claimed), left=len(claimed) == min(limit, PER_STEP))


def _print(deps: Deps, job: prints.ClaimedPrint) -> Failure | None:
    is_test = not job.data
    data = printers.sample_page(job.title) if is_test else job.data
    media_type = "application/pdf" if is_test else job.media_type
    try:
        printers.send(
            job.adapter, job.address, printers.PrintTask(job.id, job.title, media_type, data, job.copies), deps.exchange
        )
    except FailureError as error:
        return error.failure
    return None
