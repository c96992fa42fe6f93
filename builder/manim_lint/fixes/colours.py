"""Colours that Manim lacks: names of the web's colours, and shades of Manim's own, as `ManimColor("#…")`."""

import re

from builder.manim_lint.fixes.program import Program, called, imports_all, is_plain
from builder.manim_lint.fixes.renamed import rename
from builder.manim_lint.syntax import parse

_NAMED = """
ALICEBLUE F0F8FF ANTIQUEWHITE FAEBD7 AQUA 00FFFF AQUAMARINE 7FFFD4 AZURE F0FFFF BEIGE F5F5DC BISQUE FFE4C4
BLANCHEDALMOND FFEBCD BLUEVIOLET 8A2BE2 BROWN A52A2A BURLYWOOD DEB887 CADETBLUE 5F9EA0 CHARTREUSE 7FFF00
CHOCOLATE D2691E CORAL FF7F50 CORNFLOWERBLUE 6495ED CORNSILK FFF8DC CRIMSON DC143C CYAN 00FFFF DARKBLUE 00008B
DARKCYAN 008B8B DARKGOLDENROD B8860B DARKGRAY A9A9A9 DARKGREEN 006400 DARKGREY A9A9A9 DARKKHAKI BDB76B
DARKMAGENTA 8B008B DARKOLIVEGREEN 556B2F DARKORANGE FF8C00 DARKORCHID 9932CC DARKRED 8B0000 DARKSALMON E9967A
DARKSEAGREEN 8FBC8F DARKSLATEBLUE 483D8B DARKSLATEGRAY 2F4F4F DARKSLATEGREY 2F4F4F DARKTURQUOISE 00CED1
DARKVIOLET 9400D3 DEEPPINK FF1493 DEEPSKYBLUE 00BFFF DIMGRAY 696969 DIMGREY 696969 DODGERBLUE 1E90FF
FIREBRICK B22222 FLORALWHITE FFFAF0 FORESTGREEN 228B22 FUCHSIA FF00FF GAINSBORO DCDCDC GHOSTWHITE F8F8FF
GOLDENROD DAA520 GREENYELLOW ADFF2F HONEYDEW F0FFF0 HOTPINK FF69B4 INDIANRED CD5C5C INDIGO 4B0082 IVORY FFFFF0
KHAKI F0E68C LAVENDER E6E6FA LAVENDERBLUSH FFF0F5 LAWNGREEN 7CFC00 LEMONCHIFFON FFFACD LIGHTBLUE ADD8E6
LIGHTCORAL F08080 LIGHTCYAN E0FFFF LIGHTGRAY D3D3D3 LIGHTGREEN 90EE90 LIGHTGREY D3D3D3 LIGHTPINK FFB6C1
LIGHTSALMON FFA07A LIGHTSEAGREEN 20B2AA LIGHTSKYBLUE 87CEFA LIGHTSLATEGRAY 778899 LIGHTSTEELBLUE B0C4DE
LIGHTYELLOW FFFFE0 LIME 00FF00 LIMEGREEN 32CD32 LINEN FAF0E6 MAGENTA FF00FF MEDIUMAQUAMARINE 66CDAA
MEDIUMBLUE 0000CD MEDIUMORCHID BA55D3 MEDIUMPURPLE 9370DB MEDIUMSEAGREEN 3CB371 MEDIUMSLATEBLUE 7B68EE
MEDIUMSPRINGGREEN 00FA9A MEDIUMTURQUOISE 48D1CC MEDIUMVIOLETRED C71585 MIDNIGHTBLUE 191970 MINTCREAM F5FFFA
MISTYROSE FFE4E1 MOCCASIN FFE4B5 NAVAJOWHITE FFDEAD NAVY 000080 OLDLACE FDF5E6 OLIVE 808000 OLIVEDRAB 6B8E23
ORANGERED FF4500 ORCHID DA70D6 PALEGOLDENROD EEE8AA PALEGREEN 98FB98 PALETURQUOISE AFEEEE PALEVIOLETRED DB7093
PAPAYAWHIP FFEFD5 PEACHPUFF FFDAB9 PERU CD853F PLUM DDA0DD POWDERBLUE B0E0E6 REBECCAPURPLE 663399
ROSYBROWN BC8F8F ROYALBLUE 4169E1 SADDLEBROWN 8B4513 SALMON FA8072 SANDYBROWN F4A460 SEAGREEN 2E8B57
SEASHELL FFF5EE SIENNA A0522D SILVER C0C0C0 SKYBLUE 87CEEB SLATEBLUE 6A5ACD SLATEGRAY 708090 SLATEGREY 708090
SNOW FFFAFA SPRINGGREEN 00FF7F STEELBLUE 4682B4 TAN D2B48C THISTLE D8BFD8 TOMATO FF6347 TURQUOISE 40E0D0
VIOLET EE82EE WHEAT F5DEB3 WHITESMOKE F5F5F5 YELLOWGREEN 9ACD32 NAVYBLUE 000080 GREY_BLUE 6699CC BLUE_GREY 6699CC
GREEN_SCREEN 00FF00
BLACK 000000 BLUE 58C4DD GOLD F0AC5F GRAY 888888 GREEN 83C167 GREY 888888 MAROON C55F73 ORANGE FF862F PINK D147BD
PURPLE 9A72AC RED FC6255 TEAL 5CD0B3 WHITE FFFFFF YELLOW F7D96F
""".split()  # the names of CSS Color Module Level 4, and others of Manim's kind; the last are Manim's own, for shades
COLOURS = dict(zip((name.replace("_", "") for name in _NAMED[::2]), _NAMED[1::2], strict=True))
"""Hexadecimal values by name, without underscores."""

_SHADES = {"A": 0.6, "B": 0.3, "C": 0.0, "D": -0.2, "E": -0.4}
"""How far a shade lies towards white (1) or black (-1); Manim's own letters, from light to dark."""
_PREFIXES = {"LIGHT": 0.4, "LIGHTER": 0.6, "PALE": 0.6, "DARK": -0.4, "DARKER": -0.6, "DEEP": -0.3, "BRIGHT": 0.2}
COLOUR = re.compile(r"\b[A-Z]{3,}(?:_?[A-Z]+)*[1-5]?\b")


def hex_of(name: str) -> str | None:
    """`#RRGGBB` for the name of a colour that Manim lacks; `None` if it names none."""
    name = name.removesuffix("_COLOR").removesuffix("_COLOUR")
    if (found := COLOURS.get(name.replace("_", ""))) is not None:
        return f"#{found}"
    base, _, shade = name.rpartition("_")
    prefix, _, rest = name.partition("_")
    for named, shares, share in ((base, _SHADES, shade), (rest, _PREFIXES, prefix)):
        value = COLOURS.get(named.replace("_", ""))
        if value is not None and share in shares:
            return _towards(value, shares[share])
    return None


def _towards(value: str, share: float) -> str:
    """A colour mixed with white (a positive share) or black (a negative one)."""
    target = 255 if share > 0 else 0
    parts = [int(value[at : at + 2], 16) for at in (0, 2, 4)]
    return "#" + "".join(f"{round(part + (target - part) * abs(share)):02X}" for part in parts)


def colours(program: Program) -> str | None:
    """`CYAN` becomes `ManimColor("#00FFFF")`, or the bare text where `ManimColor` is not imported."""
    found = {name: hex_of(name) for name in sorted(program.unbound("unknown_name", "unset_name", "manimgl_dialect"))}
    form = 'ManimColor("{}")' if imports_all(program.tree) else '"{}"'
    return rename(program, {name: form.format(value) for name, value in found.items() if value})


COLOUR_CLASS = re.compile(r"\bColor\b")


def colour_class(program: Program) -> str | None:
    """`Color("red")`, a class that Manim took from a package of old, becomes `ManimColor("red")`.

    With parts, `Color(hue=0.5, saturation=1, luminance=0.5)` becomes `ManimColor.from_hsl((0.5, 1, 0.5))`.
    """
    if "Color" not in program.unbound("unknown_name", "unset_name", "manimgl_dialect"):
        return None
    edits: dict[tuple[int, int], str] = {}
    for call in program.plain_calls:
        given = {item.arg: program.source(item.value) for item in call.keywords}
        if called(call) == "Color" and is_plain(call, program.modules) and not call.args:
            if given.keys() == {"rgb"}:
                edits[program.span(call)] = f"ManimColor.from_rgb({given['rgb']})"
            elif given.keys() == {"hue", "saturation", "luminance"}:
                parts = f"({given['hue']}, {given['saturation']}, {given['luminance']})"
                edits[program.span(call)] = f"ManimColor.from_hsl({parts})"
    changed = program.edited(edits)
    tree = parse(changed).tree
    return None if tree is None else rename(Program(changed, tree, program.problems), {"Color": "ManimColor"})
