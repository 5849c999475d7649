"""Contrastive losses: pure functions (``functional``) and torch modules (``modules``)."""
