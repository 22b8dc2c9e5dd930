# SPDX-License-Identifier: GPL-2.0
"""The raw results: one line a run in results.csv, one file of snapshots a run."""

import csv
import fcntl
import os

from guest import OUT

KEY = ["hash", "program", "test", "seed", "options"]
FIGURES = [f"{figure}{suffix}" for suffix in ("", "_any", "_quarter") for figure in
           ("f1", "min", "last", "precision", "recall", "false_cold",
            "t90", "t95", "c90", "c95")]
FIGURES += ["snapshots", "regions", "most_regions", "period", "minstr_s", "passes", "late",
            "per_tick", "per_sample", "per_region", "calls", "wait_ms"]
COLUMNS = ["kernel", "describe"] + KEY + FIGURES

FILE = os.path.join(OUT, "results.csv")


def options_text(options):
    return " ".join(f"{k}={v}" for k, v in sorted(options.items()))


def load(path=FILE):
    """All lines, oldest first."""
    if not os.path.exists(path):
        return []
    with open(path, newline="", encoding="ascii") as file:
        return list(csv.DictReader(file))


def find(rows, key):
    """The last run of that key, or None."""
    for row in reversed(rows):
        if all(row.get(name) == str(key[name]) for name in KEY):
            return row
    return None


def append(row):
    """Several benchmarks may do so at once; new columns make a new header."""
    os.makedirs(OUT, exist_ok=True)
    with open(os.path.join(OUT, ".lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        rows = load()
        fresh = not rows or list(rows[0]) != COLUMNS
        if fresh:
            rows.append(row)
        else:
            rows = [row]
        name = FILE + ".new" if fresh else FILE
        with open(name, "w" if fresh else "a", newline="", encoding="ascii") as file:
            writer = csv.DictWriter(file, COLUMNS, restval="", extrasaction="ignore",
                                    lineterminator="\n")
            if fresh:
                writer.writeheader()
            writer.writerows(rows)
        if fresh:
            os.rename(name, FILE)


def windows_file(key):
    options = str(key["options"]).replace(" ", ",")
    return os.path.join(OUT, "windows",
                        f"{key['hash']}.{key['test']}.{options}.{key['seed']}.csv")


def save_windows(key, windows):
    path = windows_file(key)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", newline="", encoding="ascii") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["ms", "f1", "precision", "recall", "regions"])
        writer.writerows(windows)


def load_windows(key):
    path = windows_file(key)
    if not os.path.exists(path):
        return []
    with open(path, newline="", encoding="ascii") as file:
        return [{k: float(v) for k, v in row.items()} for row in csv.DictReader(file)]
