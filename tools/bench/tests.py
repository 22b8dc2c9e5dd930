# SPDX-License-Identifier: GPL-2.0
"""The tests as the host sees them: titles, aims, groups; workload.c has the rest."""

import re

import guest

PROGRAMS = {
    "bench": ("bench", guest.SOURCES),
    "reader": ("reader", guest.SOURCES + ["tools/bench/snapshot.c", "tools/bench/snapshot-device.c"]),
    "cost": ("cost", ["tools/bench/cost.c", f"{guest.SELFTESTS}/damon_scheme.c", *guest.HELPERS]),
    "tlb": ("tlb", ["tools/bench/beside-tlb.c", *guest.BESIDE_SOURCES]),
    "writer": ("writer", ["tools/bench/beside-writer.c", *guest.BESIDE_SOURCES]),
    "reclaim": ("reclaim", ["tools/bench/beside-reclaim.c", *guest.BESIDE_SOURCES]),
    # The bench itself, with others beside it.
    "beside": ("beside", guest.SOURCES + ["tools/bench/beside.c", "tools/bench/beside-common.c"] +
               [f"-Wl,--wrap={name}" for name in
                ("meter_run", "damon_sysfs_stage", "damon_sysfs_write", "damon_sysfs_write_long",
                 "damon_sysfs_read_long")]),
}

# Tests with a program of their own, and what they choose unless told otherwise.
OWN = {
    "TLB": ("tlb", {"pti": 0, "smp": 2}),
    "writer": ("writer", {}),
    "reclaim": ("reclaim", {}),
}

TITLES = {
    "T1": "5 TiB in 1 GiB leaves, 10 GiB hot",
    "T2": "T1 with at least 100 regions",
    "T3": "T1 with at least 500 regions",
    "T4": "5 TiB in 2 MiB leaves, 10 GiB hot",
    "T5": "T1, the hot part jumps by 1.5 TiB",
    "T6": "100 GiB in 4 KiB leaves, 10 GiB hot at random",
    "T7a": "1 TiB sparse, 16 spots of 64 MiB",
    "T7b": "1 TiB sparse, one spot of 1 GiB",
    "T7c": "5 TiB sparse, 10 spots of 128 MiB",
    "T8a": "64 GiB sparse, 16 spots of 16 MiB",
    "T8b": "64 GiB sparse, one spot of 64 MiB",
    "T9a": "512 MiB dense, a moving eighth",
    "T9b": "512 MiB dense, 16 spots of 4 MiB",
    "T9c": "512 MiB dense, one spot of 2 MiB",
    "T10": "a reader's snapshot of 1,000 regions",
    "T1r": "T1, 16 parts of random sizes",
    "T4r": "T4, 16 parts of random sizes",
    "T7r": "T7, 16 parts of random sizes",
    "T1w": "T1, a touched leaf in every GiB",
    "T4w": "T4, a touched leaf in every GiB",
    "T7w": "T7, a touched page in every GiB",
    "S1": "4 spots of 64 MiB in 1 GiB",
    "S64": "4 spots of 64 MiB in 64 GiB",
    "S5T": "4 spots of 64 MiB in 5 TiB",
    "cost": "instructions a region-sample",
    "TLB": "16 huge pages that never leave the TLB",
    "writer": "a writer of the address space, beside 1,000 regions",
    "reclaim": "generations of pages, beside the monitor",
}

# What a run of the frontier tries: sampling interval (us), windows of so many
# samples, bounds of the number of regions.
FRONTIER = [(sample, samples, low, high)
            for sample in (1000, 5000, 20000, 100000)
            for samples, low, high in ((20, 10, 30), (20, 10, 100), (20, 10, 1000),
                                       (40, 10, 1000), (20, 100, 1000))]
FRONTIER_TESTS = ("T6", "T7a")
FRONTIER_BUDGETS = (1, 3, 10, 30, 100)
# Virtual milliseconds: six windows if that is enough, and if that is not too long.
FRONTIER_MS = (3000, 12000)

GROUPS = {
    "all": [test for test in TITLES if test not in OWN],
    "beside": list(OWN),
    "aims": ["T1", "T4", "T5", "T6", "T7a", "T7b", "T7c", "T8a", "T8b", "T9a", "T9b", "T9c",
             "T10", "cost"],
    "random": ["T1r", "T4r", "T7r", "T1w", "T4w", "T7w"],
    "space": ["S1", "S64", "S5T"],
}

# Attributes that --set takes, as main.c knows them.
ATTRIBUTES = ("sample_us", "aggr_us", "min", "max", "period_us", "permille",
              "run_ms", *guest.ARGUMENTS, *guest.BESIDE,
              # Of programs of their own.
              "honest", "thp", "pages", "gap", "mib", "verbose",
              "monitor", "rounds")


def frontier_options(test, sample, samples, low, high):
    """One setting. All hot pages of T7a are to be touched in each sampling interval."""
    shortest, longest = FRONTIER_MS
    wanted = {"sample_us": sample, "aggr_us": sample * samples, "min": low, "max": high,
              "run_ms": max(shortest, min(sample * samples * 6 // 1000, longest))}
    if test != "T6":
        wanted["period_us"] = min(4000, sample)
    return wanted


def expand(words):
    """Names of tests and groups as pairs of a test and its options."""
    pairs = []
    for word in words or ["all"]:
        if word == "frontier":
            pairs += [(test, frontier_options(test, *row)) for test in FRONTIER_TESTS
                      for row in FRONTIER]
        elif word in GROUPS:
            pairs += [(test, {}) for test in GROUPS[word]]
        elif word in TITLES:
            pairs.append((word, {}))
        else:
            raise ValueError(f"no test '{word}'; there are: {' '.join(TITLES)}, "
                             f"and {' '.join(GROUPS)} frontier")
    return pairs


def options(settings, seconds):
    """What the command line says about attributes, as a dictionary."""
    found = {}
    for setting in settings:
        name, _, value = setting.partition("=")
        if name not in ATTRIBUTES or not value.isdigit():
            raise ValueError(f"--set {setting}: expected NUMBER after one of "
                             f"{'= '.join(ATTRIBUTES)}=")
        found[name] = int(value)
    if seconds is not None:
        found["run_ms"] = int(seconds * 1000)
    return found


def program(test, wanted):
    if test in OWN:
        return OWN[test][0]
    if any(name in guest.BESIDE for name in wanted):
        return "beside"
    return {"cost": "cost", "T10": "reader"}.get(test, "bench")


def seeds(test):
    """How many seeds say more than one; None: as many as are asked for."""
    return 1 if test in ("cost", "T10") else None


def measure_cost(kernel, prog, seed):
    """Rows of their own for each case of cost.c, and one that says it is done."""
    lines, console = guest.boot(kernel, prog, "cost", seed, "")
    rows = []
    for line in lines:
        found = re.match(r"cost: (\w+) +(\d+) +(\d+) +(\d+) +(\d+) (\S+)$", line)
        if found:
            case, asked, regions, tick, sample, period = found.groups()
            rows.append((f"cost {case} {asked}", {"regions": regions, "per_tick": tick,
                                                  "per_sample": sample, "period": period}, []))
    if "# init: cost ended with status 0" not in lines or not rows:
        raise guest.Failed(f"cost on {kernel.name}: no result, see {console}")
    return rows + [("cost", {}, [])]


def measure(kernel, prog, test, seed, wanted):
    """Runs a test. Returns a list of (row's name, figures, windows)."""
    if test == "cost":
        return measure_cost(kernel, prog, seed)
    if test in OWN:
        wanted = {**OWN[test][1], **wanted}
    return [(test, *guest.measure(kernel, prog, test, seed, wanted))]


def summary(figures):
    """What is worth a look while the others still run."""
    names = ("f1", "min", "last", "t90", "t95", "c90", "c95", "regions", "minstr_s", "period",
             "per_tick", "per_sample", "per_region", "calls", "wait_ms", "false_cold", "flushes_s", "per_op",
             "wait_per_op", "hold", "hold_contended",
             "ratio", "g0", "g1", "g2", "g3")
    return " ".join(f"{name} {figures[name]}" for name in names
                    if name in figures and figures[name] not in ("", "0.0"))
