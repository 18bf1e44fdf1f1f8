"""The activity log: what happened in an organisation, told in words, found by filters, handed out as CSV."""
