"""Faults, brought upon the whole portal as it is served: each test counts what it did and what came of it."""
