"""Keys: equal exactly for equal programs, whatever their comments and layout; the same on every Python."""

import ast
import io
import itertools
import sys
import tokenize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.prepare.keys import content_key, description_key, program_key, program_tokens

PROGRAM = "class A(Scene):\n    def construct(self):\n        x = f(1, 2)\n        if x:\n            self.add(x)\n"


def tokenized(code: str) -> list[tuple[int, str]]:
    """What Python's own tokenizer makes of a program, without comments and layout."""
    tokens = []
    for token in tokenize.generate_tokens(io.StringIO(f"{code}\n").readline):
        if token.type in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT):
            tokens.append((token.type, ""))
        elif token.type not in (tokenize.COMMENT, tokenize.NL, tokenize.ENDMARKER):
            tokens.append((0, token.string))
    return tokens


@pytest.mark.parametrize(
    "same",
    [
        pytest.param(PROGRAM.rstrip(), id="no last line end"),
        pytest.param(f"# a scene\n\n{PROGRAM}\n# end", id="comments on lines of their own"),
        pytest.param(PROGRAM.replace(":\n", ":  # it's (one\n"), id="comments at line ends"),
        pytest.param(PROGRAM.replace("        x =", "# not indented\n        x ="), id="a comment outside the block"),
        pytest.param(PROGRAM.replace("\n", "\n\n   \n"), id="blank lines"),
        pytest.param(PROGRAM.replace("    ", "  "), id="two spaces"),
        pytest.param(PROGRAM.replace("    ", "\t"), id="tabs"),
        pytest.param(PROGRAM.replace("\n", "\r\n"), id="CRLF"),
        pytest.param(PROGRAM.replace("(1, 2)", "(1,\n  # one\n\n 2\n)"), id="lines joined in brackets"),
        pytest.param(PROGRAM.replace("x = f", "x = \\\n  f"), id="lines joined by a backslash"),
        pytest.param(PROGRAM.replace("x = f(1, 2)", "x=f ( 1,2 )").replace("self.add", "self . add"), id="spaces"),
        pytest.param(PROGRAM.replace("\n", "  \n"), id="spaces at line ends"),
    ],
)
def test_comments_and_layout_do_not_count(same: str) -> None:
    """Programs that differ in nothing else have one key."""
    assert program_key(same) == program_key(PROGRAM)
    assert tokenized(same) == tokenized(PROGRAM)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("x = 1", "x = 2", id="numbers"),
        pytest.param("x = 1", "x = 1.0", id="kinds of numbers"),
        pytest.param("x = y", "x = z", id="names"),
        pytest.param("x = y", "x = Y", id="case"),
        pytest.param('Dot(color="#FF0000")', 'Dot(color="#00FF00")', id="hex colours"),
        pytest.param("Dot(color='#FF0000')", "Dot(color='#00FF00')", id="hex colours in single quotes"),
        pytest.param("t = '''a # b'''", "t = '''a # c'''", id="a hash in a long text"),
        pytest.param('t = "\\"#a"', 't = "\\"#b"', id="a hash after an escaped quote"),
        pytest.param("t = r'\\\\' '#a'", "t = r'\\\\' '#b'", id="a hash after a raw backslash"),
        pytest.param('t = f"#{x}"', 't = f"#{y}"', id="a hash in an f-string"),
        pytest.param("t = 'a b'", "t = 'a  b'", id="white space in a text"),
        pytest.param("t = '''a\n b'''", "t = '''a\n  b'''", id="an indent in a text"),
        pytest.param("t = 'a'", "t = 'a' 'b'", id="joined texts"),
        pytest.param("t = r'\\n'", "t = '\\n'", id="a prefix"),
        pytest.param("x = a - b", "x = a + b", id="operators"),
        pytest.param("x = a ** b", "x = a * b", id="an operator of two characters"),
        pytest.param("x = (1)", "x = (1,)", id="a comma"),
        pytest.param("if x:\n    y()\nz()", "if x:\n    y()\n    z()", id="a line moved into a block"),
        pytest.param("if x:\n  if y:\n    a()\n  b()", "if x:\n  if y:\n    a()\n    b()", id="an inner block"),
        pytest.param("x\n(y)", "x(y)", id="a line end"),
        pytest.param("x = y if z else w", "x = yif z else w", id="a space that parts names"),
    ],
)
def test_what_a_program_says_counts(one: str, other: str) -> None:
    """Literals, names, texts and block structure each make another key."""
    assert program_key(one) != program_key(other)
    assert program_key(one) == program_key(f"{one}  # the same\n")


@pytest.mark.parametrize(
    "text", ["class A(Scene:\n  x = '#a", "'''", '"', "(((", "x = = 1", "  \\", "$?!", "Draw a circle."]
)
def test_text_that_does_not_parse_has_a_key_too(text: str) -> None:
    """It is the same text's key, and not another's."""
    assert program_key(text) == program_key(f"\n{text}\n")
    assert program_key(text) != program_key(f"x {text}")


@pytest.mark.parametrize("nothing", ["", " \n\t\n", "# only a comment", "\\\n"])
def test_a_program_of_nothing_has_no_key(nothing: str) -> None:
    """Empty programs are not duplicates of one another."""
    assert program_key(nothing) is None


PROGRAMS = [
    PROGRAM,
    PROGRAM.replace("\n", "\n# x\n"),
    "x = 1 if y else 2",
    "x = 1e+1",
    "x = 1 .real",
    "x = [1, 2][0:1]",
    "x = 0b1_0 | 0o17 ^ 1_000j",
    "x = a<b<=c!=d==e>=f>g>>h<<i",
    "x //= y ** 2 // z; y **= 2; z >>= 1; z <<= 1; w @= m @ n; w |= ~v; w ^= v; w &= v; w %= v",
    "def f(a, /, *b, c: int = ..., **d) -> None: ...",
    "def f(a, /, *b, c: int = . . ., **d)-> None: ...",
    "if (n := len(a)) > 1: pass",
    "x = rb'\\'' + Rb\"\\\"\" + u'a' + BR'#'",
    "x = '''a'b''c\\''''",
    'x = """#a\n# b\n""" # c',
    "x = ''",
    "x = '' ''",
    "x = ''''''",
    "t = 'a\\\nb'",
    "@decorated\nasync def f():\n\tawait g()\n\n\n\treturn {**a, 'b': [*c]}",
    "if x:\n        y\nelif z:\n  w\nelse:\n pass",
    "if x:\n    y\n  # comment\n    z",
    "if x:\n    y\n\f\nz",
    "\fx = 1",
    "x = (1 +\n# c\n     2)",
    "x = 1 + \\\n    2",
    "x = 1 + \\\n\\\n    2",
    "if x:\n  y \\\n  + 1\nz",
    "while x:\n    if y:\n        break\n    else: pass\nelse:\n    z",
    "größe = é = Ω_1 = 变量",
    "lambda: (yield)",
    "print(*a, sep='')",
    "x[...]",
    "x[1:2, ::3]",
    "a = b if c else(d)",
    "x=1;y=2",
    "x=1\ny=2",
]


def test_programs_are_equal_exactly_if_the_tokenizer_finds_them_equal() -> None:
    """Of any two programs of the list, the keys are equal if and only if Python's tokens are."""
    for one, other in itertools.combinations(PROGRAMS, 2):
        same = tokenized(one) == tokenized(other)
        assert (program_key(one) == program_key(other)) == same, (one, other)


@pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("dense", "spaced"),
    [
        ("x = 0x1e+1", "x = 0x1e + 1"),
        ("x = 0xE-2", "x = 0xE - 2"),
        ("x = 1..real", "x = 1. .real"),
        ("x = 1if y else 2", "x = 1 if y else 2"),
        ("x = 1or 2", "x = 1 or 2"),
    ],
)
def test_a_number_ends_where_python_ends_it(dense: str, spaced: str) -> None:
    """What follows a number without a space is no part of it."""
    assert ast.dump(ast.parse(dense)) == ast.dump(ast.parse(spaced))
    assert program_key(dense) == program_key(spaced)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="quotes inside an f-string's braces parse from 3.12 on")
def test_texts_inside_an_f_string_count_where_they_repeat_its_quotes() -> None:
    """A hash between the same quotes is no comment."""
    assert program_key('x = f"{d["#FF0000"]}"') != program_key('x = f"{d["#00FF00"]}"')


TOKENS = [
    *("x", "self", "if", "r", "b1", "0", "1", "1.5", ".5", "2.", "0xFE", "1e5", "1e-5", "1_0", "3j"),
    *("''", '"#a"', "'b # c'", "r'\\''", "b'd'", '"""e\n  f"""', "'''g # \"\n'''", "'h\\\ni'", "u'j'"),
    *("+", "-", "*", "**", "/", "//", ">>", "<", "<=", "==", "=", ".", ",", ":", "(", ")", "[", "]", "and", "not "),
]
GAPS = ["", " ", " ", "  ", " \\\n ", "\t"]
ENDS = ["\n", "\n", "\n\n", "  # it's (a comment\n", "\n# another\n", "\n   \n"]


@st.composite
def programs(draw: st.DrawFn) -> str:
    """Lines of tokens with any gaps, some of them the head or the body of a block; many parse."""
    text, indents = "", [""]
    for _ in range(draw(st.integers(1, 4))):
        head = draw(st.booleans()) and len(indents) < 4
        words = draw(st.lists(st.sampled_from(TOKENS), min_size=1, max_size=4))
        line = "".join(word + draw(st.sampled_from(GAPS)) for word in words)
        text += indents[-1] + (f"if x{draw(st.sampled_from(GAPS))}:" if head else line) + draw(st.sampled_from(ENDS))
        if head:
            indents.append(indents[-1] + draw(st.sampled_from([" ", "    ", "\t"])))
            text += indents[-1] + "x" + draw(st.sampled_from(ENDS))
        while len(indents) > 1 and draw(st.booleans()):
            indents.pop()
    return text


def parses(code: str) -> bool:
    try:
        ast.parse(code)
    except SyntaxError:
        return False
    return True


@pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore::DeprecationWarning")
@settings(max_examples=600, deadline=None)
@given(programs())
def test_a_program_of_any_layout_is_equal_to_its_plain_layout(code: str) -> None:
    """A program written anew from Python's own tokens, one space between them, keeps its key."""
    if not parses(code):
        return
    plain, indent = "", 0
    for kind, text in tokenized(code):
        if kind in (tokenize.INDENT, tokenize.DEDENT):
            indent += 1 if kind == tokenize.INDENT else -1
        elif kind == tokenize.NEWLINE:
            plain += "\n"
        else:
            plain += (" " * indent if plain.endswith("\n") or not plain else " ") + text
    assert tokenized(plain) == tokenized(code)
    assert program_tokens(plain) == program_tokens(code)


@pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore::DeprecationWarning")
@settings(max_examples=300, deadline=None)
@given(programs(), st.data())
def test_a_program_with_a_piece_cut_out_is_equal_only_if_the_tokens_are(code: str, data: st.DataObject) -> None:
    """Near programs are told apart exactly as Python's tokenizer tells them apart."""
    start = data.draw(st.integers(0, len(code)))
    other = code[:start] + code[data.draw(st.integers(start, min(len(code), start + 3))) :]
    if parses(code) and parses(other):
        assert (program_tokens(code) == program_tokens(other)) == (tokenized(code) == tokenized(other))


def test_content_key_tells_texts_and_their_border_apart() -> None:
    """The key is of both texts as they are: any change, also of what belongs to which, makes another."""
    keys = {content_key("ab", "c"), content_key("a", "bc"), content_key("ab", "c "), content_key("ab\0", "c")}
    assert len(keys | {content_key("ab", "\0c"), content_key("", "abc"), content_key("abc", "")}) == 7
    assert all(len(key) == 16 and int(key, 16) >= 0 for key in keys)


@pytest.mark.parametrize("text", ["\ud800", "a\0b", "😀"])
def test_any_text_has_keys(text: str) -> None:
    """Lone surrogates and null characters are text like any other."""
    assert program_key(text) is not None
    assert description_key(text) is not None
    assert content_key(text, text)


def test_keys_do_not_change() -> None:
    """Ids, caches and splits rest on these values, on every version of Python and every machine."""
    assert program_key(PROGRAM) == 11763993585087904567
    assert program_key("x = f\"#{y}\" + 'é'  # z") == 12166667244241211596
    assert description_key("Draw a café.") == 8421698093084021503
    assert content_key("Draw a café.", PROGRAM) == "66dd540357789fa6"
