"""Values to bytes and back: types, schemas and compiled codecs of Kafka's wire format; knows no Kafka API."""
