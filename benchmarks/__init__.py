"""This solver beside what a user would pick instead, on the same cases in one run: ``python -m benchmarks``."""
