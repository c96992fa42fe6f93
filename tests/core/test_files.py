"""Results that are kept by what went into them."""

from pathlib import Path

from builder.core.files import kept_result


def test_a_result_of_the_same_inputs_is_not_made_again(tmp_path: Path):
    """Other inputs have a result of their own."""
    made: list[str] = []

    def result(text: str) -> bytes:
        made.append(text)
        return text.encode()

    for text in ("one", "one", "two", "one"):
        assert kept_result(tmp_path, [text], lambda text=text: result(text)) == text.encode()

    assert made == ["one", "two"]


def test_a_kept_result_that_was_changed_is_made_again(tmp_path: Path):
    """Its hash is kept with it."""
    kept_result(tmp_path, ["input"], lambda: b"right")
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes().replace(b"right", b"wrong"))

    assert kept_result(tmp_path, ["input"], lambda: b"right") == b"right"


def test_only_the_newest_results_are_kept(tmp_path: Path):
    """A cache of reports does not grow without end."""
    for number in range(20):
        kept_result(tmp_path, [str(number)], lambda: b"x")

    assert len(list(tmp_path.iterdir())) == 16
