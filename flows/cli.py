"""The `llmops` command. Verbs return their exit code; a named error becomes one message and its exit code."""

import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import version
from typing import NoReturn

from cyclopts import App, CycloptsError, Parameter

from flows.command.environment import prepare
from flows.command.examples import epilogue
from flows.command.outages import outage
from flows.command.output import print_error
from tasks_lib.errors import InputError, LlmopsError
from tasks_lib.home import Home
from tasks_lib.storage_errors import storage_error

app = App(
    name="llmops",
    help="Operate a retrieval-augmented assistant: ingest, dataset, deploy, serve, monitor.",
    version=lambda: version("llmops-flows"),
    version_flags=["--version"],
    help_format="plaintext",
    help_epilogue="`llmops VERB --help` shows a verb's options and examples. "
    "`llmops --install-completion` teaches your shell to complete them.",
    default_parameter=Parameter(show_default=False),
    result_action="return_value",
)
app.register_install_completion_command(help="Install shell completion for bash, zsh or fish.")
VERBS = {
    "demo": ("loop", "Run every step on the sample handbook."),
    "ingest": ("loop", "Synchronise the index with one source of documents."),
    "dataset": ("loop", "Make or import the evaluation set."),
    "deploy": ("loop", "Register, validate and evaluate a version; promote it if it passes the gate."),
    "tune": ("loop", "Evaluate a grid of configurations and deploy the best through the gate."),
    "release": ("documents", "Measure what an ingest changed, and let it be read; or decide yourself."),
    "premerge": ("premerge", "Tell what a change in a repository would do to the answers, before it is merged."),
    "promote": ("promote", "Bring a version from one environment to another, through the gate there."),
    "rollback": ("loop", "Roll production, or its documents, back to an earlier state."),
    "history": ("history", "Show who deployed, approved, rolled back and held, when and why."),
    "audit": ("history", "Show who did what, with before and after, from a chained record."),
    "diff": ("history", "Show what one registered version is that another is not."),
    "hold": ("history", "Let no automation deploy until the hold is released."),
    "monitor": ("loop", "Score production traces, compare them with the reference and report."),
    "review": ("review", "Serve the page where people label answers."),
    "ask": ("ask", "Ask the production version one question."),
    "search": ("ask", "Retrieve passages for a query; needs no deployment."),
    "guard": ("ask", "Check a text with the guardrails."),
    "status": ("operate", "Show the live version, its index and the last runs."),
    "index": ("operate", "List and drop indexes and their sources."),
    "pipeline": ("pipeline", "List and show the Haystack pipelines."),
    "serve": ("operate", "Serve the production version."),
    "mcp": ("operate", "Serve the production version as tools of MCP, over stdin and stdout."),
    "retention": ("history", "Delete traces and reports that are old enough."),
    "forget": ("forget", "Take a document, a person's value or traces out of everything that was written."),
    "backup": ("backup", "Write the home into one archive, while everything runs."),
    "restore": ("backup", "Put a backup into an empty home, or in place of another one."),
    "keys": ("keys", "Make, list, replace and end the API keys of the endpoint."),
    "up": ("operate", "Run Prefect, a worker, MLflow and the endpoint on this machine."),
    "bootstrap": ("operate", "Create the work pool, deployments and automations on a Prefect server."),
    "doctor": ("operate", "Check every part of the platform."),
    "schema": ("operate", "Print the JSON Schema of the configuration."),
}
APPLICATIONS = {"forget", "index", "keys", "pipeline"}
"""Verbs with verbs of their own."""
for _verb, (_module, _help) in VERBS.items():
    _more = {} if _verb in APPLICATIONS else {"help_epilogue": epilogue(_verb)}
    app.command(f"flows.command.{_module}:{_verb}", name=_verb, help=_help, sort_key=list(VERBS).index(_verb), **_more)


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code."""
    as_json = "--json" in arguments
    try:
        prepare(verbose="--verbose" in arguments or "-v" in arguments)
        result = app(list(arguments), exit_on_error=False, print_error=False)
    except CycloptsError as error:
        verb = f" {arguments[0]}" if arguments and arguments[0] in VERBS else ""
        print_error(InputError(str(error), hint=f"See `llmops{verb} --help`."), as_json=as_json)
        return InputError.exit_code
    except LlmopsError as error:
        print_error(error, as_json=as_json)
        return error.exit_code
    except KeyboardInterrupt:
        print_error(LlmopsError("interrupted"), as_json=as_json)
        return 130
    except Exception as error:  # noqa: BLE001  (the last line of defence: a user never sees a traceback)
        home = Home.from_environment().root
        if known := outage(error) or storage_error(error, home):
            print_error(known, as_json=as_json)
            return known.exit_code
        log = home / "last-error.log"
        hint = "Please report it."
        with suppress(OSError):  # there may be no home, or no space in it
            log.write_text(traceback.format_exc(), encoding="utf-8")
            hint = f"The details are in {log}."
        print_error(LlmopsError(f"{type(error).__name__}: {_first_line(error)}", hint=hint), as_json=as_json)
        return 1
    return result if isinstance(result, int) else 0


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), "no message")


def main() -> NoReturn:
    """Entry point of the console script."""
    sys.exit(run(sys.argv[1:]))
