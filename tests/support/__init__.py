"""Shared pieces of the tests: no test lives here."""
