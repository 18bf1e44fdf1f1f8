"""Changes of state in the kernel: one public function an intent, one transaction, one audit event."""
