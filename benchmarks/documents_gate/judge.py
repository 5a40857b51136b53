"""Whether harmful changes of documents are held, and harmless ones let through.

    python benchmarks/documents_gate/judge.py [--set NAME] [--kind KIND] [--prometheus FOLDER] [DATA]

Forty changes that do harm and forty that do none (`changes.py`), each by itself, on the sample handbook and on Argo
CD's documentation. The assistant without a model answers on the old and on the new state the questions that the
change could touch. A harmful change counts as caught where it is held or undecided and one of its documents is named.
"""

import argparse
import os
import sys
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

os.environ |= {"HAYSTACK_TELEMETRY_ENABLED": "False", "DO_NOT_TRACK": "1"}

from changes import Case, cases
from corpora import Collection, argo_cd, foreign_texts, handbook, prometheus, unrelated_texts
from haystack import Document

from tasks_lib.assistant.embedders.local import unread_languages
from tasks_lib.assistant.guardrails.build import build_guardrails
from tasks_lib.documents_gate.affected import Affected, affected, passages_of
from tasks_lib.documents_gate.blame import Worse, blame
from tasks_lib.documents_gate.change import DocumentChange, document_changes
from tasks_lib.documents_gate.contradictions import contradictions, findings_of
from tasks_lib.documents_gate.finding import Finding
from tasks_lib.documents_gate.neighbours import near_chunks
from tasks_lib.documents_gate.outcomes import compare
from tasks_lib.documents_gate.suspicions import Instructs, guarded, suspicions
from tasks_lib.documents_gate.verdict import Verdict, verdict
from tasks_lib.ingestion.languages import languages_of

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
SEEDS = {"handbook": 26, "argo-cd": 27, "prometheus": 28}


@dataclass(frozen=True)
class Judged:
    """A case, what was decided, and what it cost."""

    case: Case
    verdict: Verdict
    affected: Affected
    evaluations: int
    seconds: float

    @property
    def caught(self) -> bool:
        """Whether it was not released, with the right document named."""
        named = {*self.verdict.documents}
        return self.verdict.decision != "released" and bool(named & self.case.culprits)


class Judge:
    """The documents' gate over one collection."""

    def __init__(self, held: Collection) -> None:
        self.held = held
        self.rag = held.settings.rag
        self.embedder = held.platform.embedder(self.rag.embedder)
        self.instructs: Instructs = guarded(build_guardrails(self.rag.guardrails, self.embedder))
        self.languages = languages_of(held.index)
        self.before = held.ask([example.id for example in held.examples])
        self.found = passages_of(held.platform, self.rag, held.examples)

    def judge(self, case: Case) -> Judged:
        """Apply a case, decide, and take it back."""
        held = self.held
        names = list(case.edits)
        was = held.chunks(names)
        held.write(case.edits)
        started = time.perf_counter()
        try:
            now = held.chunks(names)
            changes = document_changes(was, now)
            found_after = passages_of(held.platform, self.rag, held.examples)
            named = affected(held.examples, self.found, found_after, changes)
            after = held.ask(named.ids)
            outcomes = compare(held.examples, self.before, after)
            worse = [outcome.question for outcome in outcomes if outcome.is_worse]
            blamed = blame([change.document for change in changes], self._trial(changes, worse)) if worse else None
            near = near_chunks(held.index, changes)
            findings = [*self._suspicions(changes, near), *findings_of(contradictions(changes, near))]
            decided = verdict(outcomes, findings, blamed, questions=len(held.examples))
            seconds = time.perf_counter() - started
            return Judged(case, decided, named, blamed.evaluations if blamed else 0, seconds)
        finally:
            held.restore(names, was)

    def _suspicions(self, changes: list[DocumentChange], near: list[Document]) -> list[Finding]:
        vectors = {
            chunk.meta["content_hash"]: chunk.embedding
            for change in changes
            for chunk in (*change.before, *change.after)
            if chunk.embedding is not None
        }
        return suspicions(
            changes,
            near,
            self.instructs,
            vectors=vectors,
            languages=self.languages,
            unread=unread_languages(self.rag.embedder, {"de", "es", "zh", "fr"}),
            documents_before=len(self.held.texts),
        )

    def _trial(self, changes: list[DocumentChange], questions: list[str]) -> Worse:
        """Asks with some of the changes applied, and puts the new state back."""
        by_name = {change.document: change for change in changes}
        index = self.held.index

        def put(applied: frozenset[str]) -> None:
            chunks = [
                c for name, change in by_name.items() for c in (change.after if name in applied else change.before)
            ]
            with index.writing(60):
                index.replace(self.held.source, list(by_name), chunks)
                index.commit()

        def worse(applied: frozenset[str]) -> Mapping[str, float]:
            put(applied)
            try:
                outcomes = compare(self.held.examples, self.before, self.held.ask(questions))
            finally:
                put(frozenset(by_name))
            return {outcome.question: outcome.loss for outcome in outcomes}

        return worse


def report(name: str, judged: list[Judged]) -> None:
    """Shares by kind."""
    half = "fitted" if name == "handbook" else "unseen"
    by_kind: dict[str, list[Judged]] = defaultdict(list)
    for each in judged:
        by_kind[each.case.kind].append(each)
    for kind, own in by_kind.items():
        told = {
            decision: sum(e.verdict.decision == decision for e in own) for decision in ("held", "undecided", "released")
        }
        right = f"caught {sum(e.caught for e in own)}" if own[0].case.harmful else ""
        counts = ", ".join(f"{count} {decision}" for decision, count in told.items() if count)
        print(f"{name:9} {kind:24} {len(own):3}: {counts}  {right}")
    harmful, harmless = ([e for e in judged if e.case.harmful is wanted] for wanted in (True, False))
    caught = sum(each.caught for each in harmful)
    held, undecided = (sum(e.verdict.decision == d for e in harmless) for d in ("held", "undecided"))
    share, seconds = (
        sum(values) / len(judged) for values in ((e.affected.share for e in judged), (e.seconds for e in judged))
    )
    print(
        f"{name:9} {half}: harmful caught {caught} of {len(harmful)} ({caught / max(1, len(harmful)):.3f}), harmless "
        f"held {held} of {len(harmless)} ({held / max(1, len(harmless)):.3f}), undecided {undecided}; questions asked "
        f"again {share:.2f}; {seconds:.1f} s a change, {sum(e.evaluations for e in judged)} parts of changes tried"
    )


def main() -> None:
    """Both collections."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", type=Path, default=SHARED)
    parser.add_argument("--prometheus", type=Path, help="the folder docs of a checkout of prometheus/prometheus")
    parser.add_argument("--set", action="append", choices=tuple(SEEDS))
    parser.add_argument("--kind", action="append")
    parser.add_argument("--show", action="store_true", help="print what was decided otherwise than wanted")
    given = parser.parse_args()
    for name in given.set or SEEDS:
        if name == "prometheus" and given.prometheus is None:
            print("prometheus: its documents are absent")
            continue
        held = opened(name, given.data, given.prometheus)
        skip = 0 if name == "handbook" else 50
        made = cases(held.texts, foreign_texts(given.data), unrelated_texts(given.data, skip), SEEDS[name])
        judge = Judge(held)
        judged = []
        for case in made:
            if not given.kind or case.kind in given.kind:
                judged.append(judge.judge(case))
                print(f"{case.kind}: {judged[-1].verdict.decision}", file=sys.stderr, flush=True)
                if given.show and (judged[-1].caught if case.harmful else case) is not True:
                    show(judged[-1])
        report(name, judged)


def opened(name: str, data: Path, checkout: Path | None) -> Collection:
    """The collection of this name, in an index."""
    if name == "handbook":
        return handbook()
    return prometheus(checkout) if name == "prometheus" and checkout else argo_cd(data)


def show(judged: Judged) -> None:
    """A case for its reader."""
    if judged.verdict.decision == "released" and not judged.case.harmful:
        return
    print(f"## {judged.case.kind} {', '.join(list(judged.case.edits)[:3])} → {judged.verdict.decision}", flush=True)
    for reason in judged.verdict.reasons:
        print(f"   {reason}")
    for finding in judged.verdict.findings[:4]:
        print(f"   [{finding.level} {finding.kind}] {finding.sentences[:2]}")


if __name__ == "__main__":
    main()
