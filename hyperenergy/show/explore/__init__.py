"""A local page on which searches run and are watched: ``hyperenergy explore``."""
