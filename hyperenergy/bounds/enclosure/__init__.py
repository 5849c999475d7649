"""Points near which a critical configuration is proved to exist, and what is enclosed there, in ball arithmetic."""
