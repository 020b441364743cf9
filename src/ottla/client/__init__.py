"""What the command-line tools speak to a cluster with: connections, requests, a producer and a consumer.

The law: it behaves as Apache Kafka's Java clients do, with their settings, defaults, retries and texts; it never
imports the broker, and nothing in it runs on its own: who calls it drives it.
"""
