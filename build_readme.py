"""What a package index shows: README.md, with pictures that it can fetch.

Links in README.md are relative, so that every checkout shows the pictures of its own commit.  An index has the text alone:
it fetches pictures by https, from absolute addresses, and strips those inside of the text (data:).  So the links are made
absolute with the address in pyproject.toml; where it is empty, the description of a picture stands in its place.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

PICTURE = re.compile(r"!\[([^\]]*)\]\((?!https?:)([^)]*)\)")


def for_an_index(text: str, pictures: str) -> str:
    """``pictures``: the address of the folder that README.md lies in, or nothing."""
    return PICTURE.sub(rf"![\1]({pictures.rstrip('/')}/\2)" if pictures else r"*\1*", text)


class ReadmeHook(MetadataHookInterface):
    def update(self, metadata: dict[str, Any]) -> None:
        text = (Path(self.root) / "README.md").read_text("utf-8")
        pictures = self.config["pictures"].format(version=metadata["version"])
        metadata["readme"] = {"content-type": "text/markdown", "text": for_an_index(text, pictures)}
