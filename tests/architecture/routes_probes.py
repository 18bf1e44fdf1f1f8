"""Routes of machines that watch: for everybody, and without anything of anybody."""

from tests.architecture.entry import Entry

PROBES: dict[str, Entry] = {
    "healthz": Entry(None, get=200),
    "readyz": Entry(None, get=200),
    "metrics": Entry(None, get=404),  # without METRICS_TOKEN there is no such page; test_probes.py opens it
}
