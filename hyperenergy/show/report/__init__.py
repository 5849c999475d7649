"""The report of a verification as one HTML file that works offline, and the configurations that it links to."""

from hyperenergy.show.report.folder import NAMES, check_folder, write
from hyperenergy.show.report.page import page

__all__ = ["NAMES", "check_folder", "page", "write"]
