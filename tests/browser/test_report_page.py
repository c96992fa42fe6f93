"""The report in a real browser: what people do with it, and what hostile rows cannot."""

import re

import pytest

from builder.publish.build_folder import build_dataset
from builder.report.write import report_folder
from tests.report_folders import exported, many_rows, webp, with_verdicts
from tests.rows import SOURCES, circles, config_of, scene

pytestmark = pytest.mark.browser

SCRIPT = "<script>document.title = 'caught'</script>"
HOSTILE = [
    (f"Draw a box {SCRIPT} and wait", scene("Square()") + f"  # </script>{SCRIPT}"),
    ("Draw ]]> and <!-- and --> <img src=x onerror=\"document.title='caught'\">", scene("Circle()") + "  # ]]><!--"),
    ("Draw \u2028 a \u2029 line \u202e backwards \u2066 \u0007 \ufeff", scene("Line()") + "  # \u202e\u2028"),
    ("Draw " + "a very long word " * 50_000, scene("Dot()") + "  # " + "x" * 900_000),
    ("Draw {{ 7 * 7 }} and {% raw %} &amp; ' \" `", scene("Arc()") + "  # </style></title></textarea>"),
]


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """The report of four small sources that overlap."""
    return exported(tmp_path_factory.mktemp("report"), SOURCES) / "report.html"


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """The report of sixty rows of which two have thumbnails, one of them no picture at all."""
    folder = many_rows(tmp_path_factory.mktemp("pictures") / "out", 60)
    codes = [scene(f"Circle(radius={n})") + "\n        self.wait()" * n for n in (3, 7)]
    verdicts = {codes[0]: ("passed", webp((200, 90, 40))), codes[1]: ("blank", b"<svg onload=alert(1)>")}
    report_folder(with_verdicts(folder, verdicts))
    return folder / "report.html"


def test_search_finds_words_of_prompts_and_of_programs(opened, report):
    """Whatever their case; what nothing holds is said to be nowhere."""
    page = opened(report)
    page.page.wait_for_selector("html[data-ready]")

    page.page.fill("#q", "RADIUS 77")
    page.status("1 to 1 of 1 rows")
    page.page.fill("#q", "circle(radius=33)")
    page.status("1 to 1 of 1 rows")
    page.page.fill("#q", "no such thing")
    page.status("No row is like this")


def test_filters_narrow_the_list_together(opened, report):
    """Source, split and outcome; the list holds only what all of them let through."""
    page = opened(report)

    page.page.select_option("#f-source", label="manimbench")
    page.status("of 30 rows")
    page.page.select_option("#f-split", label="test")
    page.page.select_option("#f-outcome", label="kept")
    page.status("1 to 4 of 4 rows")
    assert page.page.locator(".where").all_inner_texts() == ["kept in test"] * 4


def test_pages_are_turned_to_the_last_and_back(opened, report):
    """Buttons that lead nowhere are off."""
    page = opened(report)

    assert page.page.is_disabled("#previous") and page.page.is_enabled("#next")
    page.page.click("#next")
    page.status("26 to 50 of")
    page.page.click("#last")
    assert page.page.is_disabled("#next")
    page.page.click("#first")
    page.status("1 to 25 of")


def test_an_opened_row_shows_its_prompt_and_its_program_in_colours(opened, report):
    """And what became of the row."""
    page = opened(report)

    page.page.locator(".row summary").first.click()
    page.page.wait_for_selector(".row .body")
    assert "Draw a circle of radius 1" in page.text(".row .body")
    assert page.page.locator(".row pre.code .k").first.inner_text() == "from"
    assert page.page.locator(".row pre.code .nc").all_inner_texts()[-1] == "Circle"


COLOURED = """class A(Scene):  # one
    x = f'#{2}' + \"\"\"y
# z\"\"\" + été1 * 0x1f
    @wraps
    def go(self): return None if iffy else 'open
"""


def test_programs_have_their_colours_and_lose_nothing(opened, report):
    """A sign for a comment within a string is no comment, half a string ends with its line, and other letters stay."""
    page = opened(report)

    pieces, text = page.page.evaluate(
        """(code) => {
            const box = document.createElement("pre");
            box.append(coloured(code));
            return [[...box.children].map((part) => [part.className, part.textContent]), box.textContent];
        }""",
        COLOURED,
    )
    assert text == COLOURED
    assert [tuple(piece) for piece in pieces] == [
        *(("k", "class"), ("nc", "A"), ("nc", "Scene"), ("c", "# one")),
        *(("s", "f'#{2}'"), ("s", '"""y\n# z"""'), ("m", "0x1f"), ("nd", "@wraps")),
        *(("k", "def"), ("nf", "go"), ("kc", "self"), ("k", "return"), ("kc", "None"), ("k", "if"), ("k", "else")),
        ("s", "'open"),
    ]


def test_a_link_to_a_row_opens_it(opened, report):
    """From an example of a reason to the row in full."""
    page = opened(report)

    page.page.locator("#reasons .reason summary").first.click()
    link = page.page.locator("#reasons .example .id").first
    name = link.inner_text()
    link.click()
    page.page.wait_for_selector(".row[open] .body .tools")
    assert page.text(".row[open] .id") == name


def test_the_theme_follows_the_system_until_a_person_chooses(opened, report):
    """Light and dark are different, and what is chosen stays after the page is loaded again."""
    background = "getComputedStyle(document.body).backgroundColor"
    light, dark = opened(report), opened(report, dark=True)
    colours = [page.page.evaluate(background) for page in (light, dark)]
    assert colours[0] != colours[1]

    light.page.click("#theme")
    light.page.click("#theme")
    assert light.page.evaluate(background) == colours[1]
    light.page.reload()
    assert light.page.evaluate(background) == colours[1]


@pytest.mark.parametrize("dark", [False, True])
def test_texts_can_be_read_on_their_backgrounds(opened, report, dark):
    """Contrast of at least 4.5 to 1 (WCAG AA) for every colour of text on the backgrounds that it stands on."""
    page = opened(report, dark=dark)

    ratios = page.page.evaluate(_CONTRASTS)
    assert min(ratios.values()) >= 4.5, ratios


def test_a_phone_scrolls_down_and_not_sideways(opened, report):
    """With reasons, pairs and a row opened."""
    page = opened(report, width=360)

    page.page.evaluate("document.querySelectorAll('details').forEach((item) => (item.open = true))")
    page.page.wait_for_selector(".row .body")
    assert page.page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.page.is_visible(".flow .narrow svg") and not page.page.is_visible(".flow .wide svg")


def test_all_can_be_done_by_the_keyboard(opened, report):
    """Skip to the report, find a row, open it, turn a page; what has the focus can be seen."""
    page = opened(report)
    keys = page.page.keyboard
    focused = "document.activeElement.id || document.activeElement.tagName + ' ' + document.activeElement.textContent"

    keys.press("Tab")
    assert page.page.evaluate(focused) == "A To the report"
    for _ in range(7):
        keys.press("Tab")
    assert page.page.evaluate(focused) == "q"
    keys.press("Tab")
    assert page.page.evaluate(focused) == "theme"
    assert page.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    keys.press("Enter")
    assert page.page.get_attribute("html", "data-theme") == "light"

    page.page.focus("#q")
    keys.type("radius 88")
    page.status("1 to 1 of 1 rows")
    page.page.focus("#by")
    while page.page.evaluate("document.activeElement.tagName") != "SUMMARY":
        keys.press("Tab")
    keys.press("Enter")
    page.page.wait_for_selector(".row[open] .body")


def test_nothing_moves_for_those_who_ask_for_it(opened, report):
    """No transition is left."""
    page = opened(report)
    page.page.emulate_media(reduced_motion="reduce")

    name = "getComputedStyle(document.querySelector('.reason .name'), '::before').transitionDuration"
    assert page.page.evaluate(name) == "0s"


def test_thumbnails_are_made_when_they_are_seen_and_only_of_pictures(opened, pictures):
    """The gallery shows the one that is WebP; the other row has none."""
    page = opened(pictures)

    assert page.page.locator("img").count() == 0
    page.page.check("#f-gallery")
    page.status("1 to 1 of 1 rows")
    page.page.locator(".gallery img[src]").wait_for(timeout=5_000)
    assert page.page.locator(".gallery img").evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 64
    page.page.locator(".gallery button").click()
    page.page.wait_for_selector(".row[open] .body img")


def test_verdicts_can_be_filtered(opened, pictures):
    """By the word of the verdict."""
    page = opened(pictures)

    page.page.select_option("#f-verdict", label="blank")
    page.status("1 to 1 of 1 rows")
    assert page.text(".row .where") == "kept in train, blank"


def test_hostile_texts_are_text(opened, tmp_path):
    """They run nothing, break nothing, and stand there as they were written; what is invisible is named."""
    folder = exported(tmp_path, {"bespoke_manim": [*circles(1, 20), *HOSTILE]}, "all")
    page = opened(folder / "report.html")
    page.page.wait_for_selector("html[data-ready]")

    page.page.evaluate("document.querySelectorAll('details').forEach((item) => (item.open = true))")
    page.page.fill("#q", "document.title")
    page.status("of 2 rows")
    for row in page.page.locator(".row summary").all():
        row.click()
    page.page.wait_for_selector(".row:last-child .body .prompt")
    assert SCRIPT in page.text("#list")
    assert page.page.title().startswith("Report of all")
    page.page.fill("#q", "backwards")
    page.status("1 to 1 of 1 rows")
    page.page.locator(".row summary").click()
    page.page.wait_for_selector(".row .body")
    assert re.search(r"⟨U\+202E⟩ backwards ⟨U\+2066⟩", page.text(".row .prompt"))
    assert page.page.locator("body script:not([type])").count() == 1


def test_what_is_shown_stands_in_the_address_and_comes_back_from_there(opened, report):
    """Filters, order and the open row."""
    page = opened(report)
    page.page.select_option("#f-source", label="bespoke_manim")
    page.page.select_option("#f-sort", label="long programs first")
    page.page.locator(".row summary").nth(2).click()
    page.page.wait_for_selector(".row[open] .tools")
    open_row, listed = page.text(".row[open] .id"), page.page.locator(".row .id").all_inner_texts()

    again = opened(report, at="#" + page.page.url.partition("#")[2])

    again.page.wait_for_selector(".row[open] .tools")
    assert again.page.input_value("#f-source") == "bespoke_manim"
    assert again.text(".row[open] .id") == open_row
    assert again.page.locator(".row .id").all_inner_texts() == listed


@pytest.mark.parametrize(
    ("place", "rows"),
    [
        ("#overview .wide .gone", "of 1 rows"),
        ("#overlap .matrix td a", "of 10 rows"),
        ("#coverage a[href*='Annulus']", "of 1 rows"),
    ],
)
def test_a_click_on_a_flow_a_cell_or_a_bar_opens_its_rows(opened, report, place, rows):
    """As many as it stands for."""
    page = opened(report)
    page.page.wait_for_selector("html[data-ready]")

    page.page.locator(place).first.dispatch_event("click")
    page.status(rows)


def test_a_click_on_a_step_of_a_histogram_opens_as_many_rows_as_it_counts(opened, report):
    """For each step of each source, prompts and programs; their title says how many."""
    page = opened(report)
    steps = page.page.locator("#lengths a").evaluate_all(
        "(all) => all.map((a) => [a.getAttribute('href'), a.querySelector('title').textContent])"
    )
    assert len(steps) > 8
    for address, title in steps:
        page.page.evaluate("(address) => (location.hash = address)", address)
        page.status(f"of {title.rsplit(': ', 1)[1]}")


def test_pages_of_all_configs_lead_to_one_another(opened, tmp_path):
    """Written by `report FOLDER`; each row has what became of it in that config."""
    sources = {"bespoke_manim": circles(1, 30)}
    build_dataset([config_of(tmp_path, sources, name) for name in ("curated", "all")], tmp_path / "out")
    report_folder(tmp_path / "out")
    page = opened(tmp_path / "out" / "report.html")

    page.page.locator(".configs a", has_text="all").click()
    page.page.wait_for_selector("#browser:not([hidden])")
    assert page.page.title().startswith("Report of all")
    page.page.fill("#q", "of radius 7")
    page.status("1 to 1 of 1 rows")
    page.page.locator(".row summary").click()
    page.page.wait_for_selector(".row .tools")
    page.page.locator(".configs a", has_text="curated").click()
    page.page.wait_for_selector("#browser:not([hidden])")
    assert page.page.title().startswith("Report of curated")


def test_ten_thousand_rows_stay_quick(opened, tmp_path):
    """Half a second from a letter typed to the list, with all texts searched."""
    folder = many_rows(tmp_path / "out", 10_000)
    report_folder(folder)
    page = opened(folder / "report.html")
    page.page.wait_for_selector("html[data-ready]", timeout=20_000)

    taken = page.page.evaluate(
        """() => {
          const start = performance.now();
          document.getElementById("q").value = "circle(radius=9";
          document.getElementById("f-source").dispatchEvent(new Event("change"));
          return performance.now() - start;
        }"""
    )
    page.status("of 1,111 rows")
    assert taken < 500


def test_rows_beside_the_page_are_fetched_when_they_are_opened(opened, tmp_path, monkeypatch):
    """From files in the folder beside it, one at a time."""
    monkeypatch.setattr("builder.report.browser.INLINE_ROWS", 500)
    folder = many_rows(tmp_path / "out", 900)
    report_folder(folder)
    page = opened(folder / "report.html")

    assert len(page.asked) == 1
    page.page.click("#last")
    page.page.locator(".row summary").last.click()
    page.page.wait_for_selector(".row .body")
    assert "Draw a circle of radius 899" in page.text(".row .body")
    assert [url.rpartition("/")[2] for url in page.asked] == ["report.html", "rows-2.js"]


_CONTRASTS = """() => {
  const style = getComputedStyle(document.documentElement);
  const canvas = document.createElement("canvas").getContext("2d");
  const light = (name) => {
    canvas.fillStyle = style.getPropertyValue(name).trim();
    const parts = canvas.fillStyle.match(/[0-9a-f]{2}/g).map((part) => parseInt(part, 16) / 255);
    const [r, g, b] = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = {};
  for (const text of ["ink", "muted", "accent", "good", "bad", "hk", "hs", "hc", "hf", "hm"])
    for (const ground of ["page", "panel", "soft"]) {
      const [a, b] = [light(`--${text}`), light(`--${ground}`)].sort((x, y) => y - x);
      found[`${text} on ${ground}`] = (a + 0.05) / (b + 0.05);
    }
  return found;
}"""
