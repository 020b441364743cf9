"""Kafka's record batches: headers, records, compression and the building of new ones; pure, over buffers."""
