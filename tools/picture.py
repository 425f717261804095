"""Take the README's picture: the newest review of this workspace, in both languages, side by side."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
SIZE = {"width": 1000, "height": 1240}


def main() -> int:
    """Photograph the top of both pages with the Chromium of this machine."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    pages = sorted((ROOT / "reports").glob("*/review.*.html"))[-2:]
    if browser is None or len(pages) < 2:
        sys.stderr.write("needs Chromium and a review in both languages: make report\n")
        return 1
    frames = "".join(f'<iframe src="{page.as_uri()}"></iframe>' for page in reversed(pages))
    style = "body{margin:0;display:flex;gap:24px;background:#dfe4e8;padding:24px}"
    style += f"iframe{{border:0;width:{SIZE['width']}px;height:{SIZE['height']}px;background:#fff}}"
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        both = Path(folder) / "both.html"
        both.write_text(f"<!doctype html><style>{style}</style>{frames}", encoding="utf-8")
        options = ["--no-sandbox", "--disable-gpu", "--allow-file-access-from-files"]
        chromium = playwright.chromium.launch(executable_path=browser, args=options)
        viewport = {"width": 2 * SIZE["width"] + 72, "height": SIZE["height"] + 48}
        page = chromium.new_page(viewport=viewport, device_scale_factor=0.75)
        page.goto(both.as_uri())
        page.wait_for_timeout(500)
        page.screenshot(path=str(ROOT / "docs" / "review.png"))
        chromium.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
