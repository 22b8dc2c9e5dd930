# SPDX-License-Identifier: GPL-2.0
"""Plots as SVG: F1 over time of each test, and the frontier of cost and accuracy."""

import math
import os

import results
import tests
from guest import OUT

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 60, 150, 36, 48
COLOURS = ["#b03a2e", "#1f618d", "#1e8449", "#7d3c98"]


class Axis:
    """Maps values to a span of pixels, in steps of ten where it is logarithmic."""

    def __init__(self, low, high, span, log=False):
        self.log = log
        self.low, self.high = (math.log10(low), math.log10(high)) if log else (low, high)
        self.start, self.end = span

    def at(self, value):
        value = math.log10(value) if self.log else value
        share = (value - self.low) / (self.high - self.low)
        return self.start + max(0, min(1, share)) * (self.end - self.start)

    def ticks(self):
        if self.log:
            return [10.0 ** i for i in range(math.ceil(self.low), math.floor(self.high) + 1)]
        step = 10 ** math.floor(math.log10(self.high - self.low))
        while (self.high - self.low) / step < 4:
            step /= 2
        first = math.ceil(self.low / step)
        return [i * step for i in range(first, int(self.high / step + 1e-9) + 1)]


def line(x1, y1, x2, y2, colour, width=1):
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
            f'stroke="{colour}" stroke-width="{width}"/>')


def text(x, y, words, anchor="middle", extra=""):
    words = words.replace("&", "&amp;").replace("<", "&lt;")
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{extra}>{words}</text>'


def frame(title, xlabel, ylabel, x, y):
    """Axes with labels, ticks and grid."""
    out = [text((LEFT + WIDTH - RIGHT) / 2, 20, title, extra=' font-weight="bold"'),
           text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, xlabel),
           text(16, (TOP + HEIGHT - BOTTOM) / 2, ylabel,
                extra=f' transform="rotate(-90 16 {(TOP + HEIGHT - BOTTOM) / 2:.0f})"')]
    for tick in x.ticks():
        out.append(line(x.at(tick), TOP, x.at(tick), HEIGHT - BOTTOM, "#eee"))
        out.append(text(x.at(tick), HEIGHT - BOTTOM + 16, f"{tick:g}"))
    for tick in y.ticks():
        out.append(line(LEFT, y.at(tick), WIDTH - RIGHT, y.at(tick), "#eee"))
        out.append(text(LEFT - 6, y.at(tick) + 4, f"{tick:g}", "end"))
    out.append(line(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM, "#333"))
    out.append(line(LEFT, TOP, LEFT, HEIGHT - BOTTOM, "#333"))
    return out


def chart(path, title, xlabel, series, log=False):
    """series: {kernel: [line of (x, F1) points]}."""
    points = [p for lines in series.values() for each in lines for p in each]
    low = min(p[0] for p in points) / 1.5 if log else 0
    high = max(p[0] for p in points) * (1.5 if log else 1)
    x = Axis(low, high, (LEFT, WIDTH - RIGHT), log)
    y = Axis(0, 1, (HEIGHT - BOTTOM, TOP))
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
           f'width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="12">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>']
    out += frame(title, xlabel, "F1", x, y)
    for i, (name, lines) in enumerate(series.items()):
        colour = COLOURS[i % len(COLOURS)]
        for each in lines:
            dots = " ".join(f"{x.at(px):.1f},{y.at(py):.1f}" for px, py in each)
            out.append(f'<polyline points="{dots}" fill="none" stroke="{colour}" '
                       f'stroke-width="1.8" stroke-opacity="{1 if len(lines) < 4 else 0.5}"/>')
        at = TOP + 14 + 18 * i
        out.append(line(WIDTH - RIGHT + 12, at - 4, WIDTH - RIGHT + 32, at - 4, colour, 3))
        out.append(text(WIDTH - RIGHT + 38, at, name, "start"))
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(out + ["</svg>"]) + "\n")


def in_order(names):
    return sorted(names, key=lambda name: (name != "stock", name))


def over_time(rows):
    """One plot a test: a line a seed. Returns the files."""
    files = []
    for test in tests.TITLES:
        series = {}
        mine = [row for row in rows if row["test"] == test and not row["options"]]
        for name in in_order({row["kernel"] for row in mine}):
            last = [row for row in mine if row["kernel"] == name][-1]
            same = {row["seed"]: row for row in mine if row["kernel"] == name and
                    (row["hash"], row["program"]) == (last["hash"], last["program"])}
            lines = [[(w["ms"] / 1000, w["f1"]) for w in results.load_windows(row)]
                     for row in same.values()]
            series[name] = [each for each in lines if each]
        if any(series.values()):
            files.append(os.path.join(OUT, f"{test}.svg"))
            chart(files[-1], f"{test}: {tests.TITLES[test]}",
                  "virtual seconds after `on`, a line a seed", series)
    return files


def frontier_points(rows, test, name):
    """(cost, F1) of each setting, means over its seeds, cheapest first."""
    wanted = {results.options_text(tests.frontier_options(test, *row)) for row in tests.FRONTIER}
    mine = [row for row in rows if row["test"] == test and row["kernel"] == name and
            row["options"] in wanted]
    if not mine:
        return []
    last = (mine[-1]["hash"], mine[-1]["program"])
    by_options = {}
    for row in mine:
        if (row["hash"], row["program"]) == last:
            by_options.setdefault(row["options"], {})[row["seed"]] = row
    points = []
    for runs in by_options.values():
        runs = list(runs.values())
        points.append(tuple(sum(float(run[column]) for run in runs) / len(runs)
                            for column in ("minstr_s", "f1")))
    return sorted(points)


def best_within(points, budget):
    """The best mean F1 of the settings that cost no more, or None."""
    return max((f1 for cost, f1 in points if cost <= budget), default=None)


def frontier(rows):
    """A plot a test, and the lines of a table."""
    files, table = [], []
    for test in tests.FRONTIER_TESTS:
        series = {}
        for name in in_order({row["kernel"] for row in rows}):
            points = frontier_points(rows, test, name)
            if not points:
                continue
            stairs, best = [], 0
            for cost, f1 in points:
                stairs += [(cost, best), (cost, max(best, f1))]
                best = max(best, f1)
            series[name] = [stairs]
            cells = [best_within(points, budget) for budget in tests.FRONTIER_BUDGETS]
            table.append([test, name] + ["–" if c is None else f"{c:.3f}" for c in cells])
        if series:
            right = max(lines[0][-1][0] for lines in series.values())
            for lines in series.values():
                lines[0].append((right, lines[0][-1][1]))
            files.append(os.path.join(OUT, f"frontier-{test}.svg"))
            chart(files[-1], f"{test}: the best F1 that a cost buys",
                  "million instructions a second of the kdamond", series, log=True)
    head = ["test", "kernel"] + [f"≤ {budget} M/s" for budget in tests.FRONTIER_BUDGETS]
    return files, [head] + table if table else []
