"""Pictures made by code, so that the bench holds kinds of which scikit-image ships none.

All are 800 x 800 pixels: on 80 x 40 cells of 10 x 20 a pixel of the drawing is a pixel of the target, and
strokes of one and two pixels stay so. Line art is black on white without antialiasing, as pens plot it.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from PIL import Image, ImageDraw, ImageFont

from glyphgrad.core.presets import DEJAVU_SANS_MONO

SIDE = 800
Draw = ImageDraw.ImageDraw
Point = tuple[float, float]


def paper(draw: Callable[[Draw], None]) -> Image.Image:
    """What `draw` leaves on a white sheet, "RGB"."""
    image = Image.new("RGB", (SIDE, SIDE), "white")
    draw(ImageDraw.Draw(image))
    return image


def stroke(draw: Draw, *points: Point, width: int = 1) -> None:
    """One pen stroke through points (x, y)."""
    draw.line(points, fill="black", width=width, joint="curve" if width > 1 else None)


def circle(draw: Draw, x: float, y: float, radius: float, width: int = 1) -> None:
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), outline="black", width=width)


def circles(draw: Draw) -> None:
    """Rings and a fan of straight lines: every direction a stroke can have."""
    for i, radius in enumerate(range(60, 400, 65)):
        circle(draw, 400, 400, radius, 1 + i % 2)
    for i in range(12):
        angle = math.radians(15 * i + 7)
        dx, dy = 390 * math.cos(angle), 390 * math.sin(angle)
        stroke(draw, (400 - dx, 400 - dy), (400 + dx, 400 + dy), width=1 + i % 2)
    draw.rectangle((8, 8, 791, 791), outline="black")


def house(draw: Draw) -> None:
    """A house in front of hills, with a tree, a fence and the sun."""
    draw.rectangle((250, 380, 560, 640), outline="black", width=2)
    stroke(draw, (220, 390), (405, 230), (590, 390), (220, 390), width=2)
    stroke(draw, (480, 295), (480, 230), (520, 230), (520, 330), width=2)
    draw.rectangle((370, 500, 440, 640), outline="black", width=2)
    circle(draw, 428, 575, 4)
    for x in (280, 470):
        draw.rectangle((x, 430, x + 60, 480), outline="black")
        stroke(draw, (x + 30, 430), (x + 30, 480))
        stroke(draw, (x, 455), (x + 60, 455))
    ground = [(float(x), 640 + 18 * math.sin(x / 70)) for x in range(0, 800, 10)]
    stroke(draw, *ground, width=2)
    for phase, height, top in ((0, 90, 380), (2.1, 60, 330)):
        ridge = [(float(x), top - height * math.sin(x / 130 + phase)) for x in range(0, 800, 5)]
        stroke(draw, *[p for p in ridge if p[0] < 245])
    circle(draw, 130, 110, 55, 2)
    for i in range(12):
        dx, dy = math.cos(i * math.pi / 6), math.sin(i * math.pi / 6)
        stroke(draw, (130 + 68 * dx, 110 + 68 * dy), (130 + 95 * dx, 110 + 95 * dy))
    _tree(draw)
    for x in range(20, 240, 28):
        stroke(draw, (x, 760), (x, 690), (x + 7, 678), (x + 14, 690), (x + 14, 760))
    stroke(draw, (0, 705), (250, 705))
    stroke(draw, (0, 740), (250, 740))
    stroke(draw, (380, 645), (330, 799), width=2)
    stroke(draw, (430, 645), (480, 799), width=2)


def _tree(draw: Draw) -> None:
    stroke(draw, (670, 640), (675, 480), width=2)
    stroke(draw, (705, 640), (700, 480), width=2)
    crown = []
    for step in range(121):
        angle = step * math.tau / 120
        radius = 90 + 12 * math.sin(9 * angle)
        crown.append((688 + radius * math.cos(angle), 400 + 1.1 * radius * math.sin(angle)))
    stroke(draw, *crown, width=2)
    for x, y in ((650, 370), (700, 350), (720, 420), (660, 430)):
        draw.arc((x - 20, y - 14, x + 20, y + 14), 200, 340, fill="black")


def face(draw: Draw) -> None:
    """A face with hair, seen from the front."""
    draw.ellipse((190, 130, 610, 700), outline="black", width=2)
    for x in (300, 500):
        draw.arc((x - 60, 320, x + 60, 400), 180, 360, fill="black", width=2)
        draw.arc((x - 60, 320, x + 60, 390), 10, 170, fill="black")
        circle(draw, x, 356, 20)
        circle(draw, x, 356, 8, 2)
        draw.arc((x - 75, 270, x + 75, 350), 205, 335, fill="black", width=2)
    stroke(draw, (395, 370), (370, 490), (392, 505), (418, 500))
    draw.arc((310, 500, 490, 610), 25, 155, fill="black", width=2)
    stroke(draw, (318, 577), (360, 558), (400, 566), (440, 558), (482, 577), width=2)
    for side in (-1, 1):
        ear = sorted((400 + side * 205, 400 + side * 255))
        draw.arc((ear[0], 370, ear[1], 480), *((270, 90) if side > 0 else (90, 270)), fill="black", width=2)
        stroke(draw, (400 + side * 90, 680), (400 + side * 95, 799), width=2)
    for i in range(22):
        angle = math.radians(190 + i * 160 / 21)
        dx, dy = math.cos(angle), math.sin(angle)
        lean = 25 * math.sin(i * 1.7)
        stroke(draw, (400 + 190 * dx, 400 + 250 * dy), (400 + 225 * dx + lean, 400 + 350 * dy), width=1 + i % 2)


def lettering(draw: Draw) -> None:
    """Letters as outlines and as handwriting-like strokes of one pen width."""
    font = ImageFont.truetype(str(DEJAVU_SANS_MONO), 230)
    for text, y in (("TYPE", 20), ("face", 250)):
        draw.text((120, y), text, font=font, fill="white", stroke_width=2, stroke_fill="black")
    small = ImageFont.truetype(str(DEJAVU_SANS_MONO), 60)
    draw.text((60, 520), "the quick fox 123", font=small, fill="black")
    wave = [(60 + 6.8 * t - 26 * math.sin(t / 2.2), 690 - 45 * math.cos(t / 2.2)) for t in range(0, 101)]
    stroke(draw, *wave, width=2)
    stroke(draw, (60, 760), (740, 760))


def shapes(draw: Draw) -> None:
    """Flat colours of several lightnesses that touch and overlap."""
    draw.rectangle((0, 0, 799, 799), fill="#f2e6c9")
    draw.rectangle((60, 60, 380, 330), fill="#c8102e")
    draw.ellipse((280, 180, 640, 540), fill="#2b59c3")
    draw.polygon([(120, 740), (330, 420), (520, 740)], fill="#f5b700")
    draw.rounded_rectangle((560, 480, 750, 750), radius=50, fill="#04a777")
    draw.polygon([(640, 60), (760, 120), (740, 260), (610, 240)], fill="#222222")
    draw.ellipse((590, 540, 720, 670), fill="white")
    draw.pieslice((90, 120, 270, 300), 30, 330, fill="#ffd9da")


def chart(draw: Draw) -> None:
    """A bar chart with axes, labels, a curve and a pie, as slides have them."""
    font = ImageFont.truetype(str(DEJAVU_SANS_MONO), 44)
    draw.text((150, 20), "Output by year", font=font, fill="black")
    draw.line((90, 110, 90, 700, 770, 700), fill="black", width=5)
    heights = (150, 240, 210, 330, 430, 520)
    colours = ("#4e79a7", "#f28e2b", "#e15759", "#76b7b2", "#59a14f", "#3b3b5b")
    for i, (height, colour) in enumerate(zip(heights, colours, strict=True)):
        left = 120 + i * 108
        draw.rectangle((left, 700 - height, left + 76, 700), fill=colour)
        draw.text((left + 6, 715), f"'{20 + i}", font=font, fill="black")
    curve = [(158 + i * 108, 640 - height) for i, height in enumerate(heights)]
    draw.line(curve, fill="#7b2d8b", width=6, joint="curve")
    for start, end, colour in ((0, 140, "#4e79a7"), (140, 250, "#edc948"), (250, 360, "#222222")):
        draw.pieslice((130, 130, 330, 330), start, end, fill=colour)


LINE_ART = {"circles": circles, "house": house, "face": face, "lettering": lettering}
FLAT = {"shapes": shapes, "chart": chart}
