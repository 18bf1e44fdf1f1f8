"""The portal in a real Chromium, on the real web server, over the demo data."""
