"""The real Apache Kafka and its clients, started to be compared with."""
