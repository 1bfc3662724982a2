"""The page in Chromium, with the network blocked. `make test-browser` runs these."""

import csv
import os
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from conftest import ROOT
from made_up_study import MadeUp, make_study

pytestmark = pytest.mark.browser

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
HOSTILE = "<img src=x onerror=document.title='run'></script> javascript:alert(1)"


def need(condition: bool, reason: str) -> None:
    """Skip the tests, or fail them where a browser is demanded."""
    if not condition and os.environ.get("REQUIRE_BROWSER"):
        pytest.fail(reason)
    if not condition:
        pytest.skip(reason)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    need(CHROMIUM is not None, "no Chromium; `apt-get install chromium`")
    need(find_spec("playwright") is not None, "no playwright in this environment")
    from playwright import sync_api as playwright

    with playwright.sync_playwright() as started:
        # Chromium's sandbox does not start as root.
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, default_config: dict[str, Any]) -> MadeUp:
    config = default_config | {"dataset": "digits", "seeds": 2}
    config["variants"] = [dict(variant) for variant in config["variants"][:6]]
    config["variants"][1]["label"] = HOSTILE
    found = make_study(tmp_path_factory.mktemp("made-up"), config, epochs=4)
    found.write_page()
    return found


class Visit:
    """A page opened without a network, which notes what should not happen."""

    def __init__(self, context: Any, address: str) -> None:
        self.page = context.new_page()
        self.problems: list[str] = []
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("request", self._request)
        self.page.goto(address)
        self.drawn()

    def _note(self, message: Any) -> None:
        if message.type == "error":
            self.problems.append(message.text)

    def _request(self, request: Any) -> None:
        if not request.url.startswith(("file:", "data:", "blob:")):
            self.problems.append(f"request: {request.url}")

    def drawn(self) -> None:
        self.page.wait_for_selector("html[data-drawn]", state="attached", timeout=60_000)
        self.page.evaluate("drawing")

    def fragment(self) -> str:
        return str(self.page.evaluate("location.hash"))

    def visible(self) -> list[str]:
        return list(
            self.page.eval_on_selector_all(
                "#network-table tbody tr:not([hidden])", "rows => rows.map(r => r.dataset.id)"
            )
        )

    def networks_of(self, figure: str) -> set[str]:
        """The networks in a figure's data."""
        script = (
            "name => views.get(document.querySelector(`figure[data-figure=${name}]`))"
            ".datasets[name === 'curves' ? 'epochs' : 'networks'].map(row => row.network)"
        )
        return set(self.page.evaluate(script, figure))


@pytest.fixture
def visit(browser: Any, made: MadeUp) -> Iterator[Any]:
    context = browser.new_context(offline=True, viewport={"width": 1200, "height": 900})
    visits: list[Visit] = []

    def go(fragment: str = "", page: Path = made.folder / "report.html") -> Visit:
        visits.append(Visit(context, page.as_uri() + fragment))
        return visits[-1]

    yield go
    context.close()
    assert [problem for found in visits for problem in found.problems] == []


def test_all_figures_are_drawn(visit: Any) -> None:
    page = visit().page
    figures = page.locator("main > section figure")
    assert figures.count() == 4
    assert page.locator("main > section figure .plot svg").count() == 4


def test_a_heading_sorts_its_table(visit: Any, made: MadeUp) -> None:
    found = visit()
    heading = found.page.locator("#network-table th[data-key=accuracy] button")
    heading.click()
    rows = sorted(made.summary().rows, key=lambda row: -(row.accuracy or 0))
    assert found.visible()[0] == rows[0].id
    assert found.visible()[-1] == rows[-1].id
    heading.click()
    assert found.visible()[0] == rows[-1].id
    assert "sort-networks=accuracy%3Aascending" in found.fragment()


def test_search_and_levels_filter(visit: Any) -> None:
    found = visit()
    found.page.fill("#search", "no-dropout")
    assert all("no-dropout" in id_ for id_ in found.visible())
    assert found.visible()
    found.page.fill("#search", "")
    found.page.select_option("[data-factor=depth]", "5")
    assert found.visible() == ["conv5-k3", "conv5-k5"]


def test_a_column_hides(visit: Any) -> None:
    found = visit()
    found.page.click("details.columns summary")
    found.page.uncheck("[data-column=parameters]")
    assert not found.page.locator("th[data-key=parameters]").is_visible()
    assert "hidden=parameters" in found.fragment()


def test_a_network_alone_in_every_figure(visit: Any) -> None:
    found = visit()
    found.page.locator("tr[data-id=conv3-k5] .only").click()
    found.page.evaluate("drawing")
    assert found.networks_of("curves") == found.networks_of("accuracy") == {"conv3-k5"}
    found.page.click("#show-all")
    found.page.evaluate("drawing")
    assert len(found.networks_of("curves")) == 6


def test_the_legend_hides_and_isolates(visit: Any) -> None:
    found = visit()
    chip = found.page.locator("#legend button[data-id=conv3-k3]")
    chip.click()
    found.page.evaluate("drawing")
    assert "conv3-k3" not in found.networks_of("curves")
    assert chip.get_attribute("aria-pressed") == "false"
    chip.dblclick()
    found.page.evaluate("drawing")
    assert found.networks_of("time") == {"conv3-k3"}


def test_a_view_is_an_address(visit: Any) -> None:
    fragment = "#shown=conv3-k3,conv5-k3&search=k3&open=conv5-k3&seed=2&metric=val_loss&log=1"
    found = visit(fragment)
    assert found.visible() == ["conv3-k3", "conv5-k3"]
    assert found.networks_of("curves") == {"conv3-k3", "conv5-k3"}
    assert found.page.locator("#opened-title").inner_text().endswith("(conv5-k3)")
    assert found.page.locator(".seed").input_value() == "2"
    assert found.page.locator("#metric").input_value() == "val_loss"
    assert found.page.locator("#log").is_checked()


def test_an_unknown_address_opens_the_page(visit: Any) -> None:
    found = visit("#open=nothing&metric=%3Cb%3E&shown=&sort-networks=x:y&level-z=1")
    assert len(found.visible()) == 6


def test_a_network_opens_with_its_runs_and_closes_by_the_back_button(visit: Any) -> None:
    found = visit()
    found.page.locator("tr[data-id=conv3-k3] .open").focus()
    found.page.keyboard.press("Enter")
    opened = found.page.locator("article.network")
    opened.locator("figure[data-figure=kernels] svg").wait_for()
    assert opened.locator("figure .plot svg").count() == 5
    assert opened.locator(".mistakes img").count() > 0
    assert found.page.evaluate("document.activeElement.id") == "opened-title"
    found.page.go_back()
    opened.wait_for(state="detached")


def test_figures_and_their_data_can_be_saved(visit: Any, made: MadeUp) -> None:
    figure = visit().page.locator("figure[data-figure=accuracy]")
    saved = {}
    for kind in ("svg", "png", "csv"):
        with figure.page.expect_download() as download:
            figure.locator(f"[data-save={kind}]").click()
        saved[kind] = Path(download.value.path()).read_bytes()
    assert saved["svg"].startswith(b"<svg")
    assert saved["png"].startswith(b"\x89PNG")
    networks = saved["csv"].decode().split("\n\n")[0].splitlines()
    rows = {row["network"]: row for row in csv.DictReader(networks)}
    for row in made.summary().rows:
        assert float(rows[row.id]["percent"]) == pytest.approx(100 * (row.accuracy or 0), rel=1e-12)


def test_hostile_labels_are_texts(visit: Any) -> None:
    page = visit("#open=conv3-k5").page
    assert HOSTILE in page.locator("tr[data-id=conv3-k5] .label").inner_text()
    assert HOSTILE in page.locator("#opened-title").inner_text()
    assert page.title() != "run"


def test_dark_and_print(visit: Any, browser: Any) -> None:
    page = visit().page
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.click("#theme")
    page.evaluate("drawing")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    page.emulate_media(media="print")
    assert not page.locator(".filters").is_visible()
    assert len(page.pdf()) > 10_000


@pytest.mark.parametrize("width", [320, 800, 1400])
def test_no_width_needs_scrolling_sideways(visit: Any, width: int) -> None:
    page = visit().page
    page.set_viewport_size({"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(visit: Any, theme: str) -> None:
    need(find_spec("axe_playwright_python") is not None, "no axe in this environment")
    from axe_playwright_python import sync_playwright as axe

    page = visit("#open=conv3-k3").page
    page.locator("figure[data-figure=kernels] svg").wait_for()
    if theme == "dark":
        page.click("#theme")
    page.evaluate("document.querySelectorAll('details').forEach(found => found.open = true)")
    found = axe.Axe().run(page).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []


def test_the_page_of_the_demo(visit: Any) -> None:
    demo = Path("results/digits/report.html").resolve()
    if not demo.is_file() or not (demo.parent / "summary.csv").is_file():
        pytest.skip("no finished demo; `make demo`")
    with (demo.parent / "summary.csv").open(encoding="utf-8") as file:
        expected = {row["id"]: row["accuracy"] for row in csv.DictReader(file)}
    found = visit(page=demo)
    shown = found.page.evaluate("study.networks.map(row => [row.id, row.accuracy])")
    assert {id_: value for id_, value in shown if value is not None} == {
        id_: float(cell) for id_, cell in expected.items() if cell
    }


def test_interactions_of_factors(
    visit: Any, tmp_path: Path, default_config: dict[str, Any]
) -> None:
    controlled = yaml.safe_load((ROOT / "config" / "controlled.yaml").read_text(encoding="utf-8"))
    config = default_config | controlled | {"dataset": "digits", "seeds": 1}
    made = make_study(tmp_path, config, epochs=2, details=False)
    found = visit(page=made.write_page(details=False))
    figure = found.page.locator("figure[data-figure=interaction]")
    assert figure.locator(".plot svg").count() == 1
    found.page.select_option("#across", "dropout")
    found.page.select_option("#along", "kernel")
    found.page.evaluate("drawing")
    assert "along=kernel" in found.fragment()
    assert figure.locator(".role-legend").count() == 1
