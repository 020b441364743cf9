"""Fuzzing of the running broker: requests by chance and by malice, over real sockets."""
