"""Measurements of whole runs on real servers, each of which checks its own result (`python -m bench`)."""


class BenchError(Exception):
    """A measurement that cannot be finished, or whose result is wrong."""
