"""Numbers with their intervals."""

from itertools import combinations

import pytest

from builder.evaluate.metrics import compare, mean, pass_at, share, share_of


def test_a_share_has_wilsons_interval() -> None:
    """As in Newcombe 1998, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29."""
    known = {
        (81, 263): (0.2553, 0.3662),
        (15, 148): (0.0624, 0.1605),
        (0, 20): (0.0, 0.1611),
        (1, 29): (0.0061, 0.1718),
    }
    for (hits, count), interval in known.items():
        found = share(hits, count)
        assert (found.low, found.high) == pytest.approx(interval, abs=1e-4)


@pytest.mark.parametrize(("samples", "passed", "k"), [(5, 0, 2), (5, 2, 1), (5, 2, 3), (6, 6, 4), (4, 1, 4)])
def test_pass_at_k_is_the_share_of_draws_that_hold_a_pass(samples: int, passed: int, k: int) -> None:
    """Counted over every draw of k samples."""
    draws = list(combinations([True] * passed + [False] * (samples - passed), k))
    assert pass_at(k, samples, passed) == pytest.approx(sum(map(any, draws)) / len(draws))


def test_pass_at_k_needs_k_samples() -> None:
    """It cannot be estimated from fewer."""
    with pytest.raises(ValueError, match="pass@3 needs 3 samples, there are 2"):
        pass_at(3, 2, 1)


def test_samples_of_a_prompt_are_no_independent_cases() -> None:
    """Ten alike samples of four prompts make no narrower interval than one of each."""
    one = share_of([[True], [True], [False], [False]])
    ten = share_of([[True] * 10, [True] * 10, [False] * 10, [False] * 10])
    assert (one.value, one.method) == (0.5, "wilson")
    assert (ten.value, ten.method, ten.count) == (0.5, "bootstrap", 4)
    assert ten.high - ten.low > 0.7


def test_intervals_are_the_same_each_time() -> None:
    """The bootstrap has a seed, and covers the mean."""
    values = [0.2, 0.9, 0.4, 0.7, 0.1]
    assert mean(values) == mean(values)
    assert mean(values).low < 0.46 < mean(values).high


def test_runs_that_differ_by_chance_and_by_more() -> None:
    """McNemar: 5 of 6 changed prompts could be chance (p 0.22), 10 of 10 could not (p 0.002)."""
    base = [1.0] * 20
    chance = compare([*base, 1, 0, 0, 0, 0, 0], [*base, 0, 1, 1, 1, 1, 1])
    assert (chance.p_value, chance.could_be_chance) == (pytest.approx(0.21875), True)
    assert (chance.only_first, chance.only_second) == (1, 5)
    better = compare([*base, *[0] * 10], [*base, *[1] * 10])
    assert (better.p_value, better.could_be_chance) == (pytest.approx(0.001953), False)
    assert better.low > 0
    alike = compare(base, base)
    assert (alike.difference, alike.p_value) == (0, 1)


def test_runs_with_several_samples_are_compared_by_swapping_them() -> None:
    """Shares are no yes or no."""
    left = [0.5, 0.2, 0.4, 0.1, 0.6, 0.3, 0.5, 0.2]
    found = compare(left, [each + 0.2 for each in left])
    assert found.method == "permutation, paired"
    assert not found.could_be_chance
    assert compare(left, list(reversed(left))).could_be_chance
