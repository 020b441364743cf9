"""The command line: one thin module per tool, loaded only when its tool runs."""
