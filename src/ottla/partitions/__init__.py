"""Where the event loop meets storage: partitions, who writes to them, and who reads and waits."""
