"""What can be minimized, and by which name."""
