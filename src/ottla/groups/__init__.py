"""The group coordinator: one pure machine per partition of `__consumer_offsets`, and a facade for handlers."""
