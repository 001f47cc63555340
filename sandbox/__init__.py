"""Simulated shops over HTTP, one package per system: for the demo, the conformance suite, fault tests and benchmarks."""
