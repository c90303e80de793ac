"""A mistake of a person is one sentence and an exit code, leaves every file as it was, and shows no traceback."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from tests import serve_models
from tests.cli_projects import (
    Row,
    as_csv,
    changed,
    config,
    deal_rows,
    files_in,
    icp,
    refusal,
    strong,
    write_config,
    write_project,
)

CHECK, TRAIN = ("check", "icp.yaml"), ("train", "icp.yaml", "--trials", "1")
INIT = ("init", "deals.csv", "-o", "new.yaml")
SCORE = ("score", "list.csv", "-o", "out.parquet", "--model", "bundle")


@dataclass(frozen=True)
class Bad:
    """What deals.csv holds, who must refuse it, with which exit code, and words that the sentence must have."""

    content: Callable[[Sequence[Row]], bytes | str]
    verbs: tuple[tuple[str, ...], ...]
    code: int
    words: tuple[str, ...]

    def write(self, path: Path, rows: Sequence[Row]) -> None:
        content = self.content(rows)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def won(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row["stage"] == "Closed Won"]


def not_won(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row["stage"] != "Closed Won"]


DEALS: dict[str, Bad] = {
    "an empty file": Bad(
        lambda _: "", (INIT, CHECK, TRAIN), 3, ("deals.csv", "found an empty file", "export it again")
    ),
    "a header alone": Bad(
        lambda rows: as_csv(rows).split("\n")[0] + "\n",
        (INIT, CHECK, TRAIN),
        3,
        ("expected rows", "found none", "export it"),
    ),
    "one class only": Bad(
        lambda rows: as_csv(won(rows)), (INIT, CHECK, TRAIN), 4, ("won and lost deals", "lost", "export those deals")
    ),
    "12 wins": Bad(
        lambda rows: as_csv([*won(rows)[:12], *not_won(rows)]),
        (CHECK, TRAIN),
        4,
        ("at least 30 accounts with a won deal, found 12", "window"),
    ),
    "two delimiters that would both do": Bad(
        lambda rows: as_csv(rows).replace("\n", "\tx\n"),
        (CHECK, TRAIN),
        3,
        ("found that 'tab' and ',' could", "set the delimiter"),
    ),
    "a wrong encoding": Bad(
        lambda rows: as_csv(rows).replace("Opportunity", "Ö", 1).encode("cp1252"),
        (INIT, CHECK, TRAIN),
        3,
        ("expected text in utf-8", "line 2 is not", "set the encoding to cp1252"),
    ),
    "UTF-16 without a byte order mark": Bad(
        lambda rows: as_csv(rows).replace("Opportunity", "Ö", 1).encode("utf-16-le"),
        (INIT, CHECK, TRAIN),
        3,
        ("expected text in utf-8", "set the encoding to"),
    ),
    "no outcome column": Bad(
        lambda rows: as_csv(rows).replace("stage,", "stagee,", 1),
        (CHECK, TRAIN),
        3,
        ("a column 'stage'", "did you mean 'stagee'?"),
    ),
    "an outcome not listed": Bad(
        lambda rows: as_csv(changed(rows, "stage", lambda place, text: "On Hold" if place in (3, 9) else text)),
        (CHECK, TRAIN),
        3,
        ("every value of 'stage'", "'On Hold (2 rows)'", "won, lost, open or ignore", "add each"),
    ),
    "dates that cannot be read": Bad(
        lambda rows: as_csv(changed(rows, "opened_at", lambda _, text: f"{text[5:7]}/{text[8:]}/{text[:4]}")),
        (CHECK, TRAIN),
        3,
        ("unreadable opening date", "of 240 won or lost deals", "dates like 2024-12-31", "deals.date_order"),
    ),
    "deals that close before they open": Bad(
        lambda rows: as_csv(changed(rows, "closed_at", lambda _, text: "2001-01-01" if text else "")),
        (CHECK, TRAIN),
        3,
        ("closed before it opened", "240 of 240", "not exchanged"),
    ),
    "ids that stand twice": Bad(
        lambda rows: as_csv(
            changed(rows, "deal_id", lambda place, text: rows[0]["deal_id"] if place in (5, 6) else text)
        ),
        (CHECK, TRAIN),
        3,
        ("every deal id of column 'deal_id'", "2 rows", "D0000001", "deals.repeated_ids"),
    ),
    "a quote without end": Bad(
        lambda rows: as_csv(rows).replace("Opportunity", '"Opportunity', 1),
        (INIT, CHECK, TRAIN),
        3,
        ("quote", "row 2", "close it"),
    ),
    "a row too long": Bad(
        lambda rows: as_csv(rows) + ",".join("x" * 90),
        (INIT, CHECK, TRAIN),
        3,
        ("fields in every row", "found 90 in row"),
    ),
    "a note to a spreadsheet": Bad(
        lambda rows: "sep=,\n" + as_csv(rows), (INIT, CHECK, TRAIN), 3, ("'sep=", "remove that line")
    ),
    "a workbook": Bad(
        lambda _: b"PK\x03\x04rest", (INIT, CHECK, TRAIN), 3, ("an Excel workbook", "save the sheet as CSV")
    ),
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sound project of 240 deals, and the terminal in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ICP_HOME", raising=False)
    return write_project(tmp_path, strong())


@pytest.fixture
def scoring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bundle and a list of 12 rows, and the terminal beside them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ICP_HOME", raising=False)
    serve_models.write(tmp_path / "bundle")
    pa_csv.write_csv(serve_models.raw_list(12, 5), tmp_path / "list.csv")
    return tmp_path


def assert_refused(folder: Path, words: tuple[str, ...], code: int, parts: tuple[str, ...]) -> None:
    """The exit code, each part in the one sentence, and no file made, changed or removed."""
    before = files_in(folder)
    found, sentence = refusal(*words)
    assert found == code, sentence
    for part in parts:
        assert part in sentence
    assert files_in(folder) == before


@pytest.mark.parametrize("what", DEALS)
def test_deals_that_cannot_be_used_are_refused_by_every_verb_that_reads_them(project: Path, what: str) -> None:
    bad = DEALS[what]
    bad.write(project / "deals.csv", deal_rows(strong()))
    for words in bad.verbs:
        assert_refused(project, words, bad.code, bad.words)


def test_a_misspelt_key_kind_column_or_layer_is_met_with_the_nearest_valid_one(project: Path) -> None:
    good = config(strong())
    deals, attributes = good["deals"], good["attributes"]
    assert isinstance(deals, dict)
    assert isinstance(attributes, dict)
    (layer, members), *_ = attributes.items()
    name = next(iter(members))
    typed: list[tuple[dict[str, object], int, str]] = [
        ({**{k: v for k, v in good.items() if k != "deals"}, "deels": deals}, 2, "did you mean 'deals'?"),
        ({**good, "deals": {**deals, "acount": "x"}}, 2, "deals.acount is not a known key; did you mean 'account'?"),
        ({**good, "attributes": {layer: {name: "categry"}}}, 2, "did you mean 'category'?"),
        ({**good, "attributes": {f"{layer}s": members}}, 2, f"did you mean '{layer}'?"),
        ({**good, "attributes": {layer: {f"{name}s": "category"}}}, 3, f"did you mean '{name}'?"),
        ({**good, "deals": {**deals, "delimiter": ";;"}}, 2, "expected a single character"),
        ({**good, "deals": {**deals, "encoding": "klingon"}}, 2, "expected an encoding"),
        ({**good, "attributes": {}}, 2, "expected at least one attribute"),
    ]
    for values, code, part in typed:
        write_config(project, values)
        for words in (CHECK, TRAIN):
            assert_refused(project, words, code, (part,))


def test_a_configuration_that_is_none_is_told(project: Path) -> None:
    assert_refused(project, ("check", "icp.yml"), 2, ("icp.yml, found none", "did you mean 'icp.yaml'?"))
    assert_refused(project, ("train", "deals.csv"), 2, ("deals.csv", "expected keys"))
    for text, part in (
        ("deals: [\n a: b", "not valid YAML at line 2"),
        ("- a", "expected keys"),
        ("", "expected keys"),
    ):
        (project / "icp.yaml").write_text(text, encoding="utf-8")
        for words in (CHECK, TRAIN):
            assert_refused(project, words, 2, ("icp.yaml", part))


def test_a_source_that_is_not_there_is_told_with_its_path(project: Path) -> None:
    (project / "deals.csv").rename(project / "deal.csv")
    for words in (INIT, CHECK, TRAIN):
        assert_refused(project, words, 3, ("deals.csv, found none", "did you mean 'deal.csv'?"))


def test_an_export_without_outcomes_cannot_be_drafted_from(project: Path) -> None:
    (project / "deals.csv").write_text(
        as_csv(changed(deal_rows(strong()), "stage", lambda *_: "Discovery")), encoding="utf-8"
    )
    assert_refused(project, INIT, 3, ("a column with the outcome of each deal", "found none among", "add one"))


def test_damaged_and_nested_parquet_is_told_with_file_and_column(project: Path) -> None:
    good = config(strong())
    deals = good["deals"]
    assert isinstance(deals, dict)
    write_config(project, {**good, "deals": {**deals, "source": "deals.parquet"}})
    path = project / "deals.parquet"
    draft = ("init", "deals.parquet", "-o", "new.yaml")
    rows = deal_rows(strong())
    table = pa.Table.from_pylist(list(rows))
    pq.write_table(table, path)
    whole = path.read_bytes()
    half, spoilt = whole[: len(whole) // 2], whole[:300] + bytes(300) + whole[600:]
    for content, part in ((b"", "found something else"), (half, "found something else"), (spoilt, "a damaged one")):
        path.write_bytes(content)
        for words in (draft, CHECK, TRAIN):
            assert_refused(project, words, 3, ("deals.parquet", part, "write it again"))
    place = table.schema.get_field_index("stage")
    nested = pa.array([{"name": row["stage"]} for row in rows])
    pq.write_table(table.set_column(place, "stage", nested), path)
    assert_refused(project, CHECK, 3, ("the column 'stage'", "struct<name: string>", "flatten it"))


def test_what_init_and_check_write_takes_the_place_of_nothing_unasked(project: Path) -> None:
    (project / "new.yaml").write_text("mine", encoding="utf-8")
    (project / "rejected.csv").write_text("mine", encoding="utf-8")
    here = (*CHECK, "--rejected")
    for words, part in (
        (INIT, "new.yaml exists already"),
        (("init", "deals.csv", "-o", "lost/new.yaml"), "make it first"),
        (("init", "deals.csv", "-o", ".", "--force"), "is a folder"),
        (("init", "deals.csv", "-o", "deals.csv", "--force"), "is the export itself"),
        ((*here, "rejected.csv"), "rejected.csv exists already"),
        ((*here, "lost/rejected.csv"), "make it first"),
        ((*here, "."), "is a folder"),
        ((*here, "icp.yaml", "--force"), "is the configuration itself"),
        ((*here, "deals.csv", "--force"), "is a source of the configuration itself"),
    ):
        assert_refused(project, words, 2, (part,))
    assert icp(*INIT, "--force").code == icp(*here, "rejected.csv", "--force").code == 0
    assert (project / "rejected.csv").read_bytes() == b"line,deal,reason\r\n"


def test_options_of_init_that_are_none_are_told(project: Path) -> None:
    for option, value, code, part in (
        ("--delimiter", ";;", 2, "expected a single character"),
        ("--encoding", "klingon", 2, "expected an encoding such as 'utf-8'"),
        ("--delimiter", "|", 3, "set the delimiter to ','"),
    ):
        assert_refused(project, (*INIT, option, value), code, (part,))


LISTS: dict[str, tuple[Callable[[str], bytes], int, tuple[str, ...]]] = {
    "an empty file": (lambda _: b"", 3, ("list.csv", "found an empty file", "export it again")),
    "a header alone": (lambda text: (text.split("\n")[0] + "\n").encode(), 3, ("expected rows", "found none")),
    "two delimiters": (lambda text: text.replace("\n", "\tx\n").encode(), 3, ("set the delimiter",)),
    "a wrong encoding": (
        lambda text: text.replace("c3.example", "ü").encode("cp1252"),
        3,
        ("expected text in utf-8", "line 5 is not", "set the encoding to cp1252"),
    ),
    "no attribute's column": (
        lambda _: b"domain,colour\na,red\n",
        3,
        ("expected columns such as 'employees'", "found none of them among 'domain', 'colour'", "--map"),
    ),
    "no id column": (
        lambda text: text.replace("domain", "domaine", 1).encode(),
        3,
        ("the id column 'domain'", "did you mean 'domaine'?"),
    ),
    "a column twice": (lambda text: text.replace("tools", "size", 1).encode(), 3, ("found 'size' more than once",)),
    "a short row at the end": (lambda text: (text + "a,b\n").encode(), 3, ("found 2 in row 14",)),
}


@pytest.mark.parametrize("what", LISTS)
def test_a_list_that_cannot_be_used_is_refused_and_nothing_is_written(scoring: Path, what: str) -> None:
    spoil, code, parts = LISTS[what]
    text = (scoring / "list.csv").read_text(encoding="utf-8").replace('"', "")
    (scoring / "list.csv").write_bytes(spoil(text))
    assert_refused(scoring, SCORE, code, parts)


def test_names_on_the_command_line_of_score_must_exist(scoring: Path) -> None:
    for words, code, parts in (
        (("--id", "domian"), 3, ("the id column 'domian'", "did you mean 'domain'?")),
        (("--map", "employes=employees"), 2, ("has no 'employes'", "did you mean 'employees'?")),
        (("--map", "size=employes"), 2, ("'employes' is none", "did you mean 'employees'?")),
        (("--map", "Staff"), 2, ("'List Column=attribute column'", "'Staff' was found")),
        (("--map", "size=employees"), 3, ("one column for 'employees'", "remove that entry")),
        (("--delimiter", ";;"), 2, ("expected a single character", "found ';;'")),
        (("--encoding", "klingon"), 2, ("expected an encoding", "found 'klingon'")),
    ):
        assert_refused(scoring, (*SCORE, *words), code, parts)


def test_where_score_cannot_write_it_says_so_before_it_reads(scoring: Path) -> None:
    folder = scoring / "lists"
    folder.mkdir()
    pq.write_table(serve_models.raw_list(12, 5), folder / "part.parquet")
    (scoring / "out.csv").write_text("mine", encoding="utf-8")
    for list_, output, part in (
        ("list.csv", "out.csv", "out.csv exists already"),
        ("list.csv", "lost/out.csv", "make it first"),
        ("list.csv", ".", "an empty folder was expected at ., and it holds"),
        ("list.csv", "lost/parts", "make it first"),
        ("list.csv", "out.txt", ".parquet or .csv was expected"),
        ("list.csv", "list.csv", "is the list itself"),
        ("lists", "lists/out.parquet", "lies in the folder lists"),
    ):
        assert_refused(scoring, ("score", list_, "-o", output, "--model", "bundle"), 2, (part,))


def test_a_bundle_with_one_byte_changed_in_any_file_is_refused(scoring: Path) -> None:
    for name in sorted(path.name for path in (scoring / "bundle").iterdir()):
        changed_one = scoring / "changed"
        shutil.copytree(scoring / "bundle", changed_one)
        content = bytearray((changed_one / name).read_bytes())
        content[len(content) // 2] ^= 1
        (changed_one / name).write_bytes(content)
        for words in (("score", "list.csv", "-o", "out.csv", "--model", "changed"), ("show", "changed")):
            assert_refused(scoring, words, 7, (name, "bundle"))
        shutil.rmtree(changed_one)


def test_a_model_that_is_not_there_is_told(scoring: Path) -> None:
    for words in (("show",), ("score", "list.csv", "-o", "out.csv"), ("show", "lost")):
        assert_refused(scoring, words, 8, ("icp train",))


def test_a_verb_or_an_option_that_is_none_is_a_usage_error(project: Path) -> None:
    before = files_in(project)
    for words in (
        ("trian",),
        ("train",),
        ("score", "list.csv"),
        ("train", "icp.yaml", "--trials", "0"),
        ("check", "-x"),
    ):
        code, sentence = refusal(*words)
        assert code == 2
        assert sentence.endswith("--help`")
    assert files_in(project) == before


MISTYPED = {
    ("scor",): "no such command 'scor'. Did you mean 'score'? see `icp --help`",
    ("score", "list.csv"): "missing option '--output' / '-o'; see `icp score --help`",
    ("score", "list.csv", "-o", "o.csv", "--as-of", "30.06.2025"): (
        "invalid value for '--as-of': expected a day such as 2025-06-30, found '30.06.2025'; see `icp score --help`"
    ),
}


@pytest.mark.parametrize(("words", "said"), MISTYPED.items())
def test_what_was_mistyped_is_one_sentence(words: tuple[str, ...], said: str) -> None:
    assert refusal(*words) == (2, said)
