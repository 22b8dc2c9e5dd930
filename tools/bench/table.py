# SPDX-License-Identifier: GPL-2.0
"""Tables from raw results: kernels side by side, with aims."""

import math

import aims
import tests

STOCK = "stock"


def number(row, column):
    """A figure of a run; -1 stands for never, None for not measured."""
    text = row.get(column) or ""
    if not text:
        return None
    value = float(text)
    return math.inf if value == -1 and column[0] in "tc" else value


class Table:
    """Rows of results.csv by kernel and test; only the last kernel of each name."""

    def __init__(self, rows):
        self.runs = {}
        self.hashes = {}
        for row in rows:
            key = (row["kernel"], row["test"])
            mine = self.runs.setdefault(key, {})
            # Another image or program is another kernel: forget the older one.
            made_of = (row["hash"], row["program"], row["options"])
            if self.hashes.setdefault(key, made_of) != made_of:
                self.hashes[key] = made_of
                mine.clear()
            mine[row["seed"]] = row
        names = {row["kernel"] for row in rows}
        self.kernels = sorted(names, key=lambda name: (name != STOCK, name))

    def values(self, kernel, test, column):
        found = [number(row, column) for row in self.runs.get((kernel, test), {}).values()]
        return [value for value in found if value is not None]

    def figure(self, kernel, line):
        """Returns (value, text), or (None, "") if there is none."""
        test, _, base = line.test.partition("/")
        values = self.values(kernel, test, line.column)
        if base:
            below = self.values(kernel, base, line.column)
            values = [mean(values) / mean(below)] if values and below else []
        if not values:
            return None, ""
        if line.pick == "mean":
            value = mean(values)
        else:
            value = max(values) if line.better == "less" else min(values)
        never = sum(1 for each in values if each == math.inf)
        if never:
            return value, f"never ({never} of {len(values)})"
        return value, show(value)

    def seeds(self, line):
        test = line.test.partition("/")[0]
        return max((len(self.runs.get((kernel, test), {})) for kernel in self.kernels), default=0)

    def line(self, line):
        """One line of the table: texts, or None if nothing is known."""
        found = [self.figure(kernel, line) for kernel in self.kernels]
        if all(value is None for value, _ in found):
            return None
        stock = found[0][0] if self.kernels[0] == STOCK else None
        ours = found[-1][0] if self.kernels[-1] != STOCK else None
        share = ours / stock if ours is not None and stock and ours != math.inf else None
        return ([line.test, line.text] + [text or "–" for _, text in found] +
                [show(share) if share is not None and stock != math.inf else "–"] +
                judge(line, ours, stock) + [str(self.seeds(line))])

    def lines(self):
        head = ["test", "figure"] + self.kernels + ["ratio", "aim", "met", "seeds"]
        return [head] + [line for line in map(self.line, aims.LINES) if line]


def judge(line, ours, stock):
    """The aim as a text, and whether it is met."""
    if line.bound is None:
        return ["–", "–"]
    sign = "≤" if line.better == "less" else "≥"
    if line.of_stock:
        text = f"{sign} stock" + (f" × {line.bound}" if line.bound != 1 else "")
        bound = None if stock is None else stock * line.bound
    else:
        text, bound = f"{sign} {line.bound}", line.bound
    if ours is None or bound is None:
        return [text, "–"]
    good = ours <= bound if line.better == "less" else ours >= bound
    return [text, "yes" if good else "NO"]


def mean(values):
    return sum(values) / len(values)


def show(value):
    if value == math.inf:
        return "never"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3f}"


def plain(lines):
    """For a terminal: blank-padded columns."""
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    last, out = "", []
    for line in lines:
        cells = [cell.ljust(width) if i < 2 else cell.rjust(width)
                 for i, (cell, width) in enumerate(zip(line, widths))]
        if line[0] == last:
            cells[0] = " " * widths[0]
        last = line[0]
        out.append("  ".join(cells).rstrip())
    return "\n".join(out)


def rst(lines):
    """A simple table of reStructuredText."""
    head, body = lines[0], lines[1:]
    titles, last = [], ""
    for line in body:
        title = tests.TITLES.get(line[0])
        name = line[0] + (f": {title}" if title else "")
        titles.append([name if line[0] != last else "\\"] + line[1:])
        last = line[0]
    table = [head] + titles
    widths = [max(len(line[i]) for line in table) for i in range(len(head))]
    rule = " ".join("=" * width for width in widths)
    out = [rule]
    for i, line in enumerate(table):
        out.append(" ".join(c.ljust(w) for c, w in zip(line, widths)).rstrip())
        if i == 0:
            out.append(rule)
    return "\n".join(out + [rule])


def lines(rows):
    """The table of these rows, or nothing."""
    found = Table(rows).lines() if rows else []
    return found if len(found) > 1 else []


def made_of(rows):
    """Which images the figures are of; mixed ones are no comparison."""
    out = []
    known = Table(rows)
    for name in known.kernels:
        images = {}
        for (kernel, _), runs in known.runs.items():
            if kernel == name:
                for run in runs.values():
                    images[run["hash"]] = run["describe"]
        out.append(f"{name}: image " + ", ".join(
            f"{image} ({words})" if name != STOCK else image
            for image, words in sorted(images.items())))
        if len(images) > 1:
            out[-1] += " -- the figures are of several images"
    return ". ".join(out) + "."
