"""What the process says about itself: its log lines."""
