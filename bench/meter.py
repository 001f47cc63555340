"""What processes cost while something runs: CPU seconds and the most memory, children included."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import psutil

EVERY_SECONDS = 0.25
MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Usage:
    """What one process and its children cost."""

    cpu_seconds: float
    peak_memory_mb: int


class Meter:
    """Measures named processes between entering and leaving; memory is sampled four times a second.

    Memory that several processes of a tree share counts once where the system can tell (PSS, Linux).
    """

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._roots = {name: psutil.Process(pid) for name, pid in pids.items()}
        self._before: dict[str, float] = {}
        self._after: dict[str, float] = {}
        self._peaks = dict.fromkeys(pids, 0.0)
        self._stop = threading.Event()
        self._sampler = threading.Thread(target=self._sample, name="meter", daemon=True)

    def __enter__(self) -> Self:
        self._before = self._cpu()
        self._sampler.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._after = self._cpu()
        self._stop.set()
        self._sampler.join()

    def usage(self) -> dict[str, Usage]:
        """What each process cost."""
        return {
            name: Usage(round(self._after[name] - self._before[name], 2), round(self._peaks[name] / MEGABYTE))
            for name in self._roots
        }

    def _cpu(self) -> dict[str, float]:
        return {name: sum(map(_cpu_seconds, _tree(root))) for name, root in self._roots.items()}

    def _sample(self) -> None:
        while not self._stop.wait(EVERY_SECONDS):
            for name, root in self._roots.items():
                self._peaks[name] = max(self._peaks[name], sum(map(_memory, _tree(root))))


def _tree(root: psutil.Process) -> list[psutil.Process]:
    try:
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _cpu_seconds(process: psutil.Process) -> float:
    """Own time and that of children that have ended."""
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)


def _memory(process: psutil.Process) -> float:
    try:
        shared_fairly = getattr(process.memory_full_info(), "pss", None)
        return float(shared_fairly or process.memory_info().rss)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0.0
