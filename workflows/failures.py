"""Reading failures in workflow code: from activity errors to `Failure`, and refusals of updates."""

from temporalio.exceptions import ActivityError, ApplicationError, ChildWorkflowError
from temporalio.exceptions import FailureError as TemporalFailure

from canonical.codes import CODES
from canonical.failure import Failure


def refusal(code: str, **params: str) -> ApplicationError:
    """Refuse an update with a failure as data."""
    failure = Failure(code=code, params=params, kind=CODES[code].kind)
    return ApplicationError(code, failure.model_dump(mode="json"), type=code, non_retryable=True)


def failure_of(error: TemporalFailure) -> Failure:
    """Find the failure inside an activity's or child's error; a lost activity (timeout, killed worker) may be tried again."""
    cause: BaseException | None = error
    while isinstance(cause, (ActivityError, ChildWorkflowError)):
        cause = cause.cause
    if isinstance(cause, ApplicationError) and cause.details and isinstance(cause.details[0], dict):
        return Failure.model_validate(cause.details[0])
    return Failure.of("RUN_LOST")
