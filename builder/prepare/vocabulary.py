"""Tables of words: what people say for Manim's names, LaTeX's commands, numbers and signs.

Only names whose own words do not say it stand here: `FadeIn` splits into "fade in", and needs no line. The tables are
a start; `builder.decide.pairing.alignment` learns more such pairs of words and names from the rows of a build.
"""


def _table(lines: str) -> dict[str, tuple[str, ...]]:
    """`name, name: word word` a line."""
    table: dict[str, tuple[str, ...]] = {}
    for line in lines.strip().splitlines():
        names, _, words = line.partition(":")
        for name in names.split(","):
            table[name.strip()] = (*table.get(name.strip(), ()), *words.split())
    return table


EVERYDAY = _table(
    """
    Create, ShowCreation: draw appear create show drawn
    Uncreate, Unwrite: disappear remove erase undraw
    Write: write appear draw display
    FadeIn, FadeInFrom, FadeInFromDown, FadeInFromLarge: appear
    FadeOut, FadeOutAndShift, FadeOutToPoint: disappear vanish
    DrawBorderThenFill: outline draw border fill
    ShowIncreasingSubsets, ShowSubmobjectsOneByOne: one by one gradually
    ShowPassingFlash, ShowPassingFlashWithThinningStrokeWidth: flash travel
    SpiralIn: spiral
    GrowFromCenter, GrowFromEdge, GrowFromPoint, GrowArrow, SpinInFromNothing: grow appear expand
    SpinInFromNothing: spin
    Transform, ReplacementTransform, TransformFromCopy, ClockwiseTransform, CounterclockwiseTransform: morph turn change
    Transform, ReplacementTransform, TransformMatchingTex, TransformMatchingShapes, FadeTransform: become transition
    MoveToTarget, ApplyMethod: move change
    MoveAlongPath: travel follow trace path
    Rotate, Rotating: spin turn revolve rotation
    AnimationGroup: simultaneously together same time
    LaggedStart, LaggedStartMap: one after another delay staggered
    Succession: sequence one after another
    Indicate: highlight emphasize
    Circumscribe, SurroundingRectangle: highlight box frame outline around
    Flash: burst
    FocusOn: spotlight focus attention
    Wiggle: wobble shake
    ApplyWave: ripple wavy
    Broadcast: radiate ripple
    Homotopy, ComplexHomotopy, ApplyPointwiseFunction: deform
    ChangeSpeed: slow fast speed
    Restore: return original
    Swap, CyclicReplace: exchange swap
    AddTextLetterByLetter: typed typing letter
    RemoveTextLetterByLetter: letter removed
    Axes: coordinate system graph axis plane
    ThreeDAxes: three-dimensional coordinate system axis 3d
    NumberPlane: coordinate grid cartesian plane
    ComplexPlane: complex imaginary grid
    PolarPlane: polar coordinate
    NumberLine: axis line
    FunctionGraph, ParametricFunction, ImplicitFunction: curve function plot
    ParametricFunction, ParametricSurface, ParametricCurve: parametric
    get_graph, plot, plot_line_graph, plot_parametric_curve: curve function plot graph
    get_area, get_riemann_rectangles: area under curve shaded region
    get_riemann_rectangles: approximation
    plot_derivative_graph, TangentLine, get_tangent_line, get_secant_slope_group: derivative slope tangent
    get_axis_labels, get_x_axis_label, get_y_axis_label: labeled axis
    add_coordinates: numbers ticks numbered
    c2p, coords_to_point, i2gp, input_to_graph_point: point coordinates
    get_vertical_line, get_vertical_lines, get_T_label: vertical dashed
    BarChart: bars histogram
    Surface, ParametricSurface: 3d surface
    ThreeDScene, Sphere, Cube, Cone, Cylinder, Prism, Torus, Line3D, Dot3D, Arrow3D: 3d three-dimensional
    Sphere: ball globe
    Prism: cuboid block
    Torus: donut doughnut
    set_camera_orientation, move_camera, begin_ambient_camera_rotation: camera angle view perspective
    begin_ambient_camera_rotation, begin_3dillusion_camera_rotation: rotating rotate
    MovingCameraScene, ZoomedScene, activate_zooming: zoom
    add_fixed_in_frame_mobjects: fixed
    Circle: round ring
    Dot, Point, PointCloudDot: point dot
    Annulus, AnnularSector: ring
    Sector, PieChart: slice pie
    Arc, ArcBetweenPoints, CurvedArrow: curved
    Ellipse: oval elliptical
    Square, Rectangle: box
    RoundedRectangle: rounded corners
    Polygon, RegularPolygon: shape sides polygon
    Triangle: triangular
    Line: segment
    DashedLine, DashedVMobject: dashed
    Arrow, Vector, DoubleArrow: arrow pointing
    ArrowVectorField, StreamLines, VectorField: vector field flow
    Brace, BraceBetweenPoints, BraceText, BraceLabel: curly bracket
    Cross: x mark crossed
    Star: pointed
    Union, Difference, Intersection, Exclusion: boolean set operations overlap
    Angle, RightAngle: angle
    Underline: underlined
    Text, MarkupText, Paragraph: text word message phrase
    Tex, MathTex, TexMobject, TextMobject, SingleStringMathTex: formula equation expression latex mathematical
    BulletedList: list bullet points
    Title: heading title
    Code: source code snippet listing program
    DecimalNumber, Integer, Variable: number value counter
    ValueTracker: value dynamic continuously tracker
    Table, MathTable, MobjectTable, IntegerTable, DecimalTable: rows columns cells
    Matrix, IntegerMatrix, DecimalMatrix, MobjectMatrix: matrix entries
    Graph, DiGraph: vertices edges nodes network
    DiGraph: directed
    ImageMobject, SVGMobject: image picture icon
    ManimBanner: logo banner
    TracedPath: trail trace path
    AnimatedBoundary: boundary outline glowing
    VGroup, Group, VDict: group together
    ManimColor, set_color, set_color_by_gradient, color_gradient: color
    set_color_by_gradient, color_gradient: gradient
    set_fill, fill_opacity, fill_color: filled fill
    set_opacity, opacity, fill_opacity, stroke_opacity: transparent semi-transparent opacity
    stroke_width, set_stroke: outline border thickness thick thin
    shift, move_to, to_edge, to_corner, next_to, align_to: move position
    to_edge: edge
    to_corner, UL, UR, DL, DR: corner
    next_to: beside next adjacent
    scale, set_height, set_width, scale_to_fit_width, scale_to_fit_height, ScaleInPlace: size resize larger smaller
    ScaleInPlace, stretch: stretch
    rotate, rotate_about_origin: spin turn rotated
    flip: mirror reflect
    arrange, arrange_in_grid, arrange_submobjects: row arranged
    arrange_in_grid: grid
    copy: duplicate
    clear, remove: disappear clear
    wait: pause
    add_updater, always_redraw, UpdateFromAlphaFunc, UpdateFromFunc: dynamically continuously update follow
    become: turn into
    run_time: seconds duration
    lag_ratio: delay
    rate_func: smooth speed easing
    linear: constant steady speed
    there_and_back: back forth return
    font_size: size font
    background_color: background
    UP: top above upward up upper
    DOWN: bottom below downward down lower
    LEFT: left
    RIGHT: right
    ORIGIN, center, get_center: center middle
    UL: upper left top
    UR: upper right top
    DL: lower left bottom
    DR: lower right bottom
    IN, OUT: depth
    PI, TAU: pi
    TAU: full circle
    DEGREES: degree angle
    sin, cos: sine cosine wave trigonometric
    sin: sine
    cos: cosine
    tan: tangent
    exp: exponential
    sqrt: square root
    log: logarithm logarithmic
    random, randint, uniform, choice: random randomly
    add_sound: sound audio
    GRAY, GREY: gray grey
    Gray, Grey, gray, grey: gray grey
    TEAL, AQUA, CYAN, TURQUOISE: teal cyan turquoise aqua
    MAROON: dark red
    GOLD: golden yellow
    PURPLE: violet purple
    MAGENTA: pink magenta
    frame_width, frame_height, frame_size: vertical portrait screen aspect
    NeuralNetwork, FeedForwardLayer, Convolutional2DLayer, ImageLayer, MaxPooling2DLayer: neural network layers
    FeedForwardLayer: nodes neurons hidden feed forward
    Convolutional2DLayer: convolutional feature maps filter
    MaxPooling2DLayer: pooling
    make_forward_pass_animation: forward pass propagation
    start_swinging: swing
    make_rigid_body: physics gravity rigid fall
    add_tip: arrow tip
    """
)
"""By a name of Manim's or of a library that programs use with it: words for it besides those that it is made of."""

LATEX = _table(
    """
    int, iint, iiint, oint: integral integrate
    iint: double
    iiint: triple
    oint: line contour closed
    sum: sum summation series
    prod: product
    frac, dfrac, tfrac: fraction over
    sqrt: square root
    partial: partial derivative
    nabla: gradient del divergence curl
    infty: infinity infinite
    lim: limit
    pi, theta, phi, rho, alpha, beta, gamma, delta, omega, lambda, mu, sigma, epsilon, psi, tau, zeta: greek
    sin, arcsin: sine
    cos, arccos: cosine
    tan, arctan: tangent
    ln, log: logarithm log natural
    exp: exponential
    pmatrix, bmatrix, vmatrix, matrix: matrix
    det: determinant
    cdot, times: times multiply product
    vec, mathbf: vector
    pm: plus minus
    approx, sim: approximately
    leq, geq, neq: inequality
    cup: union
    cap: intersection
    subset, subseteq, in: subset set
    forall: all
    exists: exists
    Rightarrow, implies, therefore: implies therefore
    binom: binomial choose
    ddot, dot: derivative
    hbar: planck
    zeta: zeta
    mathbb: real complex numbers set
    """
)
"""By a command of LaTeX, without its backslash."""

SPOKEN_NUMBERS = {
    word: str(number)
    for number, word in enumerate(
        """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
        seventeen eighteen nineteen twenty""".split()
    )
} | {
    "thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "hundred": "100", "thousand": "1000",
    "single": "1", "first": "1", "second": "2", "third": "3", "fourth": "4", "fifth": "5", "half": "0.5", "twice": "2",
    "double": "2", "triple": "3", "pair": "2", "both": "2", "quarter": "4", "dozen": "12",
    "pentagon": "5", "hexagon": "6", "heptagon": "7", "octagon": "8", "nonagon": "9", "decagon": "10",
    "pentagonal": "5", "hexagonal": "6", "octagonal": "8",
}  # fmt: skip
"""By an English word, the number that it says, in digits."""

ORDINALS = frozenset("first second third fourth fifth half twice double triple quarter single both pair".split())
"""Of these words those that do not count the thing named after them."""

SPOKEN_MATH = {
    "squared": ("^", "2"), "cubed": ("^", "3"), "equals": ("=",), "equal": ("=",), "plus": ("+",), "minus": ("-",),
    "times": ("*",), "over": ("/",), "sine": ("sin",), "cosine": ("cos",), "tangent": ("tan",),
    "infinity": ("infty",), "integral": ("int",), "divided": ("/",), "power": ("^",),
}  # fmt: skip
"""By an English word, the tokens of a formula that it reads out."""

SIGNS = {
    "²": " ^ 2 ", "³": " ^ 3 ", "⁴": " ^ 4 ", "ⁿ": " ^ n ", "π": " pi ", "θ": " theta ", "φ": " phi ", "ϕ": " phi ",
    "ρ": " rho ", "α": " alpha ", "β": " beta ", "γ": " gamma ", "δ": " delta ", "ω": " omega ", "λ": " lambda ",
    "μ": " mu ", "σ": " sigma ", "ε": " epsilon ",
    "ψ": " psi ", "τ": " tau ", "ζ": " zeta ", "Δ": " Delta ", "∞": " infty ",
    "∫": " int ", "∑": " sum ", "Σ": " sum ", "√": " sqrt ", "∂": " partial ", "∇": " nabla ", "×": " * ", "·": " * ",
    "÷": " / ", "−": " - ", "–": " - ", "≤": " leq ", "≥": " geq ", "≠": " neq ", "≈": " approx ", "±": " pm ",
    "→": " to ", "°": " degrees ", "⁻": "^-", "⁺": "^+", "₀": "_0", "₁": "_1", "₂": "_2", "₃": "_3",
}  # fmt: skip
"""By a sign, what LaTeX or a plain keyboard has for it."""

COLOURS = {
    "red": (255, 0, 0), "green": (0, 160, 0), "blue": (0, 0, 255), "yellow": (255, 255, 0), "orange": (255, 140, 0),
    "purple": (128, 0, 160), "pink": (255, 160, 190), "white": (255, 255, 255), "black": (0, 0, 0),
    "gray": (128, 128, 128), "brown": (130, 75, 30), "teal": (0, 160, 160), "cyan": (0, 255, 255),
    "magenta": (255, 0, 255), "gold": (230, 180, 30), "beige": (245, 240, 220),
}  # fmt: skip
"""Everyday colours in red, green and blue, 0 to 255, by which hexadecimal ones are named: the nearest."""

STOP_WORDS = frozenset(
    """
    a an the and or of to in on at by for from with as is are be been being was were it its it's this that these those
    i me my we our you your he she they them their his her can could would should will shall may might must do does did
    have has had not no so if then than there here which who what when where why how also just like such into out up
    over under again each other more most some any all please want need i'd i'm let's us self def class return import
    lambda none true false else elif while try except pass np numpy math manim scene construct init super
    """.split()
)
"""Words that say nothing of a row: left out, and skipped between the two of a pair of words."""
