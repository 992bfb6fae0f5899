"""One file per component kind. A module in this package that defines `KIND` is a kind; nothing else registers it."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from breakglass.model.kind import Kind


@cache
def all_kinds() -> dict[str, Kind]:
    """Every kind by its public name."""
    kinds = [import_module(f"{__name__}.{module.name}").KIND for module in iter_modules(__path__)]
    return {kind.name: kind for kind in sorted(kinds, key=lambda kind: kind.name)}
