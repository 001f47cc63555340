"""Texts on their way into columns: a column's length or a NUL must never become a database error."""

ELLIPSIS = "…"


def clip(text: str, limit: int = 2000) -> str:
    """Cut a text to a column's length, visibly, and drop what PostgreSQL cannot store (NUL)."""
    if len(text) <= limit and "\x00" not in text:
        return text
    clean = text.replace("\x00", "")
    return clean if len(clean) <= limit else clean[: limit - 1] + ELLIPSIS
