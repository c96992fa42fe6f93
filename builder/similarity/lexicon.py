"""Words that decide wherever they stand: colours, shapes, directions, numbers, opposites, mathematics, Manim's names.

A line is a token and the words that stand for it, so that "grey" and "gray", or "two" and "2", are the same. The
lists hold what prompts for animations use; what any other word is, `words` tells.
"""

_COLOURS = """
red; crimson; scarlet; blue; green; yellow; orange; purple; pink; teal; gold: gold golden
maroon; gray: gray grey; black; white; brown; cyan; magenta; violet; indigo
turquoise; lime; navy; olive; silver; beige; coral; salmon; lavender; aqua; amber
fuchsia; khaki; ivory; emerald; bronze; mauve; plum; rainbow; gradient
dark: dark darker darkest; light: light lighter lightest; pale; bright: bright brighter
opaque; transparent; translucent; colorless: colorless colourless
"""

_SHAPES = """
circle: circle circular; square; triangle: triangle triangular; rectangle: rectangle rectangular; ellipse; oval
pentagon; hexagon: hexagon hexagonal; heptagon; octagon; nonagon: nonagon enneagon; decagon; dodecagon; polygon
star; heart; diamond; rhombus; trapezoid: trapezoid trapezium; parallelogram; kite; arc; sector
annulus; ring; dot; point; line; segment; arrow; vector; curve; spiral; helix; cube; cuboid; sphere: sphere spherical
cone; cylinder; prism; pyramid; torus: torus toroidal; tetrahedron; octahedron; icosahedron; dodecahedron; cross; brace
axis: axis axes; grid; plane; graph; table; matrix: matrix matrices; chart; histogram; parabola; hyperbola; polygram
disk: disk disc; ball; box; checkmark; crescent; semicircle: semicircle semicircular; hemisphere; wave; sinusoid
"""

_DIRECTIONS = """
left: left leftward leftwards leftmost; right: right rightward rightwards rightmost; up: up upward upwards
down: down downward downwards; top: top upper uppermost topmost; bottom: bottom lower lowermost bottommost; above
below: below beneath underneath; under; inside: inside within; outside; inner; outer; front; behind; between
horizontal: horizontal horizontally; vertical: vertical vertically; diagonal: diagonal diagonally
clockwise; counterclockwise: counterclockwise anticlockwise; north; south; east; west; center: center centre middle
forward: forward forwards; backward: backward backwards; inward: inward inwards; outward: outward outwards
out; away; corner; edge; side; origin; row; column
"""

_NUMBERS = """
0: zero; 1: one; 2: two; 3: three; 4: four; 5: five; 6: six; 7: seven; 8: eight; 9: nine; 10: ten; 11: eleven
12: twelve; 13: thirteen; 14: fourteen; 15: fifteen; 16: sixteen; 17: seventeen; 18: eighteen; 19: nineteen
20: twenty; 30: thirty; 40: forty; 50: fifty; 60: sixty; 70: seventy; 80: eighty; 90: ninety; 100: hundred
1000: thousand; 1000000: million; first; second; third: third thirds; fourth; fifth; sixth; seventh; eighth; ninth
tenth; last; half: half halves; quarter; twice; thrice; single; double: double doubles doubled; triple; quadruple
pair; dozen; none; infinite; degree: degree deg; radian; percent; minute; pixel; billion
"""

_OPPOSITES = """
not: not cannot; no; never; without; before; after; start: start begin beginning; end: end ending
fast: fast quick quickly; slow: slow slowly; increase: increase increasing; decrease: decrease decreasing
large: large larger; largest: largest biggest; big: big bigger; small: small smaller; smallest; thick: thick thicker
thin: thin thinner; long: long longer; longest; short: short shorter; shortest; tall: tall taller; wide: wide wider
narrow; high: high higher; highest; low; lowest; open; closed; solid; dashed; dotted; filled; hollow; same; different
appear; disappear; convex; concave; parallel; perpendicular; positive; negative; even; odd; minimum: minimum min minima
maximum: maximum max maxima; ascending; descending; expand; shrink; grow; true; false; equal; unequal; more; less
fewer; reverse: reverse reversed; simultaneous: simultaneous simultaneously; sequential: sequential sequentially
"""

_MATHEMATICS = """
sin: sin sine; cos: cos cosine; tan: tan tangent; cot: cot cotangent; sec: sec secant; csc: csc cosecant; sinh; cosh
tanh; arcsin; arccos; arctan; log: log logarithm logarithmic; ln; exp; exponential; sqrt; cubic; quadratic; linear
quartic; polynomial; logistic; derivative; antiderivative; integral; differential; limit; series; sum: sum summation
difference; product; quotient; ratio; addition: addition add adding plus; subtraction: subtraction subtract minus
multiplication: multiplication multiply times; division: division divide; mean; median; mode; variance; determinant
inverse; transpose; eigenvalue; eigenvector; union; intersection; divergence; curl; mod; modulo; prime
factorial; permutation; combination; convergent; divergent; scalar; complex; real; imaginary; rational; irrational
radius: radius radii; diameter; circumference; area; perimeter; volume; length; width; height; angle; slope; opacity
speed; acceleration; velocity; frequency; amplitude; period; phase; depth; thickness; hypotenuse; altitude
α: alpha; β: beta; γ: gamma; δ: delta; ε: epsilon; ζ: zeta; η: eta; θ: theta; κ: kappa; λ: lambda; μ: mu; ν: nu
ξ: xi; π: pi; ρ: rho; σ: sigma; τ: tau; φ: phi; χ: chi; ψ: psi; ω: omega; ∞: infinity
"""

_MANIM = """
AddTextLetterByLetter AnimatedBoundary AnimationGroup AnnotationDot AnnularSector ApplyComplexFunction ApplyFunction
ApplyMatrix ApplyMethod ApplyPointwiseFunction ApplyWave ArcBetweenPoints ArcBrace ArcPolygon ArcPolygonFromArcs
ArrowTip ArrowVectorField BackgroundRectangle BarChart BraceBetweenPoints BraceLabel BraceText BulletedList
ChangeDecimalToValue ChangeSpeed ChangingDecimal ClockwiseTransform ComplexPlane ComplexValueTracker ConvexHull
CounterclockwiseTransform CubicBezier CurvedArrow CurvedDoubleArrow CyclicReplace DashedLine DashedVMobject
DecimalMatrix DecimalNumber DecimalTable DiGraph DoubleArrow DrawBorderThenFill FadeIn FadeInFrom FadeInFromDown
FadeInFromLarge FadeOut FadeOutAndShift FadeOutToPoint FadeToColor FadeTransform FadeTransformPieces FocusOn
FullScreenRectangle FunctionGraph GraphScene GrowArrow GrowFromCenter GrowFromEdge GrowFromPoint ImageMobject
ImplicitFunction IntegerMatrix IntegerTable LabeledArrow LabeledDot LabeledLine LabeledPolygram LaggedStart
LaggedStartMap LinearTransformationScene ManimBanner ManimColor MarkupText MathTable MathTex MobjectMatrix
MobjectTable MoveAlongPath MoveToTarget MovingCameraScene NumberLine NumberPlane ParametricCurve ParametricFunction
ParametricSurface PhaseFlow PMobject PointCloudDot PolarPlane RegularPolygon RegularPolygram RemoveTextLetterByLetter
ReplacementTransform RightAngle RoundedRectangle SampleSpace ScaleInPlace ScreenRectangle ShowCreation
ShowIncreasingSubsets ShowPassingFlash ShowPassingFlashWithThinningStrokeWidth ShowSubmobjectsOneByOne ShrinkToCenter
SpinInFromNothing SpiralIn StealthTip StreamLines SurroundingRectangle SVGMobject TangentLine TangentialArc TexMobject
TextMobject ThreeDAxes ThreeDScene ThreeDVMobject TipableVMobject TracedPath TransformFromCopy
TransformMatchingShapes TransformMatchingTex TypeWithCursor UnitInterval UntypeWithCursor UpdateFromAlphaFunc
UpdateFromFunc ValueTracker VDict VectorField VectorScene VectorizedPoint VGroup VMobject WiggleOutThenIn
ZoomedScene Uncreate Unwrite Circumscribe Mobject
"""

_INFLECTED = ("appear", "disappear", "expand", "shrink", "grow", "increase", "decrease", "start", "end", "double")
"""Verbs whose third person, past and participle say the same."""


_ABBREVIATED = (
    "1st first",
    "2nd second",
    "3rd third",
    "4th fourth",
    "5th fifth",
    "6th sixth",
    "7th seventh",
    "% percent",
)


def _spelled(lines: str) -> dict[str, str]:
    """The token of each word: `token: word word`, or a `word` that is its own token, ended by `;` or the line."""
    table: dict[str, str] = {}
    for entry in lines.replace("\n", ";").split(";"):
        token, colon, words = entry.strip().partition(":")
        if colon:
            alone, token = token.split()[:-1], token.split()[-1]
            table |= dict.fromkeys(words.split(), token) | {word: word for word in alone}
        else:
            table |= {word: word for word in token.split()}
    return table


def _plural(word: str) -> str:
    if word.endswith(("s", "x", "ch", "sh")):
        return f"{word}es"
    return f"{word[:-1]}ies" if word.endswith("y") and word[-2] not in "aeiou" else f"{word}s"


def _tokens() -> dict[str, str]:
    table: dict[str, str] = {}
    for kind in (_COLOURS, _SHAPES, _DIRECTIONS, _NUMBERS, _OPPOSITES, _MATHEMATICS):
        table |= {word: token for word, token in _spelled(kind).items() if word not in table}
    for word in [word for word in table if len(word) > 2]:
        table.setdefault(_plural(word), table[word])
    for verb in _INFLECTED:
        stem = verb.removesuffix("e")
        for ending in ("ed", "ing"):
            table.setdefault(stem + ending, verb)
    for name in _MANIM.split():
        table.setdefault(name.lower(), name.lower())
    return table | dict(pair.split() for pair in _ABBREVIATED)


TOKENS = _tokens()
"""The token of every word that counts in full, by the word in lower case."""
