"""The broker's option rows, one module per area; `broker_options` puts them together."""
