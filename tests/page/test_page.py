"""The page without a browser: sound HTML, nothing from outside, the numbers of the tables."""

import csv
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml

from made_up_study import MadeUp, make_study
from study.config.study import load_study
from study.page.html import POLICY, SCRIPTS, script_json, template

HOSTILE = (
    "<img src=x onerror=document.title='run'>",
    "</script><script>document.title='run'</script>",
    "javascript:document.title='run'",
    '{{ 7 * 7 }} <!-- & " end',
)
VOID = {"br", "img", "input", "link", "meta"}


class Reader(HTMLParser):
    """The elements, texts and data of a page; fails on one that is not well-formed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.scripts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"an attribute of <{tag}> is repeated"
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> ends another element"

    def handle_data(self, data: str) -> None:
        (self.scripts if self.open and self.open[-1] == "script" else self.texts).append(data)


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert reader.open == []
    return reader


def data_of(text: str, id_: str = "study") -> Any:
    found = re.search(rf'<script type="application/json" id="{id_}">(.*?)</script>', text, re.S)
    assert found
    return json.loads(found[1])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, default_config: dict[str, Any]) -> MadeUp:
    config = default_config | {"dataset": "digits", "seeds": 2}
    config["variants"] = [dict(variant) for variant in config["variants"][:4]]
    for variant, label in zip(config["variants"], HOSTILE, strict=True):
        variant["label"] = label
    return make_study(tmp_path_factory.mktemp("made-up"), config, epochs=3)


@pytest.fixture(scope="module")
def text(made: MadeUp) -> str:
    return made.write_page().read_text(encoding="utf-8")


def test_the_page_is_well_formed(text: str) -> None:
    elements = read(text).elements
    ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
    outside = [name for name in ids if name != "opened-title"]  # one in each network's template
    assert len(outside) == len(set(outside))


def test_the_page_loads_nothing(text: str) -> None:
    for tag, attributes in read(text).elements:
        for name in ("src", "href", "action", "data", "poster", "srcset"):
            address = attributes.get(name)
            assert address is None or address.startswith(("#", "data:")), (tag, address)
        assert not any(name.startswith("on") for name in attributes)
    style = re.search(r"<style>(.*?)</style>", text, re.S)
    assert style
    assert "url(" not in style[1]
    assert "@import" not in style[1]


def test_the_policy_comes_first_and_allows_only_the_pages_scripts(text: str) -> None:
    metas = [attributes for tag, attributes in read(text).elements if tag in ("meta", "script")]
    policy = metas[1]["content"]
    assert policy
    assert metas[1]["http-equiv"] == "Content-Security-Policy"
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe-eval" not in policy
    assert policy.count("sha256-") == 2
    assert "script-src {scripts};" in POLICY


def test_hostile_labels_are_texts(text: str, made: MadeUp) -> None:
    reader = read(text)
    shown = "".join(reader.texts)
    assert all(label in shown for label in HOSTILE)
    assert not [attributes for tag, attributes in reader.elements if tag == "img"]
    scripts = [attributes for tag, attributes in reader.elements if tag == "script"]
    assert sum("type" not in attributes for attributes in scripts) == 2
    assert [network["label"] for network in data_of(text)["networks"]] == list(HOSTILE)


def test_json_cannot_end_its_script() -> None:
    content = {"</script>": ["<!--", "&amp;", float("nan"), float("inf"), 1.5]}
    written = script_json(content)
    assert "<" not in written
    assert json.loads(written) == {"</script>": ["<!--", "&amp;", None, None, 1.5]}


def test_the_numbers_are_those_of_the_csv_files(text: str, made: MadeUp) -> None:
    data = data_of(text)
    with (made.folder / "comparisons.csv").open(encoding="utf-8") as file:
        comparisons = list(csv.DictReader(file))
    assert len(data["contrasts"]) == len(comparisons) > 0
    for found, row in zip(data["contrasts"], comparisons, strict=True):
        for name, cell in row.items():
            expected = found[name]
            if isinstance(expected, int | float):
                assert float(cell) == expected
            else:
                assert cell == (expected or "")
    for network, figures in zip(data["networks"], made.summary().rows, strict=True):
        assert network["accuracy"] == figures.accuracy
        assert f"{figures.accuracy:.2%} ± {figures.accuracy_sd:.2%}" in text


def test_differences_of_the_seeds_have_the_mean_of_the_table(text: str) -> None:
    for contrast in data_of(text)["contrasts"]:
        points = contrast["points"].values()
        assert len(points) == contrast["n"]
        assert sum(points) / len(points) == pytest.approx(contrast["difference"], abs=1e-4)


def test_a_page_without_details_links_to_the_files(made: MadeUp) -> None:
    text = made.write_page(details=False).read_text(encoding="utf-8")
    assert "data-details" not in re.sub(r"<script>.*?</script>", "", text, flags=re.S)
    assert len(data_of(text)["runs"]) == 8


def test_a_failed_run_has_its_reason(tmp_path: Path, default_config: dict[str, Any]) -> None:
    config = default_config | {"dataset": "digits", "seeds": 2, "incomplete": "mark"}
    config["variants"] = config["variants"][:2]
    made = make_study(tmp_path / "made-up", config, epochs=3)
    *finished, last = made.runs
    folder = made.folder / "runs" / last.variant / f"seed-{last.seed}"
    (folder / "failed.json").write_text('{"error": "loss is NaN <b>"}', encoding="utf-8")
    kept = MadeUp(made.folder, config, made.study, finished)
    text = kept.write_page().read_text(encoding="utf-8")
    assert "loss is NaN &lt;b&gt;" in text
    assert "1 of 2 seeds" in text
    assert "Runs are missing or failed of" in text


def test_no_script_assigns_to_a_constant_of_another() -> None:
    """The scripts are one, which a linter that looks at each file alone cannot know."""
    scripts = "\n".join(template(name) for name in SCRIPTS)
    constants = re.findall(r"^const (\w+) =", scripts, re.M)
    assert [name for name in constants if re.search(rf"^ +{name} =[^=>]", scripts, re.M)] == []


def test_the_configuration_of_the_page_makes_the_same_runs(
    made: MadeUp, default_config: dict[str, Any]
) -> None:
    copied = load_study(yaml.safe_load(made.configuration()))
    assert [run.definition for run in copied.runs] == [run.definition for run in made.study.runs]
    assert copied.contrasts == made.study.contrasts
    assert copied.verdict == made.study.verdict
    assert [variant.label for variant in copied.variants] == list(HOSTILE)
