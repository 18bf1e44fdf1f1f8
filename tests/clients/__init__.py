"""Partner Center clients against a running portal, over HTTP alone: `python -m tests.clients http://127.0.0.1:8000`."""
