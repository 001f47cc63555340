"""Compiling Typst: the built-in templates in this process, a merchant's own ones in a confined child process."""

import contextlib
import multiprocessing
import os
import resource
import threading
from dataclasses import dataclass
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import typst

from canonical.failure import Failure, FailureError

ROOT = Path(__file__).parent / "templates"
"""All of this machine that a template can read: the built-in templates."""
STANDARD = "a-3b"
LONGEST = 20.0
"""Seconds that an own template may take; a built-in one takes hundredths of one."""
MEMORY = 2 * 1024**3
"""Bytes of address space that an own template may use."""
SHOWN = 600
"""Characters of the compiler's message that are kept."""


@dataclass(frozen=True, slots=True)
class Job:
    """A source, its data as JSON, and the moment that the PDF says it was made at (seconds since 1970)."""

    source: str
    data: str
    timestamp: int


def compile_built_in(job: Job) -> bytes:
    """Compile a source of ours; raises `FailureError` TEMPLATE_FAILED."""
    made = _compiled(job)
    if isinstance(made, bytes):
        return made
    raise FailureError(Failure.of("TEMPLATE_FAILED", reason=made))


def compile_own(job: Job) -> bytes:
    """Compile a merchant's source in the child process; raises `FailureError` TEMPLATE_FAILED.

    A source that takes too long or too much memory ends the child, which starts again with the next one.
    """
    made = _child.ask(job)
    if isinstance(made, bytes):
        return made
    raise FailureError(Failure.of("TEMPLATE_FAILED", reason=made))


def _compiled(job: Job) -> bytes | str:
    """The PDF, or why there is none."""
    try:
        compiler = typst.Compiler(
            job.source.encode(),
            root=str(ROOT),
            font_paths=_fonts(),
            sys_inputs={"data": job.data},
            package_path=os.devnull,
            package_cache_path=os.devnull,
        )
        made = compiler.compile(format="pdf", pdf_standards=[STANDARD], timestamp=job.timestamp)
    except typst.TypstError as error:
        return f"{error.message}\n{error.diagnostic}".replace(str(ROOT), "")[:SHOWN].strip()
    if not isinstance(made, bytes):
        return "empty"
    return made


@cache
def _fonts() -> typst.Fonts:
    """Typst's own fonts, and those of this machine for scripts that they lack."""
    return typst.Fonts()


# --- the child process ----------------------------------------------------------------------------------------------


def _serve(questions: Connection) -> None:
    """Compile what is asked for until the other side is gone."""
    # Packages would be loaded from the Typst Universe through the proxy that the environment names: there is none.
    os.environ.update({"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": ""})
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(EOFError, KeyboardInterrupt):
        while True:
            questions.send(_compiled(questions.recv()))


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
