"""How far a configuration can be from the best: certified lower bounds of energies, and their independent check."""
