"""Settings: tables of options, where values come from, and the frozen configurations that the broker reads.

One row per option is the single truth: parsing, DescribeConfigs, validation and the generated documents all
read it. Nothing here opens a socket, resolves a name or reads a clock.
"""
