"""The feature matrix as PDF: a landscape table that can be handed to a colleague."""

import json
from collections.abc import Sequence
from datetime import datetime

from documents.confined import TypstJob, make

_SOURCE = """
#let data = json(bytes(sys.inputs.data))
#set document(title: data.title)
#set page(paper: "a4", flipped: true, margin: 1.2cm, footer: context [#set text(7pt, fill: gray)
  #data.title #h(1fr) #counter(page).display("1 / 1", both: true)])
#set text(font: "Libertinus Serif", size: 7.5pt, lang: data.language)
#text(14pt, weight: "bold", data.title) #h(1fr) #data.day
#v(4pt)
#table(
  columns: (2.2fr, 3fr) + (1.5fr,) * data.columns.len(), inset: 3.5pt, stroke: 0.4pt + luma(200),
  fill: (_, y) => if y == 0 { luma(235) },
  table.header(..data.head.map(strong), ..data.columns.map(strong)),
  ..data.lines.map(line => (line.area, line.label, ..line.cells)).flatten(),
)
"""
"""Uses a font that the Typst wheel brings, so that the PDF looks the same everywhere."""


def matrix_pdf(  # noqa: PLR0917 - a table is its title, head and lines
    title: str,
    language: str,
    day: datetime,
    head: Sequence[str],
    columns: Sequence[str],
    lines: Sequence[Sequence[str]],
) -> bytes:
    """Make the PDF; each line is area, label and one text per column. Raises `FailureError` TEMPLATE_FAILED."""
    data = {
        "title": title,
        "language": language,
        "day": f"{day:%Y-%m-%d}",
        "head": list(head),
        "columns": list(columns),
        "lines": [{"area": line[0], "label": line[1], "cells": list(line[2:])} for line in lines],
    }
    return make(TypstJob(_SOURCE, json.dumps(data, ensure_ascii=False), int(day.timestamp())), is_own=False)
