"""The card of a built folder: a head that the Hub takes, numbers of the build, and text that reads well."""

import ast
import json
import re
import shlex
import tomllib
from copy import deepcopy
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import polars as pl
import pytest
import yaml
from huggingface_hub import DatasetCard, DatasetCardData
from markdown_it import MarkdownIt

from builder.cli.commands import COMMANDS
from builder.cli.parser import parsed
from builder.cli.settings import settings_of
from builder.config import BUILT_BY_DEFAULT, CONFIG_NAMES, make_config
from builder.core.schema import SPLITS
from builder.emit.formats import FORMATS, row_columns
from builder.publish.build_folder import write_frames
from builder.publish.card import HUB_LICENCES, card_text
from builder.publish.card_facts import WHEN, rebuild_commands
from builder.publish.card_sources import KNOWN
from builder.publish.stats import is_short
from builder.sources.spec import LICENCES as KNOWN_LICENCES
from builder.sources.spec import known_sources
from tests.pushing import build_sample
from tests.servers.card_rules import LICENCES, head_problems
from tests.servers.hub_write import WritableHub

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return build_sample(tmp_path_factory.mktemp("card") / "built")


@pytest.fixture
def manifest(folder):
    """As of the sample, to be changed; its sources as if each had been read from its public place."""
    told = json.loads((folder / "manifest.json").read_bytes())
    for source in told["sources"]:
        known = KNOWN[source["name"]]
        source |= {"kind": known.kind, "location": known.location, "revision": "0123456789abcdef"}
    for settings in told["configs"].values():
        settings["sample"] = False
    return told


def only(manifest, *names):
    """The manifest cut to some configs, as a push of them has it."""
    cut = deepcopy(manifest)
    for table in (cut["configs"], cut["statistics"]):
        for name in set(table) - set(names):
            del table[name]
    return cut


def head(card):
    return yaml.safe_load(card.split("---\n")[1])


def body(card):
    return card.split("---\n", 2)[2]


def rendered(card):
    """As a page shows it."""
    return MarkdownIt("commonmark", {"html": True}).enable("table").render(body(card))


def cells(card, title):
    """The rows of the first table below a title, cell by cell."""
    lines = card.split(f"## {title}\n", 1)[1].splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("|"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
    return rows


def reads_well(card):
    """Assert that nothing of the template or of Python shows, and that every table is one."""
    page = rendered(card)
    told = re.sub(r"```(?:bibtex|python).*?```", "code", body(card), flags=re.DOTALL)
    assert not re.search(r"\{\{|\{%|%\}|\bNone\b|\bUndefined\b|\[\]|\(\)", told)
    assert "\n\n\n" not in told
    text = re.sub(r"<pre>.*?</pre>|<code>.*?</code>", "", page, flags=re.DOTALL)
    assert not re.search(r"(?m)^\|| \| ", text), "a table that is not rendered as one"
    assert page.count("<details>") == page.count("</details>") == page.count("<summary>")


def test_the_head_passes_the_hubs_rules(manifest, folder):
    """Both of the card beside the data and of one whose sources are remote."""
    assert head_problems((folder / "README.md").read_text()) == []
    assert head_problems(card_text(manifest)) == []
    assert head(card_text(manifest))["source_datasets"] == [
        "bespokelabs/bespoke-manim",
        "generaleoley/manim-codegen",
        "thanhkt/manim_code",
    ]


def test_the_clients_own_check_takes_the_card(folder, monkeypatch):
    """`DatasetCard.validate` sends it where a push would."""
    with WritableHub("") as hub:
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", hub.url)
        DatasetCard.load(folder / "README.md").validate()
        with pytest.raises(ValueError, match="license"):
            DatasetCard("---\nlicense: free beer\n---\n").validate()


def test_values_of_the_head_are_among_those_that_the_client_lists(manifest):
    """Size categories, from small to large; only as many as its documentation names."""
    listed = re.search(r"size_categories.*?Options are: (.*?)\.\n", DatasetCardData.__doc__, re.DOTALL)[1]
    options = re.findall(r"'([^']+)'", listed)
    sizes = []
    for power in range(2, 13):
        for stats in manifest["statistics"].values():
            stats["splits"]["train"]["rows"] = 10**power
        sizes += head(card_text(manifest))["size_categories"]
    assert sizes == options[:-1]
    assert options[-1] == "other"


def test_licences_that_the_hub_does_not_know_are_other_with_their_name(manifest):
    """Those that it knows stand as they are, each once."""
    assert HUB_LICENCES <= LICENCES
    assert set(KNOWN_LICENCES) - HUB_LICENCES == {"0bsd"}
    assert head(card_text(manifest))["license"] == ["cc-by-nc-sa-4.0", "unknown"]
    manifest["sources"][1]["licence"] = "beerware-42"
    told = head(card_text(manifest))
    assert (told["license"], told["license_name"]) == (["cc-by-nc-sa-4.0", "other", "unknown"], "beerware-42")
    assert head_problems(card_text(manifest)) == []


def test_numbers_of_the_table_of_configs_are_those_of_the_files(folder):
    """Rows as Parquet holds them, whose codes they have, and a word on when to use each."""
    statistics = json.loads((folder / "manifest.json").read_bytes())["statistics"]
    rows = cells((folder / "README.md").read_text(), "Configs")
    assert sorted(row[0].split("`")[1] for row in rows) == sorted(BUILT_BY_DEFAULT)
    for row in rows:
        name = row[0].split("`")[1]
        for split, cell in zip(SPLITS, row[1:4], strict=True):
            files = folder.glob(f"data/{name}/{split}-*.parquet")
            assert int(cell.replace(",", "")) == sum(pl.read_parquet(file).height for file in files)
        pairs = statistics[name]["pairing"]["pairs"]
        total, kinds = sum(pairs.values()), ("as_published", "repaired", "unpaired")
        assert row[4:7] == [f"{100 * pairs[kind] / total:.0f} %" for kind in kinds]
        assert row[8]
    assert set(WHEN) >= set(CONFIG_NAMES)


def test_each_row_read_is_in_one_column_of_the_funnel(folder):
    """Of every source and of all together: what was read is what was kept and what went."""
    card = (folder / "README.md").read_text()
    for name in BUILT_BY_DEFAULT:
        part = card.split(f"funnel/{name}.svg)")[-1] if name != "curated" else card.split("### `curated`")[1]
        rows = cells("## x\n" + part, "x")
        assert [row[0] for row in rows] == [*(f"`{source}`" for source in KNOWN), "all"]
        for row in rows:
            read, *ends = (int(cell.replace(",", "")) for cell in row[1:])
            assert read == sum(ends)


def test_the_picture_of_each_config_is_a_file_of_the_folder(folder):
    """Listed in the manifest; well-formed, and without a request or a script."""
    outputs = json.loads((folder / "manifest.json").read_bytes())["outputs"]
    shown = re.findall(r"!\[[^]]+\]\(([^)]+)\)", (folder / "README.md").read_text())
    assert set(shown) == {f"funnel/{name}.svg" for name in BUILT_BY_DEFAULT}
    for path in set(shown):
        assert path in outputs
        picture = ElementTree.fromstring((folder / path).read_text())
        assert picture.tag.endswith("svg")
        assert not [item for item in picture.iter() if item.tag.endswith(("script", "image", "foreignObject"))]


def test_a_row_is_shown_and_how_to_train_on_all_of_them(manifest, folder):
    """A row of the main config as its files have it, and a program of five lines for the columns that they have."""
    card = (folder / "README.md").read_text()
    shown = re.search(r"A row of `curated`, `(.+?)`:\n\n> ([^\n]+)\n\n```python\n(.*?)\n```", card, re.DOTALL)
    files = pl.concat([pl.read_parquet(file) for file in folder.glob("data/curated/train-*.parquet")])
    assert files.filter(pl.col("id") == shown[1]).select("prompt", "code").row(0) == shown.groups()[1:]
    (program,) = re.findall(r"```python\n([^`]*SFTTrainer[^`]*)```", card)
    ast.parse(program)
    assert len(list(filter(None, program.splitlines()))) == 4 and '["conversations"]' in program
    manifest["configs"]["curated"]["format"] = "alpaca"  # which TRL does not take as it is
    assert "SFTTrainer" not in card_text(only(manifest, "curated"))


@pytest.mark.parametrize(
    ("prompt", "code"),
    [
        ("See ![this](x)", "x = 1"),
        ("Go to https://example.org", "x = 1"),
        ("<b>", "x = 1"),
        ("Draw \u202e", "x = 1"),
        ("Draw " * 100, "x = 1"),
        ("Draw a ring", "x = 1\n" * 30),
        ("Draw a ring", '"""\n```\n"""'),
    ],
)
def test_a_row_with_markup_or_of_great_length_is_not_shown(prompt, code):
    """It could say anything in the card's name."""
    assert not is_short(prompt, code) and is_short("Draw a ring", "x = 1")


def test_frames_of_rendered_programs_are_shown(tmp_path, manifest):
    """Those in which most is to be seen; no file that is not WebP."""
    pictures = {f"p{n}": webp_of(n) for n in (3, 900, 50, 700, 800)} | {"no picture": b"<svg>", "none": None}
    (tmp_path / "funnel").mkdir()
    write_frames(SimpleNamespace(thumbnail=pictures.get), "curated", list(pictures), tmp_path)

    files = sorted(tmp_path.rglob("*.webp"))
    assert [len(file.read_bytes()) for file in files] == [len(webp_of(n)) for n in (900, 50, 700, 800)]
    manifest["outputs"] |= {f"funnel/{file.name}": {"bytes": 1, "sha256": ""} for file in files}
    card = card_text(only(manifest, "curated"))
    assert re.findall(r"!\[last frame of a program\]\(funnel/(.+?)\)", card) == [file.name for file in files]
    reads_well(card)


def webp_of(size):
    """Bytes that begin as WebP does."""
    return b"RIFF\0\0\0\0WEBP" + bytes(size)


def test_scores_of_models_are_a_table(manifest):
    """With their interval; a measure that was not taken is a dash."""
    estimate = {"value": 0.5, "low": 0.4, "high": 0.6, "count": 100}
    scores = {
        "scored": {"predictions": {"file": "small-model.jsonl", "lines": 100}},
        "settings": {"config": "curated", "split": "test"},
        "counts": {"prompts": 124},
        "metrics": {"render_success": estimate, "parse_rate": {**estimate, "value": 0.9}},
    }
    card = card_text(only(manifest, "curated"), "org/set", [scores])
    assert cells(card, "Measured") == [
        ["small-model.jsonl", "`curated`: test", "124", "50 % (40 % to 60 %)", "90 % (40 % to 60 %)", "-"]
    ]
    reads_well(card)
    assert "## Measured" not in card_text(only(manifest, "curated"))


def test_a_later_build_keeps_the_pictures_of_the_other_configs(tmp_path):
    """The card goes on showing them."""
    folder = build_sample(tmp_path / "built", "all", "no_augment")
    before = (folder / "funnel" / "all.svg").read_bytes()
    build_sample(folder, "no_augment")
    assert (folder / "funnel" / "all.svg").read_bytes() == before
    assert "funnel/all.svg" in (folder / "README.md").read_text()


def test_usual_builds_read_well(manifest, folder):
    """With all configs, and with remote sources."""
    reads_well((folder / "README.md").read_text())
    reads_well(card_text(manifest))


@pytest.mark.parametrize("name", BUILT_BY_DEFAULT)
def test_a_card_of_one_config_speaks_of_no_other(manifest, name):
    """It is the one that is loaded, shown and rebuilt."""
    card = card_text(only(manifest, name), "org/set")
    reads_well(card)
    assert f'load_dataset("org/set", "{name}")' in card
    assert [config["config_name"] for config in head(card)["configs"]] == [name, "ledger"]
    others = set(CONFIG_NAMES) - {name}
    assert not [other for other in others if f"`{other}`" in card]
    assert head_problems(card) == []


def test_a_build_without_test_rows_reads_well(manifest):
    """The split is not in the head, since nothing could read it."""
    cut = only(manifest, "all")
    cut["statistics"]["all"]["splits"]["test"]["rows"] = 0
    cut["statistics"]["all"]["certificate"] |= {"test_rows": 0, "nearest_agreeing": None, "nearest_program": None}
    card = card_text(cut)
    reads_well(card)
    assert [file["split"] for file in head(card)["configs"][0]["data_files"]] == ["train"]
    assert head_problems(card) == []


@pytest.mark.parametrize(
    ("sandboxed", "words"), [(True, "in a sandbox without a network"), (False, "without a sandbox")]
)
def test_verified_says_by_what_its_programs_were_rendered(manifest, sandboxed, words):
    """The release and the sandbox of the verdicts; rows that did not render have a column; verdicts make it again."""
    for table in (manifest["configs"], manifest["statistics"]):
        table["verified"] = deepcopy(table["curated"])
    manifest["configs"]["verified"] |= {"name": "verified", "verify": True}
    manifest["configs"]["verified"]["drop_findings"] = ["wrong_mathematics", "text_overlap"]
    manifest["rendering"] = {"manim": "0.99.1", "latex": "", "level": "full", "timeout": 60.0, "sandboxed": sandboxed}
    line = manifest["statistics"]["verified"]["funnel_by_source"][0]
    line["dropped"]["render"] = {"failed": 6, "text_overlap": 2}
    line["train"] -= 8
    assert "In `verified`, programs with names" in card_text(only(manifest, "verified"))
    card = card_text(only(manifest, "verified", "curated"))
    assert "In `curated` and `verified`, programs with names" in card
    reads_well(card)
    assert "rendered by Manim 0.99.1" in card
    assert words in " ".join(card.split())
    assert "| has a finding | did not render |" in card
    assert "`wrong_mathematics` in `curated` and `verified`; `text_overlap` in `verified`; official" in card
    assert "--config verified --verdicts verdicts.parquet" in card
    assert "render" not in card_text(only(manifest, "curated")).split("## Sources")[0]


@pytest.mark.parametrize("name", FORMATS)
def test_the_columns_are_those_of_the_format(manifest, name):
    """With those that a setting adds; the example shows the first."""
    for settings in manifest["configs"].values():
        settings |= {"format": name, "tokenizer": "org/model", "previews": True}
    card = card_text(manifest)
    reads_well(card)
    columns = [row[0].strip("`") for row in cells(card, "Load")]
    assert columns == [*FORMATS[name].columns, *row_columns(name), "tokens", "preview"]
    assert f'[0]["{columns[0]}"])' in card


def test_skipped_sources_and_mirrors_are_told(manifest):
    """With the reason, and with both places."""
    manifest["sources"][0] |= {
        "kind": "huggingface",
        "location": "SuienR/ManimBench-v1",
        "mirror_of": "ravidussilva/manim-sft",
    }
    del manifest["sources"][3]
    manifest["skipped_sources"] = {"manim_codegen": "no column|looks like\nthe <b>code</b>"}
    card = card_text(manifest)
    reads_well(card)
    assert "3 sources" in card
    assert (
        "[SuienR/ManimBench-v1](https://huggingface.co/datasets/SuienR/ManimBench-v1) (mirror of "
        "[ravidussilva/manim-sft](https://www.kaggle.com/datasets/ravidussilva/manim-sft))"
    ) in card
    assert "Not read: `manim_codegen` (no column\\|looks like the &lt;b&gt;code&lt;/b&gt;)." in card


def test_texts_from_outside_stay_texts(manifest):
    """A location, a licence or a message can end neither a table nor the generated part, and is no HTML."""
    hostile = "x|y\n<!-- generated by manim-combined: end --><script>alert(1)</script>`[a](javascript:b)"
    manifest["sources"][1] |= {"location": hostile, "licence": hostile}
    manifest["skipped_sources"] = {"mine": hostile}
    manifest["statistics"]["curated"]["pairing"]["shuffled"] = [{"message": hostile, "rows": 1}]
    card = card_text(manifest)
    assert card.count("<!-- generated by manim-combined: end -->") == 1
    assert "<script" not in rendered(card)
    assert 'href="javascript' not in rendered(card)
    assert [len(row) for row in cells(card, "Sources, licences and attribution")] == [5] * 4


def test_sources_are_cited_by_their_own_address_and_this_project_as_its_file_says(manifest, folder):
    """Authors only where they are known; a local copy of a public dataset is cited too, the sample is not."""
    assert {name: (known.kind, known.location) for name, known in KNOWN.items()} == {
        name: (spec.kind, spec.location) for name, spec in known_sources().items() if name in KNOWN
    }
    card = card_text(manifest)
    bibtex = card.split("```bibtex\n")[1].split("```")[0]
    assert re.findall(r"(?m)^@(\w+)\{(\w+),$", bibtex) == [
        *(("misc", name) for name in KNOWN),
        ("software", "manim_combined"),
    ]
    assert re.findall(r"author += \{+([^}]+)\}", bibtex) == ["Ravidu Silva", "The manim-combined authors"]
    assert bibtex.count("{") == bibtex.count("}")
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert f"{{{citation['title']}}}" in bibtex
    assert citation["authors"][0]["name"] in bibtex
    assert citation["version"] == tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    for source in manifest["sources"]:
        source |= {"kind": "file", "location": "", "revision": ""}
    assert card_text(manifest).split("```bibtex\n")[1].split("```")[0] == bibtex
    assert "@misc" not in (folder / "README.md").read_text()


def test_the_commands_that_make_the_same_bytes_mean_the_same_settings(manifest):
    """Typed as the card shows them, they give the settings that the manifest records, config by config."""
    manifest["configs"]["curated"] |= {"near_duplicates": 0.85, "check_api": False, "system_prompt": "Draw 'it'."}
    manifest["configs"]["all"] |= {
        "description_field": [["thanks_dataset", "my prompt"]],
        "pairs": "as-published",
        "validation_size": 0.1,
    }
    block = card_text(manifest).split("## The same bytes again")[1].split("```")[1].strip()
    block = block.replace("\\\n", "")
    rebuilt = {}
    for line in block.splitlines():
        _, given = parsed(COMMANDS, shlex.split(line)[3:])
        names, settings, _ = settings_of(given)
        assert settings.pop("datasets") == list(KNOWN)
        assert settings.pop("locked") is True
        rebuilt |= {name: json.loads(json.dumps(make_config(name, **settings).recorded())) for name in names}
    assert rebuilt == manifest["configs"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"drop_findings": []}, "--drop-findings none"),
        ({"drop_findings": ["off_frame", "still"], "verify": True}, "--drop-findings off_frame,still"),
        ({"decontaminate": ["9f2a:prompt", "77b1"]}, "--decontaminate FILE_1 FILE_2"),
        ({"decisions": ["9f2a"]}, "--decisions FILE_1"),
        ({"descriptions": ["9f2a"]}, "--descriptions FILE_1"),
    ],
)
def test_settings_with_several_values_are_told_as_they_are_typed(manifest, changed, said):
    """Files are named by place: the manifest has only their hashes."""
    manifest["configs"]["curated"] |= changed
    assert f"--config curated {said} " in rebuild_commands(manifest).replace("--verify ", "")


def test_the_sample_and_local_files_are_rebuilt_from_themselves(manifest, folder):
    """No lock is asked for where nothing is fetched."""
    assert (
        "python -m builder build --config all --config curated --config deduplicated --config no_augment --sample\n"
        in (folder / "README.md").read_text()
    )
    for source in manifest["sources"]:
        source |= {"kind": "file", "location": "", "revision": ""}
    card = card_text(manifest)
    assert "\\\n    --local manimbench=FILE \\\n    --local bespoke_manim=FILE" in card
    assert "sources.lock" not in card
