"""Invented organisations, people and history to try the portal with. Plain tables; `seed.py` writes them."""
