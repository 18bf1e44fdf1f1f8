"""Pages of the mission: agents choose, customers see whom to call."""
