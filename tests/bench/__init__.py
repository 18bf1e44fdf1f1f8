"""Ratios, not times: two ways of one thing in turn, on one machine, in one process. `make bench` runs them."""
