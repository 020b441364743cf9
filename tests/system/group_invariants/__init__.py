"""Groups under seeded disorder: what happens, what is seen of it, and the invariants that it is judged by."""
