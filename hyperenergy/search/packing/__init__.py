"""The finish of objectives that are largest terms: from steep energies to the exact contacts."""
