"""Pictures of the report, in both themes and on a phone: `python -m benchmarks.screenshots [FOLDER]`.

Opens the report of a built or exported folder, or of the bundled sample if none is named, in Debian's Chromium, and
writes one PNG for each section, theme and width. With `--picture FILE` also one small WebP of the first screen, light
beside dark: `docs/report.webp` is made so, from the sample. Needs `pip install '.[browser]'` and the package chromium.
"""

import argparse
import io
import tempfile
from pathlib import Path
from typing import Any

from builder.config import make_config
from builder.publish.export import export

CHROMIUM = "/usr/bin/chromium"
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
SECTIONS = ("overview", "reasons", "overlap", "lengths", "teaches", "rows")
WIDTHS = {"desk": 1280, "phone": 390}
HEIGHT = 900
SHOWN = 840
"""Pixels of the height of a first screen that the small picture shows."""
PICTURE_BYTES = 200_000
"""At the most, of a picture for the README."""
_OPEN = {
    "reasons": "document.querySelector('#reasons .reason').open = true",
    "overlap": "document.querySelector('#overlap .reason').open = true",
    "rows": "document.querySelectorAll('.row')[1].open = true",
}
"""What is opened in a section before it is taken."""


def take(report: Path, folder: Path) -> list[Path]:
    """Write all pictures of a report into a folder; returns them."""
    from playwright.sync_api import sync_playwright

    folder.mkdir(parents=True, exist_ok=True)
    taken = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        for theme in ("light", "dark"):
            for name, width in WIDTHS.items():
                context = browser.new_context(viewport={"width": width, "height": HEIGHT}, color_scheme=theme)
                page = context.new_page()
                page.goto(report.resolve().as_uri())
                page.wait_for_selector("#browser:not([hidden])")
                for section in SECTIONS:
                    taken.append(folder / f"{section}-{name}-{theme}.png")
                    _take_section(page, section, taken[-1])
                context.close()
        browser.close()
    return taken


def _take_section(page: Any, section: str, path: Path) -> None:
    if section in _OPEN:
        page.evaluate(_OPEN[section])
        page.wait_for_timeout(200)
    page.evaluate(
        f"window.scrollTo(0, 0); '{section}' === 'overview' || document.getElementById('{section}').scrollIntoView()"
    )
    page.wait_for_timeout(200)
    page.screenshot(path=str(path))


def side_by_side(light: Path, dark: Path, picture: Path) -> int:
    """Write one small picture of two; returns its bytes."""
    from PIL import Image

    halves = [Image.open(path).convert("RGB") for path in (light, dark)]
    both = Image.new("RGB", (sum(half.width for half in halves), halves[0].height))
    both.paste(halves[0], (0, 0))
    both.paste(halves[1], (halves[0].width, 0))
    both = both.crop((0, 0, both.width, SHOWN))
    small = both.resize((both.width * 5 // 8, both.height * 5 // 8), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=82, method=6)
    if buffer.tell() > PICTURE_BYTES:
        raise SystemExit(f"{picture}: {buffer.tell():,} bytes are too many")
    picture.write_bytes(buffer.getvalue())
    return buffer.tell()


def main() -> None:
    """Take pictures and say where they are."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("folder", nargs="?", type=Path, help="a built or exported folder (default: the sample)")
    parser.add_argument("--output", type=Path, default=Path("screenshots"))
    parser.add_argument("--picture", type=Path, help="also write a small picture of the first screen")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="manim-combined-") as place:
        folder = given.folder
        if folder is None:
            folder = Path(place, "sample")
            export(make_config("curated", sample=True, cache_dir=str(Path(place, "cache"))), folder)
        taken = take(folder / "report.html", given.output)
    print(f"{len(taken)} pictures in {given.output}")
    if given.picture:
        first = [given.output / f"overview-desk-{theme}.png" for theme in ("light", "dark")]
        print(f"{given.picture}: {side_by_side(*first, given.picture):,} bytes")


if __name__ == "__main__":
    main()
