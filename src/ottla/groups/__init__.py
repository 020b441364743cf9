"""The group coordinator: a machine per partition of `__consumer_offsets`. Pure."""
