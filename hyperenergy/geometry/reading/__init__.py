"""Files that people have: configurations of points, and embeddings."""
