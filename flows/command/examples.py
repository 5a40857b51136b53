"""Command lines that `--help` shows under each verb; a test parses every one of them."""

EXAMPLES: dict[str, tuple[tuple[str, str], ...]] = {
    "demo": (("llmops demo", "two minutes, no key, no server"),),
    "ingest": (
        ("llmops ingest --source documents --dry-run", "what would change"),
        ("llmops ingest --source git+https://git.acme.com/wiki.git@main", "a branch of a repository"),
        ("llmops ingest --source s3://bucket/handbook --include '**/*.pdf'", "only some files"),
        ("llmops ingest --inspect documents/rates.xlsx", "text, chunks and doubts of one file"),
        ("llmops ingest --config sources.yaml --source wiki", "one of `ingest.sources`"),
        ("llmops ingest --source documents --assistant staff", "another assistant"),
    ),
    "dataset": (
        ("llmops dataset --size 200", "questions made from the documents"),
        ("llmops dataset --import questions.jsonl", "your own"),
        ("llmops dataset --add-from-traces", "answers that users did not like"),
        ("llmops dataset --show --only kind=answerable --only document=leave/", "what is asked, and of which passage"),
        ("llmops dataset --proposed take --only document=travel/", "questions that a release proposed"),
        ("llmops dataset --assistant staff", "of another assistant"),
    ),
    "deploy": (
        ("llmops deploy --estimate", "calls, minutes and cost, without evaluating"),
        ("llmops deploy --set retriever.top_k=8", "another configuration"),
        ("llmops deploy --first", "few questions, nothing in production yet"),
        ("llmops deploy --assistant staff", "against its own production"),
        ("llmops deploy --config prod.yaml --platform aws --approve", "wait for a person"),
    ),
    "tune": (("llmops tune --set tune.passages=[5,10]", "try fewer configurations"),),
    "release": (
        ("llmops release", "ask what the change could touch, and decide"),
        ("llmops release --all --reason 'the new tariff'", "you have looked at it"),
        ("llmops release --without leave/annual-leave.md", "it goes into quarantine"),
        ("llmops release --let-in leave/annual-leave.md", "and out of it"),
    ),
    "premerge": (
        ("llmops premerge --config llmops.yaml", "this branch, against origin/main"),
        ("llmops premerge --base main --report report.md --set ingest.source=docs", "for a pull request's comment"),
    ),
    "promote": (
        ("llmops promote --from staging --to production", "what is live in staging"),
        ("llmops promote 7 --from staging --to production --approve", "wait for a person"),
        ("llmops promote --from staging --to production --estimate", "change nothing"),
    ),
    "rollback": (
        ("llmops rollback", "to the version before"),
        ("llmops rollback --to 3", "to one that passed the gate"),
        ("llmops rollback --assistant staff", "of another assistant"),
        ("llmops rollback --documents", "to the documents before (index.follow: gated)"),
    ),
    "monitor": (
        ("llmops monitor", "everything since the last window"),
        ("llmops monitor --since 2026-11-01 --until 2026-11-08", "one week"),
        ("llmops monitor --assistant staff", "its own traffic only"),
    ),
    "ask": (
        ("llmops ask 'How long is annual leave?'", "one question to production"),
        ("llmops ask 'Who may park?' --assistant staff", "to that of another assistant"),
    ),
    "history": (
        ("llmops history", "what is live, and by whom"),
        ("llmops history --assistant staff --limit 100 --json", "for a report"),
    ),
    "audit": (
        ("llmops audit", "who did what in this home; its chain is checked"),
        ("llmops audit --since 2026-11-01 --json > audit.jsonl", "for an auditor"),
    ),
    "diff": (
        ("llmops diff 3 5", "two versions"),
        ("llmops diff production candidate --json", "two aliases; with the lines of code"),
    ),
    "hold": (
        ("llmops hold --reason 'freeze until Monday'", "automations deploy nothing"),
        ("llmops hold --release", "they may again"),
    ),
    "search": (
        ("llmops search 'annual leave' --set retriever.mode=keyword", "try a retriever"),
        ("llmops search --file questions.jsonl --json", "one result a line"),
    ),
    "guard": (
        ("llmops guard 'My card is 4111 1111 1111 1111'", "a question"),
        ("llmops guard --direction output 'Write to ann@example.org'", "an answer"),
        ("llmops guard --languages", "what is measured in which language"),
    ),
    "mcp": (
        ("llmops mcp", "what an MCP host starts"),
        ("llmops mcp --assistant staff", "another assistant"),
    ),
    "retention": (
        ("llmops retention --set retention.traces_days=90 --dry-run", "what would go"),
        ("llmops retention --config retention.yaml", "it goes"),
    ),
    "forget": (
        ("llmops forget document leave/ann-lee.pdf --dry-run", "where it was written"),
        ("llmops forget text 'Wilhelmina Quark'", "asks, then takes it out"),
        ("llmops forget text --yes", "reads it from standard input"),
        ("llmops forget trace tr-1234", "one answer"),
        ("llmops forget user alice --yes", "all that a key's holder asked"),
    ),
    "backup": (
        ("llmops backup", "an archive in the working directory"),
        ("llmops backup /mnt/backups", "in another folder"),
    ),
    "restore": (
        ("llmops restore llmops-20261127-190000.backup.zip", "into an empty home"),
        ("llmops restore old.backup.zip --check", "is it whole?"),
        ("llmops restore old.backup.zip --replace", "in place of what is there"),
        ("llmops restore old.backup.zip --forgotten /mnt/kept", "the home is lost, its lists are not"),
    ),
    "keys": (
        ("llmops keys create alice --days 90", "a key that opens every assistant"),
        ("llmops keys create intranet --assistant staff", "one that opens only `staff`"),
        ("llmops keys create bob --groups hr,legal", "who sees documents of two groups beside public ones"),
        ("llmops keys create prometheus --role metrics", "one that reads metrics and asks nothing"),
        ("llmops keys change bob --groups hr", "the same key, at once"),
        ("llmops keys rotate alice --grace-hours 24", "another key; the old one works for a day"),
        ("llmops keys revoke alice", "at once, without a restart"),
    ),
    "status": (
        ("llmops status", "live version and last runs; all assistants, if several"),
        ("llmops status --assistant staff", "one of them"),
    ),
    "index": (
        ("llmops index list", "versions, and what needs them"),
        ("llmops index drop hr__all-minilm-l6-v2__125-0-240fc4d9", "one that nothing needs"),
        ("llmops index drop hr__all-minilm-l6-v2__125-0-240fc4d9 --force", "asks first"),
        ("llmops index sources", "what they hold"),
        ("llmops index rename-source /srv/old /srv/new", "without embedding again"),
        ("llmops index remove-source /srv/old", "its documents go"),
    ),
    "pipeline": (
        ("llmops pipeline list", "the six pipelines"),
        ("llmops pipeline show search > search.yaml", "as it would run"),
        ("llmops pipeline show assistant --format mermaid", "its picture"),
    ),
    "review": (
        ("llmops review", "the page, at http://127.0.0.1:8010"),
        ("llmops review --agreement", "how far people agree"),
        ("llmops review --make-set", "the evaluation set as they changed it"),
    ),
    "serve": (
        ("llmops serve --port 8080", "chat page, /predict and OpenAI's routes"),
        ("llmops serve --assistant docs --assistant staff", "two assistants at one address"),
        ("llmops serve --all", "all that are in production now"),
    ),
    "up": (("llmops up", "everything on one machine"),),
    "bootstrap": (("llmops bootstrap --pool llmops", "needs a Prefect server"),),
    "doctor": (("llmops doctor --platform aws", "models, index, tracking, plug-ins"),),
    "schema": (("llmops schema deploy", "keys that deploy reads"),),
}

COLUMNS = 80
"""Of a narrow terminal; a line of help that is longer is broken anywhere."""


def epilogue(verb: str) -> str:
    """The examples of a verb, aligned, as the last part of its help; what they do stands above where it is too long."""
    examples = EXAMPLES[verb]
    width = max(len(line) for line, _ in examples)
    lines = [f"  {line:<{width}}  # {what}" for line, what in examples]
    if max(map(len, lines)) > COLUMNS:
        lines = [part for line, what in examples for part in (f"  # {what}", f"  {line}")]
    return "\n".join(["Examples:", *lines])
