"""The page: it holds what the report does, needs nothing else, and takes no text for markup."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

from command.adapters.markup import NAME
from command.calling import Said, adapter, rnnspec
from rnnspec.claims import registry

VOID = {"meta", "br", "hr", "img", "link", "input"}


class Page(HTMLParser):
    """A page's elements and its text; every element must be closed where it should be."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.source = file.read_text(encoding="utf-8")
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(self.source)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def linked(self) -> set[str]:
        return {value or "" for name, value in self.attributes if name == "href"}

    def anchors(self) -> set[str]:
        return {f"#{value}" for name, value in self.attributes if name == "id"}


def page(folder: Path, *arguments: str) -> tuple[Page, Said]:
    file = folder / "report.html"
    said = rnnspec(*arguments, "--profile", "quick", "--html", str(file))
    return Page(file), said


def assert_self_contained(page: Page) -> None:
    assert not {"script", "link", "img", "iframe", "object", "embed", "base", "form"} & set(page.tags)
    assert not {"src", "srcset", "action", "background", "style"} & {name for name, _ in page.attributes}
    assert not any(name.startswith("on") for name, _ in page.attributes)
    assert page.linked() <= page.anchors()
    assert "url(" not in page.source
    assert "@import" not in page.source
    assert "://" not in page.source


def test_the_claims_that_were_asked_for_are_on_it(tmp_path: Path) -> None:
    said, found = page(tmp_path, "check", "numpy", "BID", "GRU", "--dtype", "float32")[::-1]
    assert said.code == 0
    assert_self_contained(found)
    for claim in registry:
        assert (claim.id in found.text) == (claim.topic_code in ("BID", "GRU"))
    assert "numpy" in found.text
    assert "conforms in float32" in found.text
    assert "seed" in found.text
    assert "Failures" not in found.text


def test_a_failure_is_told_with_the_lines_that_repeat_it(tmp_path: Path) -> None:
    target = adapter("TooSteep", "mistaken.py")
    found, said = page(tmp_path, "check", target, "ACT-02", "EMP-01", "--dtype", "float64")
    assert said.code == 1
    assert_self_contained(found)
    assert found.linked() == {"#ACT-02"}
    assert registry["ACT-02"].equation in found.text
    for text in ("does not conform", "≤ 0.25", "no error is allowed here", target, "not checked: EMP-01"):
        assert text in found.text
    blocks = re.findall(r"^reproduce\(.*?^\)", said.out, re.DOTALL | re.MULTILINE)
    assert blocks
    for block in blocks:
        assert block in found.text


def test_where_nothing_could_be_checked(tmp_path: Path) -> None:
    found, said = page(tmp_path, "check", adapter("NothingButAnOption"), "EMP-01", "SPE-08")
    assert said.code == 2
    assert_self_contained(found)
    assert "Nothing could be checked of optional 1.0" in found.text


def test_no_text_is_taken_for_markup(tmp_path: Path) -> None:
    found, said = page(tmp_path, "check", adapter("Markup", "markup.py"), "ACT-02")
    assert said.code == 1
    assert_self_contained(found)
    assert f"{NAME} 1</td>" in found.text
    assert "]]></failure><img src=x>" in found.text
    assert "<b>: ]]>" in found.text


def test_the_same_seed_gives_the_same_page(tmp_path: Path) -> None:
    sources = [page(tmp_path, "check", "numpy", "ACT-06", "--seed", "7")[0].source for _ in range(2)]
    assert sources[0] == sources[1]
