"""The records that coordinators keep in their internal topics, one module for each kind of state."""
