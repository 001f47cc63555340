"""Deterministic orchestration: the entity of an integration, its runs, and the house runs."""
