"""Made-up text that programs write: assembly, stack traces, logs, packed programs.

In: identifiers and sentences. Out: lines and texts as compilers, servers and packers
write them, to train on and to measure with. Real ones of these come with few sources.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

__all__ = ["assembly", "logs", "packed", "traces"]

_REGISTERS = (
    "eax ebx rcx rdi r8 r11 %rax %rbp %esi x0 w9 sp xmm1 %xmm0 $1 #16 t0 a1 bc de hl "
    "af d0 (a2) r16 R3 x y"
)
_MNEMONICS = (
    "mov add sub lea cmp xor and test movl addq ldr str stp vmovaps shl li sw ld ldi "
    "st dec inc move.l lds or MOV"
)
_BRANCHES = "jmp jne je jz call b bl beq bne jal loop"


def assembly(names: list[str], most: int, rng: random.Random) -> list[str]:
    """Return lines of assembly for several processors, made up of names.

    Args:
        names: identifiers.
        most: how many lines.
        rng: of the choices.
    """
    registers, mnemonics = _REGISTERS.split(), _MNEMONICS.split()
    branches = _BRANCHES.split()
    out = []
    for _ in range(most):
        a, b = rng.choices(registers, k=2)
        gap, start = rng.choice(("\t", " ", "    ")), rng.choice(("\t", "    ", "  "))
        name, n = rng.choice(names), rng.randint(0, 255)
        shapes = (
            f"{rng.choice(mnemonics)}{gap}{a}, {b}",
            f"{rng.choice(mnemonics)}{gap}{a}, [{b}+{n}]",
            f"{rng.choice(mnemonics)}{gap}{n}({a}), {b}",
            f"{rng.choice(branches)}{gap}{rng.choice(('.L', '.', '', '_'))}{name}",
            rng.choice(("ret", "push" + gap + a, "pop" + gap + b, "nop", "syscall")),
        )
        out.append(start + rng.choice(shapes))
    return out


def traces(names: list[str], most: int, rng: random.Random) -> list[str]:
    """Return lines of stack traces and logs, made up of names.

    Args:
        names: identifiers, three at least.
        most: how many lines.
        rng: of the choices.
    """
    out = []
    for _ in range(most):
        a, b, c = rng.sample(names, 3)
        n = rng.randint(1, 999)
        when = f"2021-0{rng.randint(1, 9)}-17 08:{n % 60:02}:31"
        shapes = (
            f'  File "/usr/lib/{a}/{b}.py", line {n}, in {c}',
            f"{a.title()}Error: '{b}'",
            f"\tat org.{a}.{b}.{c.title()}.{a}({c.title()}.java:{n})",
            f"    at {a}.{b} (/srv/{c}/{a}.js:{n}:{n % 80})",
            f"{a}.{b}(0x{n:x}, 0xc000{n:04x})",
            f"\t/go/src/{a}/{b}.go:{n} +0x{n:x}",
            f"thread 'main' panicked at src/{a}.rs:{n}:9:",
            f"#{n % 30}  0x{n:012x} in {a}_{b} ({c}=0x{n:x}) at {a}.c:{n}",
            f"from /usr/lib/ruby/{a}/{b}.rb:{n}:in `{c}'",
            f"{when} INFO  {a}.{b} - {c}={n}",
            f"[{when}] {a}.ERROR: {b} {c} [] []",
            f"{a}[{n}]: {b}: {c}={n} status={n % 7}",
            f"/{a}/{b}/{c}.h:{n}:{n % 40}: error: '{b}' undeclared",
            f"-rw-r--r-- 1 root root {n} Mar 12 10:{n % 60:02} {a}.{b}",
        )
        out.append(rng.choice(shapes))
    return out


_MONTHS = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun",
    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip
_DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
_LEVELS = (
    "INFO", "info", "WARN", "warning", "ERROR", "error",
    "DEBUG", "debug", "notice", "FATAL", "crit",
)  # fmt: skip
_VERBS = ["GET", "POST", "PUT", "HEAD", "DELETE"]


def _moments(rng: random.Random) -> tuple[str, str, str, str]:
    """Return a moment as system logs, ISO 8601, web servers and programs write it."""
    month, day, year = rng.choice(_MONTHS), rng.randint(1, 28), rng.randint(2001, 2026)
    hour, minute, second = rng.randint(0, 23), rng.randint(0, 59), rng.randint(0, 59)
    clock = f"{hour:02}:{minute:02}:{second:02}"
    number = _MONTHS.index(month) + 1
    between, zone = rng.choice("T "), rng.choice(("", "Z", ",123", ".482", "+02:00"))
    iso = f"{year}-{number:02}-{day:02}{between}{clock}{zone}"
    system = f"{month} {day:2} {clock}"
    web = f"{day:02}/{month}/{year}:{clock} +0000"
    program = f"{rng.choice(_DAYS)} {month} {day:02} {clock} {year}"
    return system, iso, web, program


def logs(
    names: list[str], sentences: Sequence[str], most: int, rng: random.Random
) -> list[str]:
    """Return lines of logs of servers, tools and builds, made up of names and words.

    Args:
        names: identifiers, three at least.
        sentences: what the lines say.
        most: how many lines.
        rng: of the choices.
    """
    out = []
    for _ in range(most):
        a, b, c = rng.sample(names, 3)
        n, level = rng.randint(1, 99999), rng.choice(_LEVELS)
        system, iso, web, program = _moments(rng)
        address = ".".join(str(rng.randint(1, 254)) for _ in range(4))
        words = rng.choice(sentences).split()[: rng.randint(2, 12)]
        for _ in range(rng.randint(0, 2)):
            value = f"{address} {n} {a}={n} /{a}/{b} '{a}' {n / 100}s {c}[{n}] <{a}>"
            words.insert(rng.randint(1, len(words)), rng.choice(value.split()))
        said = " ".join(words)
        shapes = (
            f"{system} {a} {b}[{n}]: {said}",
            f"{system} {a} {b}: {said}",
            f"{system} {a} {b}/{c}[{n}]: {level}: {said}",
            f"{system} {a} kernel: [{n}.{n % 997:06}] {said}",
            f"{iso} {a} {b}[{n}]: {said}",
            f"{iso} {level} {said}",
            f"{iso} {level.upper():5} [{a}-{n % 9}] {b}.{c} - {said}",
            f"{iso} [{level}] {a}: {said}",
            f"[{iso}] {level.upper()}: {said}",
            f"[{iso}] [{level}] {n}#0: *{n % 999} {said}",
            f"{iso} {n} [{level.title()}] {said}",
            f"{iso} status {said} {a}:amd64 {n % 9}.{n % 31}-{n % 5}",
            f"{iso[:19]} {a} <{n}> {said}",
            f"[{program}] [{level}] [client {address}] {said}",
            f"[{program}] [{a}:{level}] [pid {n}] {b}: {said}",
            f'{address} - - [{web}] "{rng.choice(_VERBS)} /{a}/{b} HTTP/1.1" 200 {n}',
            f'{a}={n} {b}={c} level={level} msg="{said}"',
            f'level={level} ts={iso} caller={a}.go:{n % 999} msg="{said}"',
            f"[{n / 1000:12.6f}] {a} {n % 9}-{n % 7}: {said}",
            f"{level.upper()}:{a}.{b}:{said}",
            f"[{level.upper()}] {said}",
            f"npm {level} {a} {said}",
            f"{n % 99} {level} {a} {said}",
            f"@4000{n:020x} {a}: {level.title()}: {said}",
            f"tests/{a}/test_{b}.py::test_{c} PASSED{n % 99:25}%",
            f"{a}.c:{n % 999}:{n % 80}: warning: {said} [-W{b}]",
            f"Setting up {a}-{b} ({n % 9}.{n % 31}-{n % 5}) ...",
            f"[{n % 60}/{n}] {said} {a}/{b}.o",
            f"{a:>12} {b} v{n % 9}.{n % 31}.0",
            f" {a}/{b}.{c} | {n % 300} {'+' * (n % 20)}{'-' * (n % 7)}",
        )
        out.append(rng.choice(shapes))
    return out


_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def packed(lines: Sequence[str], most: int, rng: random.Random) -> list[str]:
    """Return long lines as packers write them: programs in one, and maps of sources.

    Args:
        lines: of programs, eight at least.
        most: how many lines.
        rng: of the choices.
    """
    out = []
    for _ in range(most):
        start = rng.randrange(len(lines) - 7)
        text = "".join(line.strip() for line in lines[start : start + 8])
        if rng.random() < 0.5:
            text = "".join(
                "".join(
                    rng.choices(
                        _BASE64[: rng.choice((20, 52, 64))], k=rng.choice((4, 4, 5, 1))
                    )
                )
                + rng.choice(",,,,,;")
                for _ in range(40)
            )
        cut = rng.randrange(9)
        out.append(text[cut : cut + 400])
    return out
