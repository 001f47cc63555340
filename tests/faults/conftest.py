"""One machine for all kills: what was killed is started again by the group itself."""

import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults.machine import Machine, run_machine


@pytest.fixture(scope="session")
async def machine() -> AsyncIterator[Machine]:
    """The product as `connect up` runs it, in a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="connect-faults-"))
    folder.chmod(0o711)
    with pytest.MonkeyPatch.context() as environment:
        # The worker is a process: it reads its own settings.
        environment.setenv("CONNECT_ALLOW_PRIVATE_ADDRESSES", "true")
        async for each in run_machine(folder):
            yield each
    shutil.rmtree(folder, ignore_errors=True)
