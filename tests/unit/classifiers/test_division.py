import numpy as np
import pytest

from classifiers.training.data.division import clusters, cut, folds, latest

TEMPLATE = "Your parcel {} is waiting, pay the fee of {} at the depot before {} to receive it"


def test_templates_with_other_numbers_are_one_cluster():
    found = clusters(
        [
            TEMPLATE.format(1234, 5, 20),
            "Does anyone know where the choir rehearses this evening?",
            TEMPLATE.format(98765, 11, 31),
            TEMPLATE.format(1234, 5, 20).upper(),
            "The choir rehearses in the old school, next to the library.",
        ]
    )
    assert found[0] == found[2] == found[3]
    assert len({found[0], found[1], found[4]}) == 3


@pytest.mark.parametrize("texts", [[], [""], ["", "", "a"], ["\x00", "ab", "ab"]])
def test_short_and_empty_texts(texts):
    found = clusters(texts)
    assert len(found) == len(texts)
    for i, one in enumerate(texts):
        for j, other in enumerate(texts):
            assert (found[i] == found[j]) == (one == other)


def test_small_changes_in_a_long_text_do_not_part_it():
    long = " ".join(f"word{chr(97 + i % 26)}{chr(97 + i // 26)}" for i in range(200))
    assert len(set(clusters([long, long.replace("wordca", "another"), long + " more"]))) == 1


def test_no_cluster_is_in_two_folds():
    generator = np.random.default_rng(0)
    cluster = generator.integers(0, 60, 400)
    spam = generator.random(60)[cluster] < 0.3
    fold = folds(cluster, spam, 5)
    for name in range(60):
        assert len(set(fold[cluster == name])) <= 1
    assert set(fold) == set(range(5))
    shares = [spam[fold == number].mean() for number in range(5)]
    assert max(shares) - min(shares) < 0.25


def test_the_latest_are_held_back_whole_clusters_and_both_classes():
    times = np.arange(200.0)
    spam = np.arange(200) % 4 == 0
    cluster = np.arange(200)
    cluster[199] = cluster[3] = 3  # an old ham whose near-duplicate came last
    held = latest(cluster, times, spam, 0.25)
    assert held[3] and held[199]
    assert held[spam].mean() == pytest.approx(0.25, abs=0.03)
    assert held[~spam].mean() == pytest.approx(0.25, abs=0.03)
    alone = cluster != 3
    assert times[held & alone].min() > times[~held & ~spam & alone].max() - 10


def test_posts_without_a_time_are_the_oldest():
    times = np.full(100, np.nan)
    times[:25] = np.arange(25.0)
    held = latest(np.arange(100), times, np.zeros(100, dtype=bool), 0.25)
    assert held[:25].all()
    assert not held[25:].any()


def test_one_wave_of_spam_is_in_every_fold_and_its_latest_part_is_held_back():
    # All the spam there is says nearly the same; the ham does not.
    spam = np.arange(200) % 2 == 0
    cluster = np.where(spam, 0, np.arange(200))
    fold = folds(cluster, spam, 5)
    assert all(10 <= (spam & (fold == number)).sum() <= 30 for number in range(5))
    held = latest(cluster, np.arange(200.0), spam, 0.25)
    assert held[spam].mean() == pytest.approx(0.25, abs=0.02)
    assert np.flatnonzero(held & spam).min() > np.flatnonzero(~held & spam).max()


def test_clusters_of_a_usual_size_are_not_cut():
    generator = np.random.default_rng(0)
    cluster = generator.integers(0, 40, 400)
    spam = generator.random(40)[cluster] < 0.5
    pieces = cut(cluster, spam, np.arange(400), 0.25)
    assert all(len(set(pieces[cluster == name])) == 1 for name in range(40))
    assert len(set(pieces)) == 40
