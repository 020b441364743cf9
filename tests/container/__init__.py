"""Ottla in the place of Apache Kafka's images: what their environments mean, and the image itself under Docker."""
