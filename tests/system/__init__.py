"""Whole brokers in processes of their own, driven by the clients and tools that people use."""
