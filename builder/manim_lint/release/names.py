"""Names of Manim's classes that tell a scene and a drawn object from other code.

Scenes and mobjects are those of Manim Community 0.22 (every public class below `Scene`, `Mobject` in its
source), and those of its older releases and of ManimGL whose programs the sources hold. A name here says
what a program means to be, not that today's Manim still has it.
"""

SCENES = frozenset(
    """
    Scene ThreeDScene SpecialThreeDScene MovingCameraScene ZoomedScene VectorScene LinearTransformationScene
    GraphScene SampleSpaceScene ReconfigurableScene ConfigurableScene ThreeDSlideScene InteractiveScene
    PiCreatureScene TeacherStudentsScene FloorPlaneScene MovingCameraScene2 OpeningQuote
    """.split()
)

MOBJECTS = frozenset(
    """
    AbstractImageMobject Angle AnimatedBoundary AnnotationDot AnnularSector Annulus Arc ArcBetweenPoints ArcBrace
    ArcPolygon ArcPolygonFromArcs Arrow Arrow3D ArrowCircleFilledTip ArrowCircleTip ArrowSquareFilledTip
    ArrowSquareTip ArrowTip ArrowTriangleFilledTip ArrowTriangleTip ArrowVectorField Axes BackgroundRectangle
    BarChart Brace BraceBetweenPoints BraceLabel BraceText BulletedList Circle Code ComplexPlane
    ComplexValueTracker Cone ConvexHull ConvexHull3D Cross Cube CubicBezier CurvedArrow CurvedDoubleArrow
    CurvesAsSubmobjects Cutout Cylinder DashedLine DashedVMobject DecimalMatrix DecimalNumber DecimalTable
    DiGraph Difference Dodecahedron Dot Dot3D DoubleArrow Elbow Ellipse Exclusion FullScreenRectangle
    FunctionGraph GenericGraph Graph Group Icosahedron ImageMobject ImageMobjectFromCamera ImplicitFunction
    Integer IntegerMatrix IntegerTable Intersection Label LabeledArrow LabeledDot LabeledLine LabeledPolygram
    Line Line3D ManimBanner MarkupText MathTable MathTex MathTypst Matrix Mobject MobjectMatrix MobjectTable
    NumberLine NumberPlane Octahedron PGroup PMobject Paragraph ParametricFunction Point PointCloudDot
    PolarPlane Polygon Polygram Polyhedron Prism Rectangle RegularPolygon RegularPolygram RightAngle
    RoundedRectangle SVGMobject SampleSpace ScreenRectangle Sector SingleStringMathTex Sphere Square Star
    StealthTip StreamLines Surface SurroundingRectangle Table TangentLine TangentialArc Tetrahedron Tex Text
    ThreeDAxes ThreeDVMobject TipableVMobject Title Torus TracedPath Triangle Typst Underline Union UnitInterval
    VDict VGroup VMobject VMobjectFromSVGPath ValueTracker Variable Vector VectorField VectorizedPoint
    TextMobject TexMobject TexText ParametricSurface ParametricCurve
    """.split()
)

PACKAGES = frozenset({"manim", "manimlib", "manimce", "manimgl", "big_ol_pile_of_manim_imports"})
"""Import names under which Manim itself is, or was, had."""
