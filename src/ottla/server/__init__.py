"""Sockets, the composition root and the process."""
