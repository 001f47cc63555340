"""Running templates: the built-in ones in this process, a merchant's own ones in a confined child process."""

import contextlib
import multiprocessing
import os
import re
import resource
import threading
from dataclasses import dataclass
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal, Protocol

import typst

from canonical.failure import Failure, FailureError

ROOT = Path(__file__).parent / "templates"
"""All of this machine that a template can read: the built-in templates."""
STANDARD: Literal["a-3b"] = "a-3b"
LONGEST = 20.0
"""Seconds that an own template may take; a built-in one takes hundredths of one."""
MEMORY = 2 * 1024**3
"""Bytes of address space that an own template may use."""
_MAIN_FILE = re.compile(r"\S*__typst_py_bytes__\.typ:")
"""What Typst calls a source that has no file; its path would tell nothing."""
PICTURE_PPI = 110
SHOWN = 600
"""Characters of the compiler's message that are kept."""


class Job(Protocol):
    """Something that makes bytes from a template, or says why it cannot."""

    def run(self) -> bytes | str:
        """Make it; a text is the reason of a failure."""


def make(job: Job, *, is_own: bool) -> bytes:
    """Run a job, with a merchant's own template in the child process; raises `FailureError` TEMPLATE_FAILED.

    A template that takes too long or too much memory ends the child, which starts again with the next one.
    """
    made = _child.ask(job) if is_own else job.run()
    if isinstance(made, bytes):
        return made
    raise FailureError(Failure.of("TEMPLATE_FAILED", reason=made))


@dataclass(frozen=True, slots=True)
class TypstJob:
    """A Typst source, its data as JSON, and the moment that the PDF says it was made at (seconds since 1970)."""

    source: str
    data: str
    timestamp: int
    is_picture: bool = False
    """A PNG of the first page instead of a PDF."""

    def run(self) -> bytes | str:
        """Compile to PDF/A-3b, or to a picture."""
        try:
            compiler = typst.Compiler(
                self.source.encode(),
                root=str(ROOT),
                font_paths=_fonts(),
                sys_inputs={"data": self.data},
                package_path=os.devnull,
                package_cache_path=os.devnull,
            )
            if self.is_picture:
                made = compiler.compile(format="png", ppi=PICTURE_PPI, timestamp=self.timestamp)
            else:
                made = compiler.compile(format="pdf", pdf_standards=[STANDARD], timestamp=self.timestamp)
        except typst.TypstError as error:
            return _MAIN_FILE.sub("", error.diagnostic or error.message)[:SHOWN].strip()
        first = made[0] if isinstance(made, list) and made else made
        return first if isinstance(first, bytes) else "empty"


@cache
def _fonts() -> typst.Fonts:
    """Typst's own fonts, and those of this machine for scripts that they lack."""
    return typst.Fonts()


# --- the child process ----------------------------------------------------------------------------------------------


def _serve(questions: Connection) -> None:
    """Run what is asked for until the other side is gone."""
    # Packages would be loaded from the Typst Universe through the proxy that the environment names: there is none.
    os.environ.update({"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": ""})
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(EOFError, KeyboardInterrupt):
        while True:
            job: Job = questions.recv()
            questions.send(job.run())


class _Child:
    """One child process, started when it is first needed; one question at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: Any = None
        self._answers: Connection | None = None

    def ask(self, job: Job) -> bytes | str:
        with self._lock:
            answers = self._running()
            try:
                answers.send(job)
                if answers.poll(LONGEST):
                    return answers.recv()  # type: ignore[no-any-return]
                reason = f"> {LONGEST:.0f} s"
            except (EOFError, OSError):
                reason = f"> {MEMORY // 1024**2} MiB"
            self._process.kill()
            self._process.join()
            self._process = None
            return reason

    def _running(self) -> Connection:
        if self._process is None or not self._process.is_alive() or self._answers is None:
            # Spawned, not forked: a fork would copy locks that other threads hold, and open connections.
            context = multiprocessing.get_context("spawn")
            self._answers, theirs = context.Pipe()
            self._process = context.Process(target=_serve, args=(theirs,), daemon=True, name="templates")
            self._process.start()
            theirs.close()
        return self._answers


_child = _Child()
