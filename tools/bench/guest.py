# SPDX-License-Identifier: GPL-2.0
"""Builds the guest program and runs one test in one guest."""

import glob
import hashlib
import os
import re
import shlex
import shutil
import subprocess

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), "../.."))
QEMU = os.path.join(TOP, "tools/testing/qemu")
OUT = os.path.join(TOP, "build/bench-results")
os.makedirs(OUT, exist_ok=True)

SELFTESTS = "tools/testing/selftests/damon"
HELPERS = [f"{SELFTESTS}/{name}.c" for name in ("damon_sysfs", "damon_trace")]
SOURCES = [f"tools/bench/{name}.c" for name in
           ("main", "workload", "truth", "meter")] + HELPERS
BESIDE_SOURCES = ["tools/bench/beside-common.c", *HELPERS]

# norandmaps: the same addresses with every kernel. Clearing a page by "rep stosb"
# counts 4,096 instructions, so without erms guests are up twice as fast.
APPEND = ("norandmaps clearcpuid=erms "
          "hugepagesz=1G hugepages=1 hugepagesz=2M hugepages=256")

# A guest that takes longer (seconds on the wall) hangs.
TIMEOUT = 3600


class Failed(Exception):
    """Something that the user must be told; the text names what is wrong."""


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()[:12]


def command(args, what):
    done = subprocess.run(args, cwd=TOP, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode:
        raise Failed(f"{what}:\n{done.stderr.strip()}")
    return done.stdout.strip()


def compile_program(name, sources, out):
    # kselftest.h of the kernel's source is included as "../kselftest.h".
    tests = sorted(glob.glob(os.path.join(TOP, "build/linux-source/tools/testing/selftests/*/")))
    if not tests:
        command([os.path.join(QEMU, "prepare")], "the kernel's source")
        return compile_program(name, sources, out)
    new = f"{out}/{name}.{os.getpid()}"
    command(["gcc", "-O2", "-Wall", "-Wextra", "-static", "-I", SELFTESTS, "-I", tests[0],
             "-o", new, *sources, "-lm"], f"the guest's program {name}")
    os.rename(new, f"{out}/{name}")
    return f"{out}/{name}"


class Program:
    """An initramfs with a program of ours, as its only test."""

    def __init__(self, name, sources):
        binary = compile_program(name, sources, OUT)
        manifest = f"{OUT}/{name}.manifest"
        with open(manifest, "w", encoding="ascii") as file:
            file.write(f"timeout {TIMEOUT}\ntest {name} /{name}\n")
        self.hash = digest(binary)
        self.initrd = f"{OUT}/{name}.{self.hash}.cpio"
        if not os.path.exists(self.initrd):
            command([os.path.join(QEMU, "mkinitramfs"), self.initrd,
                     f"{manifest}:/manifest", f"{binary}:/{name}"], "the initramfs")


class Kernel:
    """An image under a name, kept apart from what may be rebuilt meanwhile."""

    def __init__(self, name, path):
        if not os.path.isfile(path):
            raise Failed(f"{path}: no such kernel")
        self.name = name
        self.hash = digest(path)
        self.image = f"{OUT}/image.{self.hash}"
        if not os.path.exists(self.image):
            shutil.copyfile(path, f"{self.image}.{os.getpid()}")
            os.rename(f"{self.image}.{os.getpid()}", self.image)


def flavour(name):
    """The kernel of that name, built if need be; BENCH_KERNEL_name overrides."""
    path = os.environ.get(f"BENCH_KERNEL_{name}")
    return Kernel(name, path or command([os.path.join(QEMU, "build"), name],
                                        f"building the {name} kernel"))


def image(path):
    """A kernel by its file; PATH=NAME gives it a name."""
    path, _, name = path.partition("=")
    found = re.search(r"build/(\w+)/arch/", path)
    return Kernel(name or (found.group(1) if found else os.path.basename(path)), path)


def boot(kernel, program, tag, seed, append, smp=1, five_levels=False):
    """Runs a guest to its end. Returns what the program said, line by line."""
    console = f"{OUT}/console/{kernel.hash}.{tag}.{seed}"
    os.makedirs(os.path.dirname(console), exist_ok=True)
    args = [os.path.join(QEMU, "boot"), "--kernel", kernel.image, "--initrd", program.initrd,
            "--icount", "--mem", "4G", "--seed", str(seed), "--console", console,
            "--timeout", str(TIMEOUT), "--append", f"{APPEND} {append}", "--smp", str(smp)]
    if five_levels:
        # What was on the command line once cannot be taken back by a later word.
        args = shlex.split(command([*args, "--print"], "the guest's command"))
        args[-1] = args[-1].replace(" no5lvl", "")
        args = ["timeout", "--foreground", "--kill-after=10", str(TIMEOUT), *args]
    done = subprocess.run(
        args,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    with open(console, encoding="utf-8", errors="replace") as file:
        text = file.read().replace("\r", "")
    if done.returncode == 124:
        raise Failed(f"{tag}: the guest was ended after {TIMEOUT} s, see {console}")
    if done.returncode:
        raise Failed(f"{tag}: QEMU ended with status {done.returncode}: {done.stderr.strip()}")
    if re.search(r"Kernel panic|BUG:|Oops|WARNING: ", text):
        raise Failed(f"{tag}: the kernel complained, see {console}")
    return [line for line in re.findall(r"^\[[ .0-9]+\] (.*)$", text, re.M)], console


# Options that are not for the guest's program, nor for its rows: they choose the
# kernel's arguments, or the machine.
ARGUMENTS = {
    "pti": {0: "pti=off", 1: ""},
    "upper_bits": {0: "damon.upper_bits=0", 1: ""},
    "la57": {0: "", 1: ""},
    "smp": {1: "", 2: ""},
}
# Those of beside.c: a word of their own.
BESIDE = ("twice", "lru_gen", "aging_ms")


def arguments(options):
    """The kernel's arguments, processors, and the options that are left."""
    append = [ARGUMENTS[name][value] for name, value in sorted(options.items())
              if name in ARGUMENTS]
    beside = [f"{name}={value}" for name, value in sorted(options.items()) if name in BESIDE]
    if beside:
        append.append("beside=" + ",".join(["on", *beside]))
    inside = {name: value for name, value in options.items()
              if name not in ARGUMENTS and name not in BESIDE}
    return " ".join(word for word in append if word), options.get("smp", 1), inside


def measure(kernel, program, test, seed, options):
    """One run of one test. Returns (figures, windows)."""
    tag = ",".join([test] + [f"{k}={v}" for k, v in sorted(options.items())])
    append, smp, inside = arguments(options)
    words = [f"bench={test}", f"seed={seed}"] + [f"{k}={v}" for k, v in sorted(inside.items())]
    lines, console = boot(kernel, program, tag, seed, f"{append} {','.join(words)}".strip(),
                          smp, options.get("la57"))
    said = [line[len("bench: "):] for line in lines if line.startswith("bench: ")]
    if "end 0" not in said:
        trouble = [line for line in said if not line.startswith(("window", "end"))]
        raise Failed(f"{tag} on {kernel.name}, seed {seed}: "
                     f"{'; '.join(trouble) or 'no result'}; see {console}")
    windows = [line.split()[1:] for line in said if line.startswith("window ")]
    result = [line for line in said if line.startswith("result ")][-1]
    return dict(word.split("=") for word in result.split()[1:]), windows
