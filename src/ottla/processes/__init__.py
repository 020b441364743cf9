"""Work that computes long, done in processes of its own beside the event loop."""
