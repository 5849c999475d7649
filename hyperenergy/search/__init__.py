"""How it is minimized."""
