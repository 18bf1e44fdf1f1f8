"""Pages of the kernel: getting in, the organisation, errors."""
