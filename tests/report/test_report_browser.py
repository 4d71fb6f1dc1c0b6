"""The page in a real browser: headless Chromium, driven offline.

Nothing is installed here. Without Chromium, its driver or selenium the tests are
skipped and say what is missing; on Debian `apt-get install chromium chromium-driver`
and `pip install selenium` provide it.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from report_profiles import poisoned_profile

from audit.report import build_page

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-prefers-reduced-motion",
]
THEMES = ("light", "dark")


def missing() -> str:
    """Say what of browser, driver and selenium is not there."""
    lacking = [] if BROWSER else ["chromium"]
    lacking += [] if DRIVER else ["chromedriver (Debian: chromium-driver)"]
    try:
        import selenium  # noqa: F401
    except ImportError:
        lacking.append("selenium (pip install selenium)")
    return ", ".join(lacking)


pytestmark = pytest.mark.skipif(
    bool(missing()), reason=f"not installed here: {missing()}"
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = str(BROWSER)
    for flag in FLAGS:
        options.add_argument(flag)
    folder = tmp_path_factory.mktemp("browser")
    options.add_argument(f"--user-data-dir={folder}")
    logs = {"browser": "ALL", "performance": "ALL"}
    options.set_capability("goog:loggingPrefs", logs)
    service = Service(executable_path=str(DRIVER), log_output=os.devnull)
    driver = webdriver.Chrome(options=options, service=service)
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def pages(
    html_one: str, html_three: str, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("opened")
    found = {name: folder / f"{name}.html" for name in ("one", "three", "poisoned")}
    found["one"].write_text(html_one, "utf-8")
    found["three"].write_text(html_three, "utf-8")
    build_page([poisoned_profile(folder)], found["poisoned"])
    return found


def show(browser: Any, page: Path, width: int = 1280, theme: str = "light") -> None:
    """Open a page at a width, in the theme that the system asks for."""
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    media = {"features": [{"name": "prefers-color-scheme", "value": theme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    browser.get_log("browser")
    browser.get_log("performance")
    browser.get(page.as_uri())


def press(browser: Any, element: Any, *keys: str) -> None:
    """Focus an element without a pointer and press keys."""
    from selenium.webdriver.common.action_chains import ActionChains

    browser.execute_script("arguments[0].focus()", element)
    ActionChains(browser).send_keys(*keys).perform()


def column(browser: Any, table: str, place: int) -> list[str]:
    """Return the visible cells of a column, top down."""
    script = """
      const rows = [...document.getElementById(arguments[0]).tBodies[0].rows];
      return rows.filter(row => !row.hidden).map(row => {
        const cell = row.cells[arguments[1]];
        return cell.dataset.v ?? cell.textContent.trim();
      });"""
    found: list[str] = browser.execute_script(script, table, place)
    return found


def shot(browser: Any, out: Path) -> Path:
    """Write a picture of the whole page."""
    height = browser.execute_script("return document.documentElement.scrollHeight")
    width = browser.execute_script("return window.innerWidth")
    clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
    options = {"captureBeyondViewport": True, "clip": clip}
    result = browser.execute_cdp_cmd("Page.captureScreenshot", options)
    out.write_bytes(base64.b64decode(result["data"]))
    return out


@pytest.mark.parametrize("name", ["one", "three", "poisoned"])
def test_loads_without_complaint_or_request(
    browser: Any, pages: dict[str, Path], name: str
) -> None:
    show(browser, pages[name])
    assert browser.get_log("browser") == []
    asked = [
        message["params"]["request"]["url"]
        for entry in browser.get_log("performance")
        if (message := json.loads(entry["message"])["message"])["method"]
        == "Network.requestWillBeSent"
    ]
    assert asked == [pages[name].as_uri()]


def test_hostile_names_stay_text(browser: Any, pages: dict[str, Path]) -> None:
    show(browser, pages["poisoned"])
    assert browser.execute_script("return window.hacked === undefined")
    assert browser.execute_script("return document.images.length") == 0
    assert browser.execute_script("return document.scripts.length") == 1
    title = browser.find_element("tag name", "h1").text
    assert title.startswith("</script><script>window.hacked=1</script><img")


def test_policy_is_enforced(browser: Any, pages: dict[str, Path]) -> None:
    show(browser, pages["one"])
    browser.execute_script("""
      const script = document.createElement("script");
      script.textContent = "window.injected = 1";
      document.body.append(script);
      const image = new Image();
      image.onerror = () => { window.refused = 1; };
      image.src = "data:image/gif;base64,R0lGODlhAQABAAAAACw=";
      document.body.append(image);""")
    assert browser.execute_script("return window.injected === undefined")
    complaints = " ".join(entry["message"] for entry in browser.get_log("browser"))
    assert complaints.count("Content Security Policy") == 2


def test_sorts_by_keyboard(browser: Any, pages: dict[str, Path]) -> None:
    show(browser, pages["one"])
    heads = browser.find_elements("css selector", "#table-domains thead th")
    button = heads[3].find_element("tag name", "button")
    before = [float(text) for text in column(browser, "table-domains", 3)]
    assert before == sorted(before, reverse=True)
    press(browser, button, "\ue007")
    assert heads[3].get_attribute("aria-sort") == "descending"
    assert [float(text) for text in column(browser, "table-domains", 3)] == before
    press(browser, button, " ")
    assert heads[3].get_attribute("aria-sort") == "ascending"
    after = [float(text) for text in column(browser, "table-domains", 3)]
    assert after == sorted(before)
    press(browser, heads[0].find_element("tag name", "button"), "\ue007")
    names = column(browser, "table-domains", 0)
    numbers = [int(re.findall(r"\d+", name)[0]) for name in names]
    assert numbers == sorted(numbers), "site9 stands before site10"
    assert heads[3].get_attribute("aria-sort") == "none"
    sizes = [float(text) for text in column(browser, "table-domains", 3)]
    assert sorted(sizes) == sorted(before)


def test_searches_by_keyboard(browser: Any, pages: dict[str, Path]) -> None:
    show(browser, pages["three"])
    box = browser.find_element("id", "find-languages")
    status = box.find_element("xpath", "./following-sibling::span")
    total = len(column(browser, "table-languages", 1))
    press(browser, box, "FRANCAIS")
    assert column(browser, "table-languages", 1) == ["fra"]
    assert status.text == f"1 of {total} rows"
    press(browser, box, *["\ue003"] * 8)
    assert len(column(browser, "table-languages", 1)) == total
    press(browser, box, "العربية")
    assert column(browser, "table-languages", 1) == ["arb"]
    press(browser, box, *["\ue003"] * 7, "no such language")
    assert column(browser, "table-languages", 1) == []
    assert status.text == f"0 of {total} rows"


def test_theme_follows_the_system_and_the_button(
    browser: Any, pages: dict[str, Path]
) -> None:
    ground = "return getComputedStyle(document.body).backgroundColor"
    show(browser, pages["one"], theme="light")
    light = browser.execute_script(ground)
    button = browser.find_element("id", "theme")
    assert button.get_attribute("aria-pressed") == "false"
    press(browser, button, " ")
    dark = browser.execute_script(ground)
    assert dark != light
    assert button.get_attribute("aria-pressed") == "true"
    press(browser, button, "\ue007")
    assert browser.execute_script(ground) == light
    show(browser, pages["one"], theme="dark")
    assert browser.execute_script(ground) == dark
    press(browser, browser.find_element("id", "theme"), " ")
    assert browser.execute_script(ground) == light


def test_tabs_move_with_arrows(browser: Any, pages: dict[str, Path]) -> None:
    show(browser, pages["three"])
    tabs = browser.find_elements("css selector", "[aria-label=Corpus] [role=tab]")
    assert [tab.text for tab in tabs] == ["web", "新闻语料", "مدونة"]
    panes = [
        browser.find_element("id", tab.get_attribute("aria-controls")) for tab in tabs
    ]
    assert [pane.is_displayed() for pane in panes] == [True, False, False]
    press(browser, tabs[0], "\ue014")
    assert [pane.is_displayed() for pane in panes] == [False, True, False]
    assert browser.switch_to.active_element == tabs[1]
    press(browser, tabs[1], "\ue010")
    assert [pane.is_displayed() for pane in panes] == [False, False, True]
    assert [tab.get_attribute("tabindex") for tab in tabs] == ["-1", "-1", "0"]


def test_charts_speak_to_keyboard_and_pointer(
    browser: Any, pages: dict[str, Path]
) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    show(browser, pages["one"])
    tip = browser.find_element("id", "tip")
    chart = browser.find_element("css selector", "#languages svg.chart")
    marks = chart.find_elements("css selector", ".mark")
    press(browser, chart, "\ue014", "\ue014")
    assert tip.text == marks[1].get_attribute("aria-label")
    assert tip.get_attribute("role") == "status"
    press(browser, chart, "\ue00c")
    assert not tip.is_displayed()
    # Scrolling hides the tip, and is done two frames after it was asked for.
    browser.execute_async_script(
        "arguments[0].scrollIntoView({block: 'center'});"
        "requestAnimationFrame(() => requestAnimationFrame(arguments[1]))",
        chart,
    )
    ActionChains(browser).move_to_element(marks[0]).perform()
    assert tip.text == marks[0].get_attribute("aria-label")
    box = browser.execute_script(
        "const b = arguments[0].getBoundingClientRect();"
        "return [b.left, b.top, innerWidth - b.right, innerHeight - b.bottom]",
        tip,
    )
    assert min(box) >= 0, "the tip stays inside the window"


@pytest.mark.parametrize("width", [360, 768, 1280])
@pytest.mark.parametrize("name", ["one", "three", "poisoned"])
def test_page_is_never_wider_than_the_window(
    browser: Any, pages: dict[str, Path], name: str, width: int
) -> None:
    show(browser, pages[name], width)
    wide = browser.execute_script("return document.documentElement.scrollWidth")
    assert wide <= width


@pytest.mark.parametrize("theme", THEMES)
def test_text_stands_out_from_its_ground(
    browser: Any, pages: dict[str, Path], theme: str
) -> None:
    show(browser, pages["three"], theme=theme)
    # Contrast of every element with text of its own, by WCAG 2.2.
    script = """
      const rgb = text => text.match(/[\\d.]+/g).map(Number);
      const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
        .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
      const ground = node => {
        for (let at = node; at; at = at.parentElement) {
          const c = rgb(getComputedStyle(at).backgroundColor);
          if (c.length === 3 || c[3] === 1) return c;
        }
        return [255, 255, 255];
      };
      const found = [];
      for (const one of document.querySelectorAll("details")) one.open = true;
      for (const node of document.querySelectorAll("body *:not(script)")) {
        const own = [...node.childNodes].some(n => n.nodeType === 3 && n.data.trim());
        if (!own || node.closest("svg") || !node.checkVisibility()) continue;
        const a = light(rgb(getComputedStyle(node).color)), b = light(ground(node));
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (ratio < 4.5) {
          found.push(`${ratio.toFixed(2)} ${node.tagName}.${node.className} `
            + `${node.parentElement.className} ${node.textContent.slice(0, 30)}`);
        }
      }
      return [...new Set(found)];"""
    assert browser.execute_script(script) == []


def test_prints_every_corpus(browser: Any, pages: dict[str, Path]) -> None:
    show(browser, pages["three"])
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    panes = browser.find_elements("css selector", ".pane")
    assert len(panes) == 9
    assert all(pane.is_displayed() for pane in panes)
    assert not browser.find_element("css selector", "header.top").is_displayed()
    printed = browser.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert base64.b64decode(printed["data"]).startswith(b"%PDF")


@pytest.mark.parametrize("width", [390, 1280])
def test_pictures_of_both_themes(
    browser: Any, pages: dict[str, Path], tmp_path: Path, width: int
) -> None:
    pictures = []
    for theme in THEMES:
        show(browser, pages["three"], width, theme)
        out = shot(browser, tmp_path / f"three-{width}-{theme}.png")
        pictures.append(out.read_bytes())
    assert all(len(picture) > 50_000 for picture in pictures)
    assert pictures[0] != pictures[1]


@pytest.mark.parametrize("name", ["one", "three", "poisoned"])
def test_evidence_opens_side_by_side(
    browser: Any, pages: dict[str, Path], name: str
) -> None:
    script = """
      for (const one of document.querySelectorAll("details.evidence")) {
        if (one.checkVisibility()) one.querySelector("summary").click();
      }
      const box = node => node.getBoundingClientRect();
      return [...document.querySelectorAll(".twins")].map(twins => {
        const [a, b] = twins.querySelectorAll(":scope > div");
        return [box(a).top === box(b).top, box(b).left >= box(a).right,
          box(b).top >= box(a).bottom, box(a).height > 20];
      });"""
    for width, beside in ((1280, True), (400, False)):
        show(browser, pages[name], width)
        placed = browser.execute_script(script)
        assert placed
        assert {tuple(one) for one in placed} == {(beside, beside, not beside, True)}
        wide = browser.execute_script("return document.documentElement.scrollWidth")
        assert wide <= width
    directions = browser.execute_script(
        "return [...document.querySelectorAll('.twins .text')]"
        ".map(text => [text.textContent.trim().slice(0, 5), "
        "getComputedStyle(text).direction])"
    )
    if name != "poisoned":
        assert {tuple(one) for one in directions} == {
            ("The f", "ltr"),
            ("تغادر", "rtl"),
        }


def test_charts_fit_a_narrow_page(browser: Any, pages: dict[str, Path]) -> None:
    # Drawn a second time for it: nothing of a bar is hidden beyond an edge.
    script = """
      return [...document.querySelectorAll(".frame svg.slim, .frame svg.wide")]
        .filter(chart => chart.checkVisibility())
        .map(chart => [chart.classList.contains("slim"),
          chart.getBoundingClientRect().right - chart.parentElement
            .getBoundingClientRect().right, chart.viewBox.baseVal.width]);"""
    for width, slim in ((400, True), (1280, False)):
        show(browser, pages["three"], width)
        drawn = browser.execute_script(script)
        assert len(drawn) >= 4
        assert {one[0] for one in drawn} == {slim}
        assert max(one[1] for one in drawn) <= 1
    # Text of a slim drawing is not shrunk below nine tenths of its size.
    show(browser, pages["three"], 400)
    assert all(one[2] <= 368 / 0.9 for one in browser.execute_script(script))


@pytest.mark.parametrize("width", [360, 400, 1280])
def test_map_is_whole(browser: Any, pages: dict[str, Path], width: int) -> None:
    show(browser, pages["three"], width)
    script = """
      const map = document.querySelector(".map"), frame = map.parentElement;
      const box = map.getBoundingClientRect();
      return [frame.scrollWidth - frame.clientWidth, innerWidth - box.right, box.left,
        map.querySelector("circle").getBoundingClientRect().width];"""
    hidden, right, left, circle = browser.execute_script(script)
    assert hidden == 0
    assert min(right, left) >= 0
    # Small countries can still be seen, and touched.
    assert circle >= 4


def test_heat_map_scrolls_beside_its_languages(
    browser: Any, pages: dict[str, Path]
) -> None:
    show(browser, pages["three"], 400)
    script = """
      const scroll = document.querySelector("#sheet-matrix-1 .scroll");
      const head = scroll.querySelector("tbody th");
      const last = head.parentElement.lastChild;
      scroll.scrollLeft = scroll.scrollWidth;
      const edge = scroll.getBoundingClientRect();
      return [head.getBoundingClientRect().left - edge.left,
        edge.right - last.getBoundingClientRect().right,
        head.getBoundingClientRect().width / edge.width,
        scroll.tabIndex];"""
    left, right, part, tab = browser.execute_script(script)
    assert 0 <= left <= 2
    assert 0 <= right <= 2
    assert part < 0.6
    assert tab == 0


AXE = os.environ.get("AXE_CORE", "node_modules/axe-core/axe.min.js")


@pytest.mark.skipif(
    not Path(AXE).exists(),
    reason="no axe-core: npm install --no-save axe-core, or AXE_CORE=axe.min.js",
)
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", [400, 1280])
@pytest.mark.parametrize("name", ["one", "three", "poisoned"])
def test_axe_finds_no_barrier(
    browser: Any, pages: dict[str, Path], name: str, width: int, theme: str
) -> None:
    show(browser, pages[name], width, theme)
    source = {"expression": Path(AXE).read_text("utf-8")}
    browser.execute_script(
        "for (const d of document.querySelectorAll('details')) d.open = true"
    )
    browser.execute_cdp_cmd("Runtime.evaluate", source)
    browser.set_script_timeout(120)
    found = browser.execute_async_script(
        "axe.run(document, {resultTypes: ['violations']})"
        ".then(arguments[arguments.length - 1])"
    )
    assert [(v["id"], v["nodes"][0]["html"]) for v in found["violations"]] == []
    assert len(found["passes"]) > 30
