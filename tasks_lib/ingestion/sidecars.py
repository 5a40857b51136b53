"""Sidecar files of access: globs → groups, the nearest folder's first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tasks_lib.assistant.contract.access import CLOSED, EVERYONE, NOBODY, PUBLIC, Groups, as_groups
from tasks_lib.ingestion.converters.converted import UnreadableDocumentError
from tasks_lib.ingestion.converters.encoding import decode
from tasks_lib.ingestion.converters.reading import one_line
from tasks_lib.ingestion.sources.document_source import DocumentSource, SourceFile
from tasks_lib.ingestion.sources.selection import ACCESS_FILE
from tasks_lib.text.forms import composed

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec


class AccessStatementError(ValueError):
    """A statement of who may see documents that is not understood: nobody sees them."""


@dataclass(frozen=True)
class Sidecar:
    """One file of rules, for the documents of its folder and of those below."""

    folder: str
    """Empty for the source's own; ends in `/` otherwise."""
    rules: "tuple[tuple[GitIgnoreSpec, Groups], ...]" = ()
    problem: str = ""
    """Why it is not understood; then it closes everything below."""

    def groups(self, path: str) -> Groups | None:
        """What the last matching rule says; `None` where none matches."""
        inside = path.removeprefix(self.folder)
        return next((groups for glob, groups in reversed(self.rules) if glob.match_file(inside)), None)


class Sidecars:
    """All sidecars of a source."""

    def __init__(self, sidecars: Iterable[Sidecar] = ()) -> None:
        self._by_folder = {sidecar.folder: sidecar for sidecar in sidecars}

    def __bool__(self) -> bool:
        """Whether there is one."""
        return bool(self._by_folder)

    @property
    def problems(self) -> list[tuple[str, str]]:
        """Path and problem of each that is not understood."""
        broken = (each for each in self._by_folder.values() if each.problem)
        return sorted((each.folder + ACCESS_FILE, each.problem) for each in broken)

    def groups(self, path: str) -> Groups | None:
        """Who may see a document: the nearest folder with a rule for it decides; a broken file above closes it."""
        parts = path.split("/")
        folders = ["/".join([*parts[:depth], ""]) for depth in range(len(parts) - 1, -1, -1)]
        above = [self._by_folder[folder] for folder in folders if folder in self._by_folder]
        if any(sidecar.problem for sidecar in above):
            return CLOSED
        said = (sidecar.groups(path) for sidecar in above)
        return next((groups for groups in said if groups is not None), None)


def read_sidecars(source: DocumentSource) -> Sidecars:
    """The sidecars that the source's last listing saw; a source that does not tell of any has none."""
    listed = getattr(source, "access_files", None)
    return Sidecars(_read(source, file) for file in listed()) if listed else Sidecars()


def narrower(first: Groups, second: Groups) -> Groups:
    """Who may see what two statements speak of: whom both name, where `public` names everyone."""
    if NOBODY in first or NOBODY in second:
        return CLOSED
    if PUBLIC in first:
        return EVERYONE if PUBLIC in second else second
    return first if PUBLIC in second else as_groups(set(first) & set(second))


def stated_groups(value: Any) -> Groups:
    """Groups as a file names them: one name, or a list of names; an empty list is nobody.

    :raises AccessStatementError: If it is anything else.
    """
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) and name.strip() for name in names):
        msg = f"{value!r} is neither the name of a group nor a list of names; put names of digits in quotes"
        raise AccessStatementError(one_line(msg))
    return as_groups(names)


def _read(source: DocumentSource, file: SourceFile) -> Sidecar:
    folder = composed(file.path).removesuffix(ACCESS_FILE)
    if file.problem:
        return Sidecar(folder, problem=file.problem)
    try:
        return Sidecar(folder, _rules(decode(source.read(file.path, file.etag)).text))
    except OSError as error:
        return Sidecar(folder, problem=f"cannot be read: {error.strerror or error}")
    except UnreadableDocumentError as error:
        return Sidecar(folder, problem=error.message)
    except AccessStatementError as error:
        return Sidecar(folder, problem=str(error))


def _rules(text: str) -> "tuple[tuple[GitIgnoreSpec, Groups], ...]":
    from pathspec import GitIgnoreSpec

    rules = []
    for glob, value in _mapping(text).items():
        if not isinstance(glob, str) or not glob.strip() or glob.startswith(("!", "#")):
            msg = f"{glob!r} is no glob; write it as in .gitignore, without ! and #"
            raise AccessStatementError(msg)
        try:
            spec = GitIgnoreSpec.from_lines([glob])
        except ValueError as error:
            msg = f"{glob!r} is no glob: {one_line(str(error))}"
            raise AccessStatementError(msg) from error
        rules.append((spec, stated_groups(value)))
    return tuple(rules)


def _mapping(text: str) -> Mapping[Any, Any]:
    import yaml

    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        values = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        msg = f"no YAML: {one_line(str(error))}"
        raise AccessStatementError(msg) from error
    if not isinstance(values, dict) or not isinstance(node, yaml.MappingNode):
        msg = "not a mapping of globs to groups, such as '*.md: [hr]'"
        raise AccessStatementError(msg)
    if len(values) < len(node.value):
        msg = "a glob stands there twice"
        raise AccessStatementError(msg)
    return values
