"""What other packages bring: metrics, validators, components, providers and sources, found by entry point.

A package names its parts in its `pyproject.toml`; nothing of this project is changed:

    [project.entry-points."llmops_flows.metrics"]
    short_enough = "acme_llmops.metrics:short_enough"
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.metadata import (
    Distribution,
    EntryPoint,
    PackageNotFoundError,
    distribution,
    entry_points,
    packages_distributions,
    version,
)
from typing import Any, Literal

from tasks_lib.errors import ConfigurationError, PluginError
from tasks_lib.quiet import keep_nltk_offline

Kind = Literal["metrics", "validators", "components", "providers", "sources"]
KINDS: tuple[Kind, ...] = ("metrics", "validators", "components", "providers", "sources")
GROUP = "llmops_flows."
OUR_PACKAGES = ("tasks_lib", "blocks")


@dataclass(frozen=True)
class Plugin:
    """One part, and the package that brings it."""

    kind: Kind
    name: str
    package: str
    version: str
    entry: EntryPoint

    @property
    def requirement(self) -> str:
        """The package as `name==version`."""
        return f"{self.package}=={self.version}"

    def __str__(self) -> str:
        return f"{self.name} ({self.kind.removesuffix('s')} of {self.package} {self.version})"

    def load(self) -> Any:
        """What the entry point names.

        :raises PluginError: If it cannot be imported.
        """
        if self.kind == "validators":  # may import guardrails
            keep_nltk_offline()
        try:
            return self.entry.load()
        except Exception as error:  # the package is not ours: whatever it raises on import
            raise self.failed(f"cannot be imported from {self.entry.value!r}", error) from error

    def loaded(self) -> str:
        """Import it; one line about it.

        :raises PluginError: As :meth:`load`.
        """
        self.load()
        return f"{self.entry.value} can be imported"

    def make(self, options: Mapping[str, Any]) -> Any:
        """What the entry point names, called with `options`.

        :raises PluginError: If it cannot be imported, or does not take these options.
        """
        factory = self.load()
        try:
            return factory(**options)
        except Exception as error:
            raise self.failed(f"cannot be made with options {dict(options)!r}", error) from error

    def failed(self, what: str, error: Exception | None = None) -> PluginError:
        """The error that names this part and its package."""
        cause = f": {type(error).__name__}: {error}" if error else ""
        return PluginError(f"the plug-in {self} {what}{cause}", hint=f"Correct, upgrade or remove {self.package}.")


def installed(kind: Kind) -> list[Plugin]:
    """Installed parts of this kind, also those whose name another one bears."""
    return [
        Plugin(
            kind,
            entry.name,
            entry.dist.name if entry.dist else entry.module,
            entry.dist.version if entry.dist else "",
            entry,
        )
        for entry in entry_points(group=GROUP + kind)
    ]


@cache
def plugins(kind: Kind) -> dict[str, Plugin]:
    """Installed parts of this kind by name.

    :raises PluginError: If two packages bring the same name.
    """
    parts: dict[str, Plugin] = {}
    for part in installed(kind):
        twin = parts.setdefault(part.name, part)
        if twin.package != part.package:
            packages = " and ".join(f"{one.package} {one.version}".rstrip() for one in (twin, part))
            raise PluginError(
                f"two packages bring {kind} called {part.name!r}: {packages}", hint="Remove or rename one of them."
            )
    return parts


def require_known_groups() -> None:
    """Refuse entry point groups that look like ours and are read by nothing.

    :raises PluginError: Naming the package, and the nearest group.
    """
    for group in sorted(entry_points().groups):
        kind = group.removeprefix(GROUP)
        if kind == group or kind in KINDS:
            continue
        near = get_close_matches(kind, KINDS, n=1, cutoff=0.5)
        guess = f"; did you mean {GROUP + near[0]!r}?" if near else ""
        entry = next(iter(entry_points(group=group)))
        package = f"{entry.dist.name} {entry.dist.version}" if entry.dist else entry.module
        raise PluginError(
            f"{package} names {entry.name!r} in the entry point group {group!r}, which nothing reads{guess}",
            hint=f"Groups: {', '.join(GROUP + kind for kind in KINDS)}.",
        )


def plugin(kind: Kind, name: str, key: str) -> Plugin:
    """The part called `name`; validators whose name holds a slash are published Guardrails validators.

    :param key: Configuration key that named it.
    :raises ConfigurationError: If no installed package brings it; the message names the nearest.
    """
    if kind == "validators" and "/" in name:
        return _guardrails_validator(name, key)
    known = plugins(kind)
    if name in known:
        return known[name]
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    guess = f"; did you mean {near[0]!r}?" if near else ""
    raise ConfigurationError(
        f"{key} names {name!r}, which no installed package brings{guess}",
        hint=f"Installed {kind}: {', '.join(sorted(known)) or 'none'}. "
        f"A package brings one by the entry point group {GROUP + kind!r}.",
    )


def _guardrails_validator(name: str, key: str) -> Plugin:
    """The published Guardrails validator that is registered under `name`.

    `guardrails/detect_pii` is the module `guardrails_ai.detect_pii` of the package `guardrails-ai-detect-pii`: nothing
    outside of this namespace is imported because a configuration names it.

    :raises ConfigurationError: If the package is not installed.
    """
    module = name.rsplit("/", 1)[1]
    package = f"guardrails-ai-{module.replace('_', '-')}"
    try:
        current = version(package)
    except (PackageNotFoundError, ValueError) as error:
        raise ConfigurationError(
            f"{key} names {name!r}, and the package {package!r} is not installed",
            hint=f"pip install {package}; a validator of another package needs an entry point of the group "
            f"{GROUP + 'validators'!r}.",
        ) from error
    entry_point = EntryPoint(name, f"guardrails_ai.{module}", GROUP + "validators")
    return Plugin("validators", name, package, current, entry_point)


def distributions_of(types: Iterable[str]) -> list[str]:
    """Packages, as `name==version`, that bring the classes with these full names, such as `acme_rag.rankers.Newest`.

    Our own classes are left out, since they travel with a version, and so is what no installed package lists.
    """
    packages = (_distribution_of(name) for name in types if name.partition(".")[0] not in OUR_PACKAGES)
    return sorted({f"{package.name}=={package.version}" for package in packages if package})


def _distribution_of(full_name: str) -> Distribution | None:
    """The package that lists the module of a class; many packages share `haystack_integrations`."""
    parts = full_name.split(".")
    packages = [distribution(name) for name in dict.fromkeys(_packages_by_module().get(parts[0], ()))]
    for length in range(len(parts) - 1, 1, -1):
        module = "/".join(parts[:length])
        wanted = {f"{module}.py", f"{module}/__init__.py"}
        for package in packages if len(packages) > 1 else ():
            if any(str(file) in wanted for file in package.files or ()):
                return package
    return packages[0] if len(packages) == 1 else None


@cache
def _packages_by_module() -> Mapping[str, list[str]]:
    return packages_distributions()


def differing(requirements: Iterable[str]) -> dict[str, str | None]:
    """Requirement → the version that is installed instead, or `None` where the package is missing."""
    others: dict[str, str | None] = {}
    for requirement in requirements:
        package, _, wanted = requirement.partition("==")
        try:
            installed = version(package)
        except PackageNotFoundError:
            others[requirement] = None
        else:
            if installed != wanted:
                others[requirement] = installed
    return others


def require_installed(requirements: Iterable[str]) -> dict[str, str]:
    """Refuse to run without the packages that a version was registered with.

    :returns: Requirement → version that is installed in its place.
    :raises PluginError: Naming the missing packages.
    """
    others = differing(requirements)
    missing = [requirement for requirement, installed in others.items() if installed is None]
    if missing:
        raise PluginError(
            f"the version was registered with {', '.join(missing)}, which this environment lacks",
            hint=f"Install it where the version runs: pip install {' '.join(missing)}",
        )
    return {requirement: installed for requirement, installed in others.items() if installed is not None}
