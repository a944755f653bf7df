"""Print the built book to one PDF with links and an outline: `python tests/print_site.py` after `make book`.

Pages stand in the order of the table of contents, each on a new sheet, and links between them lead to the sheets. What
is folded on screen, such as proofs, solutions and long tables, is printed, but for code. The file is `_build/na2q.pdf`.
Parts of names, as in `07_ methods/`, print only the pages that have one of them.
"""

import sys
from collections.abc import Iterator
from typing import Any

import yaml
from browser.serving import OFFLINE, ROOT, SITE, find_browser, pages, served
from playwright.sync_api import sync_playwright

OUT = ROOT / "_build" / "na2q.pdf"
PATIENCE = 600_000  # ms that a slow machine may take to lay out some hundred sheets
FOOTER = (
    '<div style="font: 8px sans-serif; width: 100%; text-align: center"><span class="pageNumber"></span> of '
    '<span class="totalPages"></span></div>'
)
TAKE = """async ([name, origin]) => {
    if (window.MathJax?.startup) await MathJax.startup.promise;
    const page = document.querySelector("article.bd-article");
    for (const image of page.querySelectorAll("img")) { image.loading = "eager"; image.src = image.src; }
    for (const link of page.querySelectorAll("a[href]")) {
        const [address, place] = link.href.split("#");
        if (address.startsWith(origin)) link.setAttribute("href", `#${address.slice(origin.length)}/${place || ""}`);
    }
    for (const node of page.querySelectorAll("[id]")) node.id = `${name}/${node.id}`;
    for (const gone of page.querySelectorAll("script, .headerlink, .copybtn, .toggle-button")) gone.remove();
    for (const folded of page.querySelectorAll(".toggle-hidden")) folded.classList.remove("toggle-hidden");
    for (const kept of page.querySelectorAll("details :is(.cell_output, figure)")) kept.closest("details").open = true;
    for (const table of page.querySelectorAll(".cell_output details")) table.open = true;
    const title = page.querySelector("h1").textContent.replace(/#\\s*$/, "").trim();
    return [page.innerHTML, [...document.querySelectorAll("style")].map(style => style.textContent), title];
}"""
CONTENTS = """entries => {
    const list = entries.map(([name, title, part]) =>
        (part ? `<p><strong>${part}</strong></p>` : "") + `<p class="entry"><a href="#${name}/">${title}</a></p>`);
    const sheet = document.createElement("div");
    sheet.id = "na2q-contents";
    sheet.innerHTML = `<h1>Contents</h1>${list.join("")}`;
    document.querySelector("article.bd-article").firstElementChild.after(sheet);
}"""  # after the first page, which says what the book is
STYLE = """@media print {
    #jb-print-docs-body { display: none !important; }
    .bd-main .bd-content .bd-article h1:first-of-type { display: block !important; }
    .bd-article > div:first-child h1 { break-before: auto !important; }
    #na2q-contents { columns: 2; font-size: 9pt; }
    #na2q-contents h1 { column-span: all; }
    #na2q-contents p { margin: 0.6em 0 0.1em; break-after: avoid; }
    #na2q-contents p.entry { margin: 0 0 0.15em 1em; break-after: auto; }
}"""  # the theme prints a page's title in a heading of its own, of which the book has but one
PUT = """([name, page, styles, title]) => {
    const known = window.known ||= new Set();
    for (const style of styles.filter(style => !known.has(style))) {
        known.add(style);
        document.head.appendChild(document.createElement("style")).textContent = style;
    }
    const sheet = document.querySelector("article.bd-article").appendChild(document.createElement("div"));
    sheet.id = `${name}/`;
    sheet.innerHTML = page;
}"""


def listed(entries: list[dict[str, Any]]) -> Iterator[str]:
    """Addresses of pages in the order of the table of contents, sections after their page."""
    for entry in entries:
        yield f"{entry['file']}.html"
        yield from listed(entry.get("sections", []))


def in_order() -> list[str]:
    """All pages of the table of contents; exit where one was not built."""
    toc = yaml.safe_load((ROOT / "book" / "_toc.yml").read_text())
    names = [f"{toc['root']}.html", *(name for part in toc["parts"] for name in listed(part["chapters"]))]
    if missing := sorted(set(names) - set(pages())):
        sys.exit(f"not built: {', '.join(missing)}: run `make book` first")
    return names


def parts() -> dict[str, str]:
    """Names of the book's parts by the address of the page that each begins with."""
    toc = yaml.safe_load((ROOT / "book" / "_toc.yml").read_text())
    return {next(listed(part["chapters"])): part["caption"] for part in toc["parts"]}


def main() -> None:
    """Print the book, or the pages named by a part of their name."""
    names = [name for name in in_order() if not sys.argv[1:] or any(part in name for part in sys.argv[1:])]
    if not names:
        sys.exit(f"no page is named like {' or '.join(sys.argv[1:])}")
    with served(SITE) as origin, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=OFFLINE)
        context = browser.new_context(color_scheme="light")
        context.set_default_timeout(PATIENCE)
        book, page = context.new_page(), context.new_page()
        book.goto(origin + names[0])
        book.evaluate("document.querySelector('article.bd-article').replaceChildren()")
        book.add_style_tag(content=STYLE)
        begins, entries = parts(), []
        for name in names:
            page.goto(origin + name)
            taken = page.evaluate(TAKE, [name, origin])
            entries.append([name, taken[-1], begins.get(name, "")])
            book.evaluate(PUT, [name, *taken])
        book.evaluate(CONTENTS, entries)
        book.evaluate("Promise.all([...document.images].map(image => image.decode().catch(() => null)))")
        book.emulate_media(media="print")
        titles = book.locator("article.bd-article h1")
        if hidden := [title.inner_text() for title in titles.all() if not title.is_visible()]:
            sys.exit(f"would print without its title: {', '.join(hidden)}")
        margin: Any = dict.fromkeys(("top", "bottom", "left", "right"), "18mm")
        book.pdf(
            path=OUT, format="A4", margin=margin, tagged=True, outline=True,
            display_header_footer=True, header_template="<i></i>", footer_template=FOOTER,
        )  # fmt: skip
        browser.close()
    print(f"{len(names)} pages of the book in {OUT.relative_to(ROOT)}, {OUT.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
