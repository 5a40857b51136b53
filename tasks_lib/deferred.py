"""Imports that are put off: what a package imports of another one, and uses only in what we never call.

LanceDB imports a client of its REST namespaces, Presidio imports spaCy: a second each, for a few annotations. Whatever
is used of them after all is imported then, and is the real thing.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.machinery import ModuleSpec
from threading import RLock
from types import ModuleType
from typing import Any

_lock = RLock()


@contextmanager
def deferred(*packages: str) -> Iterator[None]:
    """In the block, import `packages` and what lies below them in name only; behind it, every import is a real one.

    Names that are taken from such a module in the block stand for what they name: calling them, asking for their
    attributes, deriving from them and asking whether something is one of them imports the package. They are no classes
    of exceptions. A package that was imported before is left as it is.
    """
    with _lock:
        finder = _Finder({package for package in packages if package not in sys.modules})
        sys.meta_path.insert(0, finder)
        try:
            yield
        finally:
            sys.meta_path.remove(finder)
            _forget_modules()


def _lies_in(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def _forget_modules(package: str | None = None) -> None:
    """Let the next import of what is put off be a real one; of one package only, if it is named."""
    for name in [name for name, module in sys.modules.items() if type(module) is _Module]:
        if package is None or _lies_in(name, package):
            del sys.modules[name]


class _Finder:
    """Finds modules of the packages, all of which are empty."""

    def __init__(self, packages: set[str]) -> None:
        self._packages = packages

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002  (where they lie matters to nobody yet)
        target: ModuleType | None = None,  # noqa: ARG002  (that of a reload)
    ) -> ModuleSpec | None:
        """The module, if it is put off."""
        if not any(_lies_in(fullname, package) for package in self._packages):
            return None
        return ModuleSpec(fullname, self, is_package=True)  # type: ignore[arg-type]  # it loads, and is no `Loader`

    def release(self, module: str) -> None:
        """From now on, import what the module lies in as ever."""
        self._packages = {package for package in self._packages if not _lies_in(module, package)}

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """A module whose names stand for the real ones."""
        return _Module(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing runs."""


class _Module(ModuleType):
    """A module that is put off, for whoever holds it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r} yet", name=name, obj=self)
        return _Name(self.__name__, name)


class _Name:
    """A name of such a module: a class or a function, or a module below it."""

    def __init__(self, module: str, name: str) -> None:
        self.__dict__.update(_module=module, _name=name)

    def _real(self) -> Any:
        with _lock:
            for finder in [finder for finder in sys.meta_path if isinstance(finder, _Finder)]:
                finder.release(self._module)
            _forget_modules(self._module.partition(".")[0])
        module = import_module(self._module)
        try:
            return getattr(module, self._name)
        except AttributeError:
            return import_module(f"{self._module}.{self._name}")

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self._real()(*arguments, **named)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"{self!r} has no attribute {name!r} yet", name=name, obj=self)
        return getattr(self._real(), name)

    def __getitem__(self, key: Any) -> Any:
        return self._real()[key]

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[Any, ...]:
        return (self._real(),)

    def __instancecheck__(self, instance: object) -> bool:
        return isinstance(instance, self._real())

    def __subclasscheck__(self, subclass: type) -> bool:
        return issubclass(subclass, self._real())

    def __repr__(self) -> str:
        return f"<{self._module}.{self._name}, not imported yet>"
