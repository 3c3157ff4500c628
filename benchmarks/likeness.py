"""Who is most like the picture: every tool on every picture, judged alike, with contact sheets."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

import judge
import sheet
from machine import OUT
from pictures import KINDS, SHIPPED, Picture, pictures
from tables import Cell, table
from tool import Screen, Tool

SHEET_SCALE = 0.5
BLANK = Tool("blank", lambda _, screen: screen.exactly(""))
"""The control: SSIM with the best gain is kind to a text without any ink where the picture is smooth."""


@dataclass(frozen=True, eq=False)
class Showing:
    """A picture and what each tool made of it."""

    picture: Picture
    texts: list[str]
    verdicts: list[judge.Verdict]


def show(picture: Picture, tools: Sequence[Tool], screen: Screen) -> Showing:
    """Run and judge every tool on one file, one after the other."""
    file = picture.file_in(OUT / "pictures")
    texts, verdicts = [], []
    for tool in (*tools, BLANK):
        start = time.perf_counter()
        text = tool.run(file, screen)
        seconds = time.perf_counter() - start
        figures = judge.score(text, file, screen)
        texts.append(text)
        verdicts.append(judge.Verdict(tool.label, picture.name, picture.kind, figures, seconds))
    return Showing(picture, texts, verdicts)


def compare(
    tools: Sequence[Tool], screen: Screen, kinds: Collection[str], names: Collection[str] | None, full_size: bool
) -> str:
    """The tables of one screen, in Markdown; sheets and texts go to the output folder."""
    shown = []
    for picture in pictures(kinds, names):
        print(f"  {screen.name}: {picture.name}", flush=True)
        shown.append(show(picture, tools, screen))
    for kind in kinds:
        _write_sheet(kind, [each for each in shown if each.picture.kind == kind], tools, screen)
    for each in shown:
        _write_texts(each, tools, screen, full_size)
    return _tables([verdict for each in shown for verdict in each.verdicts], screen)


def _tables(verdicts: list[judge.Verdict], screen: Screen) -> str:
    found = f"## Likeness: {screen.cols} x {screen.rows} ASCII, {screen.name}\n\n"
    for title, chosen in _groups(verdicts).items():
        means = judge.means_by_tool(chosen)
        blank = ", ".join(f"{name} {value:.3f}" for name, value in means.pop(BLANK.label).items() if name in judge.BEST)
        number = len({each.picture for each in chosen})
        rows: list[list[Cell]] = [
            [tool, *(m[name] for name in judge.COLUMNS), m["seconds"]] for tool, m in means.items()
        ]
        found += f"Means of {number} {title}:\n\n"
        found += table(["tool", *judge.COLUMNS, "seconds"], rows, judge.BEST)
        found += f"\nA blank text: {blank}.\n\n"
    return found


def _groups(verdicts: list[judge.Verdict]) -> dict[str, list[judge.Verdict]]:
    """What means are taken over: all, those that scikit-image ships, and the kinds; what is empty or all again is not."""
    groups = {"pictures of all kinds": verdicts}
    groups["pictures that scikit-image ships"] = [each for each in verdicts if each.picture in SHIPPED]
    groups |= {kind: [each for each in verdicts if each.kind == kind] for kind in KINDS}
    return {
        title: group for title, group in groups.items() if group and (group is verdicts or len(group) < len(verdicts))
    }


def _write_sheet(kind: str, shown: list[Showing], tools: Sequence[Tool], screen: Screen) -> None:
    if not shown:
        return
    rows: list[tuple[str, list[Image.Image]]] = []
    for each in shown:
        made = [sheet.rendered(each.texts[i], screen) for i, tool in enumerate(tools) if tool.on_sheet]
        rows.append((each.picture.name, [sheet.target(each.picture.image, made[0].size), *made]))
    heads = ["target", *(tool.label for tool in tools if tool.on_sheet)]
    path = OUT / f"sheet-{_slug(kind)}-{_slug(screen.name)}.png"
    print(f"  wrote {sheet.save(sheet.contact_sheet(heads, rows, SHEET_SCALE), path)}", flush=True)


def _write_texts(each: Showing, tools: Sequence[Tool], screen: Screen, full_size: bool) -> None:
    folder: Path = OUT / _slug(screen.name) / each.picture.name
    folder.mkdir(parents=True, exist_ok=True)
    for tool, text in zip((*tools, BLANK), each.texts, strict=True):
        (folder / f"{_slug(tool.label)}.txt").write_text(text)
        if full_size:
            sheet.save(sheet.rendered(text, screen), folder / f"{_slug(tool.label)}.png")


def _slug(label: str) -> str:
    return "-".join(label.replace("--", "").replace(",", "").split())
