"""Sums of a kernel over pairs."""
