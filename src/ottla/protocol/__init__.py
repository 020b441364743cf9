"""What Kafka says on the wire: the table of APIs, the headers and the typed messages. Pure."""
