"""Backups as text for people. Each function takes the JSON form of one result."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.filesize import decimal
from rich.text import Text

from tasks_lib.config.key_store import BLOCK_TYPE

Result = Mapping[str, Any]


def backup(console: Console, result: Result) -> None:
    """Where the archive lies, and what it holds."""
    console.print(Text.assemble(("Backed up", "bold"), f": {result['home']}"), soft_wrap=True)
    console.print(Text(f"  into {result['archive']} ({decimal(result['archive_bytes'])})"), soft_wrap=True)
    console.print(f"  {result['files']} files, {decimal(result['bytes'])}, {len(result['indexes'])} indexes")
    for place in result["keys_outside"]:
        console.print(Text(f"  API keys in {place} lie outside of the home: back them up there"), soft_wrap=True)
    console.print("  It holds secrets: keep it as you keep the home.")


def restore(console: Console, result: Result) -> None:
    """What was restored where, and what was kept out."""
    made = f"{result['created_at'][:16].replace('T', ' ')} by llmops-flows {result['version']}"
    if not result["restored"]:
        console.print(f"[bold]Whole[/]: {result['files']} files, {decimal(result['bytes'])}, made at {made}")
        return
    console.print(Text.assemble(("Restored", "bold"), f": {result['home']}, as of {made}"), soft_wrap=True)
    console.print(f"  {result['files']} files, {decimal(result['bytes'])}, {len(result['indexes'])} indexes")
    again = {name: count for name, count in result["forgotten_again"].items() if count}
    if again:
        told = ", ".join(f"{count} {name}" for name, count in again.items())
        console.print(f"  forgotten once more: {told}")
    if result["kept_keys"]:
        console.print("  the API keys are those that the home had, not those of the backup")
    for place in result["keys_outside"]:
        console.print(Text(f"  API keys in {place} are as they were: a restore does not touch them"), soft_wrap=True)
    for name in result["closed_blocks"]:
        told = f"  the block {BLOCK_TYPE}/{name} was taken out: nobody can tell which of its keys were revoked since."
        console.print(Text(f"{told} Save it anew, and make keys"), soft_wrap=True)
