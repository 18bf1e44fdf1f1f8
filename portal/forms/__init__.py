"""The shape of what people type into the kernel's pages."""
