"""The API that Partner Center clients already speak, at the host's root under /v1."""
