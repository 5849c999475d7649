"""What it looks like: pages, plots, reports."""
