"""Ottla: a single-node broker that speaks Apache Kafka's protocol and keeps Apache Kafka's files."""
