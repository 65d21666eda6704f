"""Takes the package from the repository, or from a source distribution, which has it beside this file."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGE = "spert_hf"


class PackageOfRepository(BuildHookInterface):
    """Puts the package and its licence into what is built."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name the folder of the package, and the licence."""
        here = Path(self.root)
        source = here if (here / PACKAGE).is_dir() else here.parents[1]
        licence = "LICENSE" if self.target_name == "sdist" else f"{PACKAGE}/LICENSE"
        build_data["force_include"] |= {str(source / PACKAGE): PACKAGE, str(source / "LICENSE"): licence}
