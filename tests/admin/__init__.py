"""Kafka's own AdminClient and command-line tools, asked of Apache Kafka and of Ottla, and what they say compared."""
