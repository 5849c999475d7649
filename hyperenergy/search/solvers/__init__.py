"""Solvers: search directions and step rules as init, step and done; the loop is in ``hyperenergy.search.minimize``."""
