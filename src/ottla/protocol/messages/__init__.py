"""One module per Kafka API, each with the typed request and response of that API.

A module is imported when its API is first used; none imports another.
"""
