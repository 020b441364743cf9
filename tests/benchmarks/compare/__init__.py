"""Apache Kafka and Ottla measured side by side, cell by cell: `python -m tests.benchmarks.compare`.

What is measured stands as a table in `cells`; `loads` holds how, `schedule` in which order, `summary` what it comes to.
"""
