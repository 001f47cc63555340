"""Labels by file exchange: a request per parcel goes into a folder, the carrier's software answers in another.

The formats are described in `docs/carrier-files.md`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from adapters.folders import complete_files, inside, is_finished_name, move_into, read_limited, write_whole
from canonical.failure import Failure, FailureError
from canonical.label import LabelAnswer, LabelRequest

OUT, IN, DONE, BAD = "out", "in", "done", "bad"
LARGEST_ANSWER, LARGEST_LABEL = 64_000, 5_000_000
LABEL_FOLLOWS = timedelta(minutes=10)
"""How long an answer waits for the label that it names, for carriers that write the answer first."""
MEDIA_TYPES = {b"%PDF": "application/pdf", b"^XA": "application/zpl"}
"""How a label begins, and what it is."""


class _AnswerFile(BaseModel):
    """What an answer file holds."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    key: str = Field(min_length=1, max_length=40)
    tracking_number: str = Field(default="", max_length=80)
    tracking_url: str = Field(default="", max_length=300)
    label: str = Field(default="", max_length=200)
    error: str = ""

    @model_validator(mode="after")
    def _says_something(self) -> "_AnswerFile":
        if not (self.tracking_number or self.error):
            raise ValueError("tracking_number")
        return self


@dataclass(frozen=True, slots=True)
class ReadAnswer:
    """An answer file that was read: the answer, or why it cannot be taken; `names` are its files."""

    names: tuple[str, ...]
    answer: LabelAnswer | None = None
    failure: Failure | None = None


def write_request(root: Path, folder: str, request: LabelRequest) -> None:
    """Write a parcel's request as `out/{shipment}-{key}.json`; the same request again is the same file.

    Raises `FailureError`: FOLDER_INVALID, FOLDER_FULL, FOLDER_DENIED or FOLDER_BROKEN.
    """
    name = "".join(sign if sign.isalnum() or sign in "-_" else "_" for sign in f"{request.shipment}-{request.key}")
    body = request.model_dump_json(indent=2).encode()
    write_whole(inside(root, f"{folder}/{OUT}/{name}.json"), body + b"\n")


def read_answers(root: Path, folder: str, limit: int, now: datetime | None = None) -> Iterator[ReadAnswer]:
    """Read the answers that lie in `in`, oldest first, at most `limit`; a bad one comes with its failure.

    Nothing is moved: the caller stores an answer first and sets its files aside afterwards, so that a crash between the
    two reads it again. Raises `FailureError` FOLDER_INVALID, FOLDER_DENIED or FOLDER_BROKEN for the folder as a whole.
    """
    place = inside(root, f"{folder}/{IN}")
    answers = [file for file in complete_files(place, 10 * limit, now=now) if file.name.lower().endswith(".json")]
    latest = (now or datetime.now(UTC)) - LABEL_FOLLOWS
    for file in answers[:limit]:
        read = _read(place, file.name, may_wait=file.modified_at > latest)
        if read is not None:
            yield read


def _read(place: Path, name: str, *, may_wait: bool) -> ReadAnswer | None:
    """Read one answer with its label; None while the label that it names is still on its way."""
    try:
        found = _AnswerFile.model_validate_json(read_limited(place / name, LARGEST_ANSWER))
    except ValidationError as error:
        return ReadAnswer((name,), failure=Failure.of("LABEL_ANSWER_INVALID", problem=_problem(error)))
    except FailureError as error:
        return ReadAnswer((name,), failure=error.failure)
    if found.error:
        return ReadAnswer((name,), LabelAnswer(key=found.key, error=found.error[:300]))
    answer = LabelAnswer(key=found.key, tracking_number=found.tracking_number, tracking_url=found.tracking_url)
    if not found.label:
        return ReadAnswer((name,), answer)
    if Path(found.label).name != found.label or not is_finished_name(found.label):
        return ReadAnswer((name,), failure=Failure.of("LABEL_ANSWER_INVALID", problem=f"label: {found.label}"))
    if not (place / found.label).is_file():
        failure = Failure.of("LABEL_ANSWER_INVALID", problem=f"label: {found.label}")
        return None if may_wait else ReadAnswer((name,), failure=failure)
    return _with_label(place, name, found.label, answer)


def _with_label(place: Path, name: str, label: str, answer: LabelAnswer) -> ReadAnswer:
    names = (name, label)
    try:
        data = read_limited(place / label, LARGEST_LABEL)
    except FailureError as error:
        return ReadAnswer((name,), failure=error.failure)
    except OSError:  # a symbolic link
        return ReadAnswer((name,), failure=Failure.of("FOLDER_INVALID", folder=label))
    kind = next((kind for begins, kind in MEDIA_TYPES.items() if data.lstrip()[:4].startswith(begins)), "")
    if not kind:
        return ReadAnswer(names, failure=Failure.of("LABEL_ANSWER_INVALID", problem=f"label: {label}"))
    return ReadAnswer(names, answer.model_copy(update={"label": data, "media_type": kind}))


def _problem(error: ValidationError) -> str:
    return ", ".join(sorted({str(part["loc"][0]) if part["loc"] else str(part["type"]) for part in error.errors()}))[
        :200
    ]


def set_aside(root: Path, folder: str, read: ReadAnswer, failure: Failure | None) -> None:
    """Move an answer's files to `done`, or with a failure to `bad`, beside a report that says why in both languages."""
    place, target = inside(root, f"{folder}/{IN}"), inside(root, f"{folder}/{BAD if failure else DONE}")
    moved = [move_into(place / name, target).name for name in read.names if (place / name).exists()]
    if failure and moved:
        lines = [failure.code, failure.text("de"), failure.hint("de"), failure.text("en"), failure.hint("en")]
        write_whole(target / f"{moved[0]}.txt", ("\n".join(lines) + "\n").encode())
