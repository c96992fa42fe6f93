"""Near pairs and their clusters."""

import random
from collections.abc import Sequence

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.similarity import near_pairs as candidates
from builder.similarity.compare import Difference, clusters, similarity
from builder.similarity.near_pairs import near_pairs

WORDS = "draw show a the red blue circle square cirlce 3 4 slowly then moving around text".split()
prompts = st.lists(st.lists(st.sampled_from(WORDS), max_size=7).map(" ".join) | st.text(max_size=8), max_size=12)
links = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 9), st.sampled_from([0.9, 0.95, 1.0])).filter(lambda e: e[0] < e[1]),
    unique_by=lambda edge: edge[:2],
)


def pairs_of(edges: Sequence[tuple[int, int, float]]) -> pl.DataFrame:
    schema = {"left": pl.UInt32, "right": pl.UInt32, "score": pl.Float64}
    return pl.DataFrame(edges, schema=schema, orient="row")


def by_text(texts: Sequence[str], threshold: float) -> set[tuple[frozenset[str], float, bool]]:
    found = near_pairs(texts, threshold)
    return {(frozenset((texts[one], texts[two])), score, agrees) for one, two, score, agrees, _ in found.iter_rows()}


@pytest.fixture
def no_shortcut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few texts too are looked for by blocks and buckets."""
    monkeypatch.setattr(candidates, "ALL_PAIRS", -1)


def test_pairs_come_with_score_agreement_and_what_they_differ_in() -> None:
    found = near_pairs(["Draw a red circle.", "drew a red circle", "Draw a blue circle", "Draw a red cirlce"], 0.75)
    assert found.rows() == [
        (0, 1, 0.941176, True, Difference.NONE),
        (0, 2, 0.857143, False, Difference.DECISIVE),
        (0, 3, 0.941176, True, Difference.SLIPS),
        (1, 2, 0.8, False, Difference.DECISIVE),
        (1, 3, 0.882353, True, Difference.SLIPS),
        (2, 3, 0.8, False, Difference.DECISIVE),
    ]


def test_short_texts_are_found_without_comparing_all(no_shortcut: None) -> None:
    texts = ["circle", "circles", "a dot", "dot", "circle", "square", "?", "!"]
    found = near_pairs(texts, 0.6).filter("agrees")
    assert found.select("left", "right").rows() == [(0, 1), (0, 4), (2, 3)]


def test_a_block_of_many_texts_is_searched_by_buckets(no_shortcut: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """600 texts in pairs with the same key terms, here too many to compare all with all."""
    monkeypatch.setattr(candidates, "BLOCK_PAIRS", 100)
    monkeypatch.setattr(candidates, "NEIGHBOURS", 0)
    dice = random.Random(1)
    vocabulary = ["".join(dice.choices("bcdfghjklmnpqrstv", k=6)) for _ in range(400)]
    texts = [" ".join(dice.sample(vocabulary, 20)) for _ in range(300)]
    twins = [f"{text} please" for text in texts]
    found = near_pairs(texts + twins, 0.9).filter("agrees")
    assert found.select("left", "right").rows() == [(at, at + 300) for at in range(300)]


def test_the_order_of_texts_changes_no_pair_of_a_crowded_bucket(no_shortcut: None) -> None:
    """Of 300 texts in one bucket each is compared with few, and always with the same."""
    texts = [f"draw {number} red dots that move slowly to the left of the whole scene" for number in range(300)]
    shuffled = random.Random(1).sample(texts, len(texts))
    found = by_text(texts, 0.9)
    assert 300 < len(found) < 300 * 299 / 2
    assert found == by_text(shuffled, 0.9)


def test_copies_are_paired_with_the_first_of_them(no_shortcut: None) -> None:
    texts = ["A red dot moves", "a red dot moves!", "A red dot moves", "A red dot movess", "A red dot movess"]
    found = near_pairs(texts, 0.9).select("left", "right")
    assert found.rows() == [(0, 1), (0, 2), (0, 3), (3, 4)]


def test_against_others_every_text_is_held() -> None:
    found = near_pairs(
        ["A red dot", "a red dot", "a blue dot", "a red dots"], 0.8, ["the end", "A red dot.", "A RED DOT"]
    )
    assert found.filter("agrees").rows() == [(0, 1, 1.0, True, 0), (1, 1, 1.0, True, 0), (3, 1, 0.947368, True, 0)]


def test_many_texts_against_one_are_not_compared_among_themselves() -> None:
    texts = [f"draw {number} red dots at the left" for number in range(20_000)]
    found = near_pairs(texts, 0.9, ["draw 77 red dots at the left"])
    assert found.filter("agrees").rows() == [(77, 0, 1.0, True, 0)]


@given(prompts, st.randoms(use_true_random=False), st.sampled_from([0.5, 0.8, 0.9]))
@settings(deadline=None)
def test_the_order_of_texts_changes_no_pair(texts: list[str], dice: random.Random, threshold: float) -> None:
    texts = list(dict.fromkeys(texts))
    shuffled = dice.sample(texts, len(texts))
    assert {edge for edge in by_text(texts, threshold) if edge[1] < 1} == {
        edge for edge in by_text(shuffled, threshold) if edge[1] < 1
    }


@given(prompts)
@settings(deadline=None)
def test_a_higher_threshold_is_a_filter_and_scores_are_similarity(texts: list[str]) -> None:
    low, high = near_pairs(texts, 0.6), near_pairs(texts, 0.9)
    assert low.filter(pl.col("score") >= 0.9).equals(high)
    assert all(score == similarity(texts[one], texts[two]) for one, two, score, *_ in low.iter_rows())


def test_a_chain_is_cut_where_its_ends_are_not_near() -> None:
    gone = clusters(pairs_of([(0, 1, 0.95), (1, 2, 0.92)]), [0, 1, 2])
    assert gone.select("position", "stays", "score").rows() == [(1, 0, 0.95)]


def test_who_stays_is_the_first_in_the_order() -> None:
    edges = pairs_of([(0, 1, 0.95), (0, 2, 0.95), (1, 2, 0.95)])
    assert clusters(edges, [2, 0, 1]).select("position", "stays").rows() == [(0, 2), (1, 2)]


def test_copies_go_with_what_their_first_is_near_to() -> None:
    gone = clusters(pairs_of([(0, 3, 0.9), (3, 4, 1.0), (3, 5, 1.0)]), [5, 4, 3, 2, 1, 0])
    assert gone.rows() == [(0, 5, 0.9, 0, 4), (3, 5, 1.0, 0, 4), (4, 5, 1.0, 0, 4)]


@given(links, st.permutations(range(10)), st.randoms(use_true_random=False))
def test_of_each_cluster_exactly_one_stays(
    edges: list[tuple[int, int, float]], order: list[int], dice: random.Random
) -> None:
    gone = clusters(pairs_of(edges), order)
    removed = dict(gone.select("position", "stays").iter_rows())
    assert len(removed) == gone.height
    assert not set(removed) & set(removed.values())
    assert all(order.index(stays) < order.index(position) for position, stays in removed.items())
    assert clusters(pairs_of(dice.sample(edges, len(edges))), order).equals(gone)


@given(prompts, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_whatever_goes_something_like_it_stays(texts: list[str], dice: random.Random) -> None:
    order = dice.sample(range(len(texts)), len(texts))
    gone = clusters(near_pairs(texts, 0.8).filter("agrees"), order)
    staying = set(range(len(texts))) - set(gone["position"])
    assert set(gone["stays"]) <= staying
    assert all(similarity(texts[at], texts[stays]) == score for at, stays, score, *_ in gone.iter_rows())


@given(links.map(lambda edges: [(one, two, 0.9 + (one + two) / 1000) for one, two, _ in edges]))
def test_all_members_of_a_cluster_are_near(edges: list[tuple[int, int, float]]) -> None:
    near = {(one, two) for one, two, _ in edges}
    gone = clusters(pairs_of(edges), range(10))
    for (stays,), rows in gone.group_by("stays"):
        members = sorted([stays, *rows["position"]])
        assert all((one, two) in near for one in members for two in members if one < two)
        assert set(rows["size"]) == {len(members)}


TOPICS = {
    "English": "A bubble sort of a list|A merge sort of a list|A proof of Euler's formula|A proof of Green's theorem",
    "Spanish": "El teorema de Pitágoras|El teorema de Tales|La ordenación por mezcla|La ordenación por montículos",
    "Japanese": "円の面積の求め方|球の体積の求め方|三角形の内角の和|四角形の内角の和",
    "Chinese": "冒泡排序|归并排序|勾股定理|正弦定理",
    "German": "Der Satz des Pythagoras|Der Satz des Thales|Die Fläche unter der Kurve|Die Fläche zwischen den Kurven",
    "Russian": "Теорема Пифагора|Теорема Ферма|Сумма углов треугольника|Сумма углов пятиугольника",
    "Hindi": "पाइथागोरस प्रमेय|थेल्स प्रमेय|वृत्त का क्षेत्रफल|गोले का क्षेत्रफल",
    "Arabic": "نظرية فيثاغورس|نظرية طاليس|مساحة الدائرة|مساحة المثلث",
    "names": "DropoutScene|DensityScene|PendulumA|PendulumB",
}
FRAMES = {
    "English": "Create a Manim animation that explains this topic step by step with labels: {}",
    "Spanish": "Crea una animación de Manim que explique paso a paso y con etiquetas el tema siguiente: {}",
    "Japanese": "次の題材をラベル付きで順を追って説明するManimのアニメーションを作ってください。{}",
    "Chinese": "请用Manim制作一个动画，一步一步地讲解下面的主题，并加上标签：{}",
    "German": "Erstelle eine Animation mit Manim, die das folgende Thema Schritt für Schritt erklärt: {}",
    "Russian": "Создай анимацию в Manim, которая шаг за шагом объясняет следующую тему: {}",
    "Hindi": "Manim में एक एनिमेशन बनाइए जो इस विषय को चरण दर चरण समझाए: {}",
    "Arabic": "أنشئ رسما متحركا في Manim يشرح الموضوع التالي خطوة بخطوة: {}",
    "names": "Create a Manim scene named {}.",
}


@pytest.mark.parametrize("language", TOPICS)
def test_topics_under_one_template_are_not_near_in_any_language(language: str) -> None:
    asked = [FRAMES[language].format(topic) for topic in TOPICS[language].split("|")]
    assert near_pairs(asked, 0.7).height > 0  # their letters are alike
    assert near_pairs(asked, 0.7).filter(pl.col("difference") < Difference.ORDINARY).is_empty()


@pytest.mark.parametrize("language", TOPICS)
def test_a_copy_with_other_signs_is_near_in_every_language(language: str) -> None:
    asked = [FRAMES[language].format(topic) for topic in TOPICS[language].split("|")]
    retyped = [f"  {text.upper()} !" for text in asked]
    found = near_pairs(asked, 0.9, retyped).filter("agrees")
    assert found.select("left", "right").rows() == [(at, at) for at in range(len(asked))]
