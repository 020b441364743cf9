"""The container: what stands between Docker and the broker when Ottla takes the place of an Apache Kafka image.

`apache/kafka`, `bitnami/kafka`, `confluentinc/cp-kafka` and `confluentinc/confluent-local` each have their own way from
environment variables to a running broker. A module here for each of these dialects says what the original image says
and comes to the configuration that it comes to; the others recognise the dialect, look after volumes, and start.
"""
