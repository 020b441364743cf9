"""Files: partition logs in Apache Kafka's own formats. Synchronous, and without a thread, a loop or a clock."""
