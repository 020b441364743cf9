"""Clients that run in processes of their own; each prints its figures as one line of JSON."""
