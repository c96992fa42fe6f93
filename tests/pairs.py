"""Prompts with their programs, written out of a few words: right pairs that tests mix up."""

import random
from collections.abc import Sequence

import polars as pl

from builder.prepare.features import code_words, description_words
from builder.prepare.keys import canonical_key, description_key, program_key
from builder.prepare.style import style_of_code, style_of_description

SHAPES = "Circle Square Triangle Star Dot Arrow Ellipse Sector Annulus Rectangle Line Arc Cube Sphere Cone".split()
COLOURS = "red green blue yellow orange purple white pink teal gold".split()
TOPICS = (
    "gravity energy momentum matrix vector integral limit series prime angle orbit lens wave atom cell market auction "
    "voting river bridge engine signal filter kernel tensor fractal lattice parabola hexagon pendulum spring lever "
    "pulley magnet circuit battery planet comet galaxy crystal enzyme neuron protein genome harvest inflation tax "
    "budget poem melody rhythm chord canvas pigment temple empire treaty glacier desert volcano harbour compass"
).split()

Pair = tuple[str, str]


def written_pairs(count: int, seed: int = 0) -> list[Pair]:
    """Prompts and programs that belong together, no two alike."""
    draw = random.Random(seed)
    pairs = {}
    while len(pairs) < count:
        shape, colour, number = draw.choice(SHAPES), draw.choice(COLOURS), draw.randint(2, 40)
        one, other = draw.sample(TOPICS, 2)
        prompt = f'Show a {colour} {shape.lower()} of size {number}, then write "{one} and {other}" below it.'
        code = (
            f"from manim import *\n\nclass {one.title()}Scene(Scene):\n    def construct(self):\n"
            f"        shape = {shape}(color={colour.upper()}).scale({number})\n"
            f'        text = Text("{one} and {other}").next_to(shape, DOWN)\n'
            f"        self.play(Create(shape))\n        self.play(Write(text))\n"
        )
        pairs.setdefault(prompt, code)
    return list(pairs.items())


def mixed(pairs: Sequence[Pair], seed: int = 0) -> list[Pair]:
    """The same prompts and programs, dealt out at random."""
    codes = [code for _, code in pairs]
    random.Random(seed).shuffle(codes)
    return [(prompt, code) for (prompt, _), code in zip(pairs, codes, strict=True)]


def wrapped(pairs: Sequence[Pair]) -> list[Pair]:
    """The same pairs, the prompts in a wrapper that cleaning takes off."""
    wrapper = "Generate accurate and correct ManimCE Python code for the animation requested by the user. Here is the"
    return [(f"{wrapper} user's request: {prompt}", code) for prompt, code in pairs]


def pairs_frame(pairs: Sequence[Pair], source: str = "one") -> pl.DataFrame:
    """Pairs as prepared rows of a source."""
    return frame_of({source: pairs})


def frame_of(sources: dict[str, Sequence[Pair]]) -> pl.DataFrame:
    """Pairs of several sources as the rows of a build; the wrapper that `wrapped` puts on is taken off."""
    rows = []
    for source, pairs in sources.items():
        for read, code in pairs:
            prompt = read.partition("request: ")[2] or read
            rows.append(
                {
                    "source": source,
                    "description_key": description_key(prompt),
                    "program_key": program_key(code),
                    "canonical_key": canonical_key(code),
                    "style": sorted(style_of_description(read, prompt) + style_of_code(code, code)),
                    "description_words": description_words(prompt),
                    "code_words": code_words(code),
                }
            )
    lists = {"style": pl.List(pl.UInt8), "description_words": pl.List(pl.UInt32), "code_words": pl.List(pl.UInt32)}
    keys = dict.fromkeys(("description_key", "program_key", "canonical_key"), pl.UInt64)
    frame = pl.DataFrame(rows, schema={"source": pl.String, **keys, **lists}, orient="row")
    return frame.with_columns(pl.int_range(pl.len(), dtype=pl.UInt32).alias("index"))
