"""Apache Kafka 4.1.1 and Ottla are asked the same questions; `cases/README.md` says how a question is written."""
