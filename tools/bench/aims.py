# SPDX-License-Identifier: GPL-2.0
"""The lines of the table: a figure of a test, and what it is to reach."""

from collections import namedtuple

# column    of results.csv
# text      of the table
# pick      "mean", "worst" (the largest, where less is better, else the smallest)
# better    "less" or "more"
# bound     what every kernel of ours is to reach, or None
# of_stock  the bound is that share of the stock kernel's figure
Line = namedtuple("Line", "test column text pick better bound of_stock", defaults=(None, False))


def time_to_95(test, bound=500):
    return Line(test, "t95", "ms to F1 ≥ 0.95, slowest seed", "worst", "less", bound)


def cost(test, bound=None, of_stock=False):
    return Line(test, "minstr_s", "M instructions/s", "mean", "less", bound, of_stock)


def worst(test, bound):
    return Line(test, "min", "lowest F1 after settling", "worst", "more", bound)


def mean(test, bound=None):
    return Line(test, "f1", "mean F1", "mean", "more", bound)


def sample(case, bound=None):
    return Line(case, "per_sample", "instructions a region-sample", "mean", "less", bound)


def survey(test, budget):
    return [worst(test, 0.98), mean(test), cost(test, budget)]


def dense(test):
    return [mean(test, 0.99),
            Line(test, "t90", "ms to F1 ≥ 0.9, slowest seed", "worst", "less", 1, True),
            cost(test, 0.1, True)]


LINES = [
    time_to_95("T1"), mean("T1"), cost("T1", 3),
    time_to_95("T2", None), mean("T2"), cost("T2"),
    time_to_95("T3", None), mean("T3"), cost("T3"),
    time_to_95("T4"), mean("T4"), cost("T4", 3),
    time_to_95("T5"),
    Line("T5", "c95", "ms from the jump to F1 ≥ 0.95, slowest seed", "worst", "less", 500),
    mean("T5"), cost("T5", 3),
    worst("T6", 0.9), mean("T6"),
    Line("T6", "f1_quarter", "mean F1 at a quarter of the samples", "mean", "more"),
    cost("T6", 20),
    *survey("T7a", 5), *survey("T7b", 5), *survey("T7c", 5),
    *survey("T8a", 5), *survey("T8b", 5),
    *dense("T9a"), *dense("T9b"), *dense("T9c"),
    Line("T10", "per_region", "reader's instructions a region", "mean", "less", 100),
    Line("T10", "calls", "reader's system calls a snapshot", "mean", "less", 1),
    Line("T10", "wait_ms", "ms that the reader waits", "mean", "less", 1),
    sample("cost idle 1000", 120), sample("cost young 1000", 220),
    sample("cost idle 100", 220), sample("cost young 100", 220),
    sample("cost vmas 1000", 250), sample("cost vmas 100", 250),
    sample("cost pidle 1000", 500), sample("cost pyoung 1000", 500),
    sample("cost pidle 100", 500), sample("cost pyoung 100", 500),
    sample("cost idle 10"), sample("cost young 10"),
    Line("cost idle 3", "per_tick", "instructions a tick, three regions", "mean", "less", 5500),
    Line("cost young 3", "per_tick", "instructions a tick, three regions", "mean", "less", 5500),
    Line("cost idle 1000", "period", "real to asked sampling period", "mean", "less", 1.01),
    Line("cost young 1000", "period", "real to asked sampling period", "mean", "less", 1.01),
    cost("T1r", 3), mean("T1r"), cost("T4r", 3), mean("T4r"), cost("T7r", 5), mean("T7r"),
    cost("T1w", 3), mean("T1w"), cost("T4w", 3), mean("T4w"), cost("T7w", 5), mean("T7w"),
    cost("S1"), cost("S64"), cost("S5T"),
    Line("S5T/S1", "minstr_s", "times the cost", "mean", "less", 1.5),
    Line("S5T/S64", "minstr_s", "times the cost", "mean", "less", 1.5),
]
