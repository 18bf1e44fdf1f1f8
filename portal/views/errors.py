"""Error pages: the same frame where somebody is signed in, never a guess, always the request id."""
