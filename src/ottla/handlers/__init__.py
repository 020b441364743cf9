"""What each Kafka API answers: one module per API, each with one `handle` function."""
