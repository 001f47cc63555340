"""Turns exceptions into what Temporal understands; the only place that does."""

import functools
import inspect
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar, cast

from sqlalchemy.exc import DBAPIError
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.exceptions import FailureError as TemporalFailure

from canonical.codes import Kind
from canonical.failure import Failure, FailureError
from erp.database import failure_of
from erp.secrets import SealBroken

Call = TypeVar("Call", bound=Callable[..., Any])
log = logging.getLogger(__name__)

LONGEST_WAIT = timedelta(minutes=2)
"""A channel that asks for more ends the run `deferred`: a run takes minutes, and the schedule comes again."""


def as_application_error(failure: Failure) -> ApplicationError:
    """Carry a failure to the workflow: code as type, the rest as details; only `retry` is tried again (style.md)."""
    retries = failure.kind is Kind.RETRY and (failure.retry_after or timedelta()) <= LONGEST_WAIT
    return ApplicationError(
        failure.code,
        failure.model_dump(mode="json"),
        type=failure.code,
        non_retryable=not retries,
        next_retry_delay=failure.retry_after if retries else None,
        category=ApplicationErrorCategory.BENIGN if retries else ApplicationErrorCategory.UNSPECIFIED,
    )


def translate(error: Exception, where: str) -> ApplicationError:
    """Name an exception as a failure; what nobody named is `operator / UNCLASSIFIED`, with its trace in the log."""
    if isinstance(error, FailureError):
        return as_application_error(error.failure)
    if isinstance(error, DBAPIError):
        return as_application_error(failure_of(error))
    if isinstance(error, SealBroken):
        return as_application_error(Failure.of("CREDENTIALS_MISSING"))
    log.exception("unexpected failure in %s", where)
    return as_application_error(Failure.of("UNCLASSIFIED", where=where, error=type(error).__name__))


def reports_failures(call: Call) -> Call:
    """Let an activity raise only what `translate` makes; Temporal's own exceptions (cancellation) pass."""
    name = call.__name__

    if inspect.iscoroutinefunction(call):

        @functools.wraps(call)
        async def guarded_async(*args: Any, **kwargs: Any) -> Any:
            try:
                return await call(*args, **kwargs)
            except TemporalFailure:
                raise
            except Exception as error:  # noqa: BLE001 - the one place that names every exception
                raise translate(error, name) from None

        return cast(Call, guarded_async)

    @functools.wraps(call)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        try:
            return call(*args, **kwargs)
        except TemporalFailure:
            raise
        except Exception as error:  # noqa: BLE001 - the one place that names every exception
            raise translate(error, name) from None

    return cast(Call, guarded)
