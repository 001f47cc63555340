"""The messages for people: each code stands once, so that nobody reads another one's text."""

import ast
from collections import Counter
from pathlib import Path

from canonical import article_codes, channel_codes, codes


def test_every_code_is_written_down_once() -> None:
    found: Counter[str] = Counter()
    for module in (codes, article_codes, channel_codes):
        tree = ast.parse(Path(module.__file__).read_text())
        tables = [node for node in ast.walk(tree) if isinstance(node, ast.Dict)]
        names = [key.value for table in tables for key in table.keys if isinstance(key, ast.Constant)]
        found.update(str(name) for name in names)
    assert set(found) == set(codes.CODES)
    assert [name for name, count in found.items() if count > 1] == []
