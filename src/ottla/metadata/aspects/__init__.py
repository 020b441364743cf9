"""The parts of the cluster image: each an immutable value with a delta that collects one batch's changes.

A delta copies what it touches once, however many records touch it, and its `apply` returns the next value.
"""
