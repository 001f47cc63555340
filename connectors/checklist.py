"""The items of a connection test in their order: what depends on a failed one is skipped."""

from collections.abc import Callable

from canonical.check import CheckItem, CheckState
from canonical.failure import Failure, FailureError
from canonical.feature import Feature


class Checklist:
    """Collects what was checked."""

    def __init__(self) -> None:
        self.items: list[CheckItem] = []

    @property
    def has_failed(self) -> bool:
        """Whether any check failed so far."""
        return any(item.state is CheckState.FAILED for item in self.items)

    def add(self, name: str, failure: Failure | None, feature: Feature | None = None, detail: str = "") -> None:
        """Note a check that was made; it succeeded where there is no failure."""
        state = CheckState.FAILED if failure else CheckState.OK
        self.items.append(CheckItem(name=name, state=state, detail=detail, feature=feature, failure=failure))

    def skip(self, name: str, feature: Feature | None = None, detail: str = "") -> None:
        """Note a check that was not made."""
        self.items.append(CheckItem(name=name, state=CheckState.SKIPPED, detail=detail, feature=feature))

    def prove(
        self, going: bool, name: str, prove: Callable[[], None], feature: Feature | None = None, detail: str = ""
    ) -> bool:
        """Run one check if the ones before it allow; whether it succeeded."""
        if not going:
            self.skip(name, feature, detail)
            return False
        try:
            prove()
        except FailureError as error:
            self.add(name, error.failure, feature, detail)
            return False
        self.add(name, None, feature, detail)
        return True
