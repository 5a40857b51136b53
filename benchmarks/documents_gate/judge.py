"""Whether harmful changes of documents are held, and harmless ones let through.

    python benchmarks/documents_gate/judge.py [--set NAME] [--kind KIND] [--first N] [--skip N] [--stub]
                                              [--prometheus FOLDER] [DATA]

Forty changes that do harm and forty that do none (`changes.py`), each by itself, on the sample handbook and on Argo
CD's documentation. The assistant without a model answers on the old and on the new state the questions that the
change could touch; with `--stub` a language model does: the stub of the tests, a local server behind OpenAI's client.
A harmful change counts as caught where it is held or undecided and one of its documents is named.
"""

import argparse
import os
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ |= {"HAYSTACK_TELEMETRY_ENABLED": "False", "DO_NOT_TRACK": "1"}

from changes import Case, cases
from corpora import Collection, argo_cd, foreign_texts, handbook, prometheus, unrelated_texts

from tasks_lib.assistant.contract.index import contents
from tasks_lib.assistant.pipeline import build_assistant
from tasks_lib.config.rag import RagConfig
from tasks_lib.dataset.examples import Example
from tasks_lib.documents_gate import looking
from tasks_lib.documents_gate.asking import Ask, ask_states
from tasks_lib.documents_gate.blame import Blame
from tasks_lib.documents_gate.comparison import Comparison
from tasks_lib.documents_gate.culprits import find_culprits, score
from tasks_lib.documents_gate.decision import DocumentsDecision, with_findings
from tasks_lib.documents_gate.difference import difference
from tasks_lib.documents_gate.evidence import on_both_states
from tasks_lib.documents_gate.judgement import judged
from tasks_lib.documents_gate.questions import Affected, find_affected
from tasks_lib.documents_gate.release import Proposal
from tasks_lib.gate.asking import VersionAnswers
from tasks_lib.gate.measurement import Measurement
from tasks_lib.gate.prediction import Prediction
from tasks_lib.ingestion.languages import languages_of

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
SEEDS = {"handbook": 26, "argo-cd": 27, "prometheus": 28}


@dataclass(frozen=True)
class Judged:
    """A case, what was decided, and what it cost."""

    case: Case
    decision: DocumentsDecision
    share: float
    evaluations: int
    seconds: float

    @property
    def caught(self) -> bool:
        """Whether it was not released, with the right document named."""
        return self.decision.decision != "released" and bool({*self.decision.documents} & self.case.culprits)


class Steps:
    """The steps of the flow `release`, in this process and without a registry."""

    def __init__(self, held: Collection, proposal: Proposal) -> None:
        self.held, self.proposal = held, proposal
        self.rag, self.platform = held.settings.rag, held.platform
        self.selected = Affected([], {}, len(held.examples))
        self.evaluations = 0

    def select(self) -> Affected:
        """The questions that the change could touch."""
        states = self.proposal.released, self.proposal.state
        self.selected = find_affected(self.platform, self.rag, self.held.examples, states, self.proposal.keys)
        return self.selected

    def ask(self, examples: Sequence[Example]) -> tuple[VersionAnswers, VersionAnswers]:
        """Both states."""
        return ask_states(self._answering, self.rag, (self.proposal.released, self.proposal.state), examples)

    def score(self, before: VersionAnswers, after: VersionAnswers) -> tuple[Measurement, Measurement]:
        """Both states."""
        theirs, ours = on_both_states(self.held.index, self.proposal, before, after)
        return self._scored(theirs), self._scored(ours)

    def blame(self, compared: Comparison) -> Blame:
        """By parts of the change."""
        gate = self.held.settings.gate
        found = find_culprits(self.platform, self.rag, self.proposal, compared, gate, self._answering, self._scored)
        self.evaluations = found.evaluations
        return found

    def _scored(self, predictions: Sequence[Prediction]) -> Measurement:
        return score(self.platform, self.held.settings, predictions)

    @contextmanager
    def _answering(self, rag: RagConfig, state: str) -> Iterator[Ask]:
        assistant = build_assistant(rag, self.platform, index_version=state)

        def ask(examples: Sequence[Example]) -> VersionAnswers:
            answers = [assistant.answer(list(example.messages)).payload() for example in examples]
            said = zip(examples, answers, strict=True)
            return VersionAnswers(tuple(Prediction(example, answer, None, None, 0.1) for example, answer in said))

        yield ask


def judge(held: Collection, case: Case) -> Judged:
    """Apply a case, decide, and take it back."""
    names = list(case.edits)
    was, old, before = held.chunks(names), contents(held.index), held.index.version() or ""
    held.write(case.edits)
    started = time.perf_counter()
    try:
        changed = difference(old, contents(held.index))
        steps = Steps(held, Proposal(held.index.version() or "", before, tuple(changed)))
        languages = languages_of(held.index.at(before))
        share = held.settings.ingest.mass_delete_share
        findings = looking.look(held.platform, steps.rag, steps.proposal, languages, share)
        decision = with_findings(judged(steps, steps.proposal.keys, held.settings.gate), findings)
        return Judged(case, decision, steps.selected.share, steps.evaluations, time.perf_counter() - started)
    finally:
        held.restore(names, was)


def report(name: str, cases_: list[Judged]) -> None:
    """Shares by kind."""
    half = "fitted" if name == "handbook" else "unseen"
    by_kind: dict[str, list[Judged]] = defaultdict(list)
    for each in cases_:
        by_kind[each.case.kind].append(each)
    for kind, own in by_kind.items():
        told = {
            decision: sum(e.decision.decision == decision for e in own)
            for decision in ("held", "undecided", "released")
        }
        right = f"caught {sum(e.caught for e in own)}" if own[0].case.harmful else ""
        counts = ", ".join(f"{count} {decision}" for decision, count in told.items() if count)
        print(f"{name:9} {kind:24} {len(own):3}: {counts}  {right}")
    harmful, harmless = ([e for e in cases_ if e.case.harmful is wanted] for wanted in (True, False))
    caught = sum(each.caught for each in harmful)
    held, undecided = (sum(e.decision.decision == d for e in harmless) for d in ("held", "undecided"))
    share, seconds = (sum(values) / len(cases_) for values in ((e.share for e in cases_), (e.seconds for e in cases_)))
    print(
        f"{name:9} {half}: harmful caught {caught} of {len(harmful)} ({caught / max(1, len(harmful)):.3f}), harmless "
        f"held {held} of {len(harmless)} ({held / max(1, len(harmless)):.3f}), undecided {undecided}; questions asked "
        f"again {share:.2f}; {seconds:.1f} s a change, {sum(e.evaluations for e in cases_)} parts of changes tried"
    )


def main() -> None:
    """Both collections."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", type=Path, default=SHARED)
    parser.add_argument("--prometheus", type=Path, help="the folder docs of a checkout of prometheus/prometheus")
    parser.add_argument("--set", action="append", choices=tuple(SEEDS))
    parser.add_argument("--kind", action="append")
    parser.add_argument("--stub", action="store_true", help="answer with the stub of a language model")
    parser.add_argument("--first", type=int, help="changes of each kind at most")
    parser.add_argument("--skip", type=int, default=0, help="leave so many harmful and harmless ones out, the first")
    parser.add_argument("--show", action="store_true", help="print what was decided otherwise than wanted")
    given = parser.parse_args()
    with ExitStack() as opened_stub:
        url = opened_stub.enter_context(stub_of_the_tests()).url if given.stub else ""
        for name in given.set or SEEDS:
            judge_set(name, given, url)


def stub_of_the_tests() -> Any:
    """The local server that stands for a language model."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    from tests.stubs.openai_api import OpenAIStub

    return OpenAIStub()


def judge_set(name: str, given: argparse.Namespace, url: str) -> None:
    """All changes of one collection, or those that were asked for."""
    if name == "prometheus" and given.prometheus is None:
        print("prometheus: its documents are absent")
        return
    held = opened(name, given.data, given.prometheus)
    held = held.answered_by(url) if url else held
    skip = 0 if name == "handbook" else 50
    changes = cases(held.texts, foreign_texts(given.data), unrelated_texts(given.data, skip), SEEDS[name])
    told: list[Judged] = []
    seen: Counter[str] = Counter()
    made = [case for harm in (True, False) for case in [c for c in changes if c.harmful is harm][given.skip :]]
    for case in made:
        seen[case.kind] += 1
        if (given.kind and case.kind not in given.kind) or (given.first and seen[case.kind] > given.first):
            continue
        told.append(judge(held, case))
        caught = ", caught" if told[-1].caught and case.harmful else ""
        print(
            f"{case.kind}: {told[-1].decision.decision}{caught} ({told[-1].seconds:.0f} s)", file=sys.stderr, flush=True
        )
        if given.show and not (case.harmful and told[-1].caught):
            show(told[-1])
    report(name, told)


def opened(name: str, data: Path, checkout: Path | None) -> Collection:
    """The collection of this name, in an index."""
    if name == "handbook":
        return handbook()
    return prometheus(checkout) if name == "prometheus" and checkout else argo_cd(data)


def show(case: Judged) -> None:
    """A case for its reader."""
    if case.decision.decision == "released" and not case.case.harmful:
        return
    print(f"## {case.case.kind} {', '.join(list(case.case.edits)[:3])} → {case.decision.decision}", flush=True)
    for reason in case.decision.reasons:
        print(f"   {reason}")
    for finding in case.decision.findings[:4]:
        print(f"   [{finding.level} {finding.kind}] {finding.sentences[:2]}")


if __name__ == "__main__":
    main()
