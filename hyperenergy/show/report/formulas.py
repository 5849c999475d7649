"""LaTeX as MathML, which browsers show without a script or a font from elsewhere."""

from __future__ import annotations

from html import unescape
from xml.etree import ElementTree

from hyperenergy.errors import ArgumentError


def mathml(latex: str) -> list[str]:
    """One displayed ``<math>`` element per line; lines of the LaTeX end with a double backslash.

    Raises ArgumentError for what cannot be converted: a command that the converter does not know would stand in the page as
    it is.
    """
    return [_line(line.strip()) for line in latex.split(r"\\") if line.strip()]


def _line(latex: str) -> str:
    from latex2mathml.converter import convert_to_element

    try:
        root = convert_to_element(latex, display="block")
    except Exception as error:  # the converter's own exceptions have no common base
        raise ArgumentError("formula", repr(latex), f"is not LaTeX ({type(error).__name__})") from None
    for element in root.iter():
        # The converter writes characters as references, and leaves what is inside of \text as it is.
        element.text = unescape(element.text) if element.text else None
    found = ElementTree.tostring(root, "unicode")
    if "\\" in found:
        raise ArgumentError("formula", repr(latex), "has a command that latex2mathml does not know")
    return found
