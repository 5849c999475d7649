"""Open an address in the user's browser."""

from __future__ import annotations

import webbrowser


def open_browser(address: str) -> bool:
    """False where there is none, or it does not start."""
    try:
        return webbrowser.open(address)
    except (webbrowser.Error, OSError):
        return False
