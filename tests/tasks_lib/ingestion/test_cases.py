"""Documents that once lost or invented text, beside the checkout: each says what a person reads in it.

The kind behind each is held by the generated families in `converters/`.
"""

from collections.abc import Sequence
from pathlib import Path

import pytest

from blocks.local import LocalPlatform
from flows.ingest import synchronise
from tasks_lib.assistant.contract.index import Index
from tasks_lib.config.ingest import IngestConfig
from tasks_lib.config.settings import Settings
from tasks_lib.ingestion.converters.convert import convert
from tasks_lib.ingestion.converters.extras import Extras
from tasks_lib.ingestion.result import IngestResult
from tasks_lib.text.forms import composed

RIGHT: dict[str, Sequence[str]] = {
    "documents/tricky.docx": (
        "The deadline is 30 June see the portal page",
        "Content control text: approver is the CFO",
        "| City: Lisbon Nested note: book early | Hotel limit: 140 EUR | Meals: 45 EUR |",
    ),
    "documents/rates.xlsx": (
        "| Region: North | Rate: 7.5% | Valid from: 2026-03-01 | Total: =B2*2 |",
        "| Region: West | Rate: 1 | Valid from: | Total: |",
        "| Region: West | Rate: 2 | Valid from: | Total: |",
    ),
    "documents/semi.csv": ("| Name: Müller | Betrag: 1.234,50 | Ort: Köln |",),
    "documents/hyphen.pdf": ("The organisation grants an allowance of 300 EUR for home office equipment.",),
    "documents/table.pdf": (
        "| Grade: G2 | Base pay: 52,000 | Bonus: |",
        "| Grade: G3 | Base pay: | Bonus: 5 % |",
    ),
    "documents/twocol.pdf": ("It continues here and ends with the left column.\n\nRight column first line",),
    "documents/utf16.txt": ("The fee is fifteen euro.",),
    "documents/latin.txt": ("Die Gebühr für Änderungen beträgt 15 €.",),
    "documents/wrongcharset.html": ("Größe über 5 m – Gebühr 20 €", "| Item: Tent | Fee: 12 |"),
    "documents/fm.md": ("Hidden detail 42", "| 1 | two |", "nested item says 17"),
    "documents/data.json": ('"name": "A"', '"price": 20'),
    "documents/doc.rst": ("The port is 8443.",),
    "documents/doc.adoc": ("The limit is 55.",),
    "documents/mail.eml": ("Subject: Parking", "Parking costs 12 euro."),
    "documents/lines.jsonl": ("| q: a | a: the code is 7781 |",),
    "documents/conf.yaml": ("timeout: 30",),
    "documents/t.tsv": ("| a: 1 | b: 2 |",),
    "documents/n.ipynb": ("alpha is 3",),
    "troubles/01-docx-parts/depot.docx": (
        *("The deposit is ninety euros", "The supervisor is Ilka Morn", "Contract number is KV-2207", "HEADERMARK"),
        *("| North | INNERA max height, INNERB 3 metres |", "FOOTERMARK Document 88-B", "Warning: the lift carries"),
    ),
    "troubles/01-docx-parts/runs.docx": ("See rule 14b", "Hamburg", "F=9.81m", "Valid from 1 May 2027"),
    "troubles/02-docx-footnote/footnote.docx": ("Except gift cards",),
    "troubles/03-pptx-table/fees.pptx": (
        *("| Service: Towing | Fee: 145 euros |", "GROUPED Winter tyres are fitted in October"),
        "Notes: NOTES The fee rises to 160 euros in July.",
    ),
    "troubles/03-pptx-table/onlytable.pptx": ("| Service: Towing | Fee: 145 euros |",),
    "troubles/04-xlsx/formula.xlsx": ("| Item: Pallet | Price: 100 | VAT: =B2*0.2 | Gross: =B2+C2 |",),
    "troubles/04-xlsx/rates.xlsx": (
        "| Region: North | From: 2027-09-01 | Rate: 1300000 | Paid: FALSE | Share: 8.0% | Code: 00124 |",
        "Share: 7.5%",
    ),
    "troubles/05-table-header/long.csv": ("| id: 15 | name: Depot 15 | limit: 45 tonnes |",),
    "troubles/06-encodings/gbk.txt": ("通行证由三楼的保安发放",),
    "troubles/06-encodings/pl1250.txt": ("Przepustkę wydaje strażnik. Żółć.",),
    "troubles/06-encodings/ru1251.txt": ("Пропуск выдаёт охрана на третьем этаже.",),
    "troubles/06-encodings/sjis.txt": ("返品は十四日以内です",),
    "troubles/06-encodings/utf8mixed.txt": ("Größe und Gewicht: 30 kg.", "Müller prüft das Maß täglich."),
    "troubles/06-encodings/utf8bytes_dash.txt": ("Öffnungszeiten: 8–17 Uhr. Größe M.",),
    "troubles/07-unicode-forms/ligature.pdf": ("The efficient office files the fleet report on five days.", "Gebühr"),
    "troubles/08-pdf-owner-password/ownerpw.pdf": ("The visitor badge costs six euros.",),
    "troubles/08-pdf-owner-password/ownerpw_aes.pdf": ("The visitor badge costs six euros.",),
    "troubles/09-pdf-form/form.pdf": ("Kell Harbour Cooperative", "1,870 euros"),
    "troubles/10-pdf-layout/twocol_rowmajor.pdf": ("Repairs take thirty working days and cost forty euros.",),
    "troubles/10-pdf-layout/hyphen.pdf": ("The maintenance contract covers",),
    "troubles/10-pdf-layout/headers.pdf": ("Section 3 explains how berth 3 is booked",),
    "troubles/10-pdf-layout/mixedscan.pdf": ("Cover page of the lease contract for the annexe.",),
    "troubles/11-jsonl/lines.json": ("| q: How long is the lease? | a: Three years |",),
    "troubles/11-jsonl/lines.jsonl": ("| q: How long is the lease? | a: Three years |",),
    "troubles/12-markdown-toml/hugo.md": ("The crane lifts nine tonnes.",),
    "troubles/13-html-utf16-meta/utf16decl.html": ("Café opens at nine o'clock every day of the week.",),
}
DOUBTED = {
    "documents/rates.xlsx": "Rates!D2",
    "troubles/04-xlsx/formula.xlsx": "Sheet!C2",
    "troubles/06-encodings/gbk.txt": "a guess",
    "troubles/06-encodings/pl1250.txt": "a guess",
    "troubles/06-encodings/ru1251.txt": "a guess",
    "troubles/06-encodings/sjis.txt": "a guess",
    "troubles/06-encodings/utf8mixed.txt": "1 byte",
    "troubles/06-encodings/utf8bytes_dash.txt": "1 byte",
}
TITLES = {"documents/fm.md": "Release notes", "troubles/12-markdown-toml/hugo.md": "Crane"}
TITLES |= {"troubles/10-pdf-layout/headers.pdf": ""}


@pytest.fixture(scope="session")
def cases() -> Path:
    folder = Path(__file__).resolve().parents[4] / "shared" / "cases"
    if not folder.is_dir():
        pytest.skip(f"the cases are not at {folder}")
    return folder


@pytest.mark.parametrize("name", RIGHT)
def test_what_a_person_reads_in_it_is_in_its_text(name: str, cases: Path) -> None:
    document = convert(name, (cases / name).read_bytes())
    for said in RIGHT[name]:
        assert said in document.text
    assert DOUBTED.get(name, "") in document.doubt
    assert (document.title or "") == TITLES.get(name, document.title or "")


def test_no_document_of_the_cases_is_without_its_right_value(cases: Path) -> None:
    known = {*RIGHT, *(f"troubles/07-unicode-forms/src-nfd/{name}.md" for name in ("Übersicht", "comp", "decomp"))}
    files = {composed(str(file.relative_to(cases))) for file in cases.rglob("*.*") if _is_document(file)}
    assert files <= known


def _is_document(file: Path) -> bool:
    of_questions = file.name.startswith("q") or file.parent.name[:2] in {"15", "16", "18"}
    return file.is_file() and not of_questions and file.name not in {"README.md", "run.sh"}


def test_what_is_hidden_is_read_only_where_it_is_asked_for(cases: Path) -> None:
    data = (cases / "documents/rates.xlsx").read_bytes()
    asked = convert("rates.xlsx", data, Extras(hidden=True))
    assert "Hidden" in [heading.text for heading in asked.headings]
    assert "Hidden" not in convert("rates.xlsx", data).text


def test_scans_among_pages_are_named_or_read(cases: Path) -> None:
    document = convert("m.pdf", (cases / "troubles/10-pdf-layout/mixedscan.pdf").read_bytes())
    assert "pages 2, 3, 4" in document.doubt or len(document.text.split("\f")) == len(document.pages)


@pytest.fixture
def ingested(cases: Path, platform: LocalPlatform) -> tuple[IngestResult, Index]:
    settings = Settings(ingest=IngestConfig(source=str(cases)))
    return synchronise(platform, settings), platform.index(settings.rag)


def found(index: Index, word: str) -> list[str]:
    documents = index.keyword_retriever(top_k=5).run(query=word)["documents"]
    return [document.meta["document"] for document in documents]


@pytest.mark.slow
def test_all_of_them_are_ingested_and_found_by_their_words(ingested: tuple[IngestResult, Index]) -> None:
    result, index = ingested
    assert {failure.path for failure in result.failed} <= {"troubles/18-question-files/q2028.jsonl"}
    assert {files.suffix for files in result.skipped} <= {"", ".sh"}
    assert "documents/hyphen.pdf" in found(index, "allowance")
    assert "troubles/10-pdf-layout/hyphen.pdf" in found(index, "maintenance")
    assert "troubles/07-unicode-forms/src-nfd/decomp.md" in found(index, "Liegegebühr")
    assert found(index, "Which office files the fleet report?")[0] == "troubles/07-unicode-forms/ligature.pdf"
    rows = [chunk for chunk in index.sample(10_000, 0) if chunk.meta["document"].endswith("long.csv")]
    assert len(rows) > 1
    for line in (line for chunk in rows for line in (chunk.content or "").splitlines()[1:]):
        assert line.startswith("| id: ")
