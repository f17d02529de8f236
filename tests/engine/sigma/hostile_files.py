"""Rule files made to take long, to take much, or to bring the loader down: name -> content."""

from __future__ import annotations

from tests.engine.sigma.rules import document

HEAD = "title: t\nid: 11111111-1111-1111-1111-111111111111\nlogsource:\n  product: acme\ndetection:\n"
GOOD = document({"s": {"a": 1}, "condition": "s"}, number=500)


def rule(selection: str, condition: str = "s") -> bytes:
    return f"{HEAD}  s:\n    {selection}\n  condition: {condition}\n".encode()


def _listed(values: list[str], field: str = "a") -> bytes:
    return rule(f"{field}: [{', '.join(values)}]")


def _brackets(count: int) -> str:
    return "(" * count + "s" + ")" * count


HOSTILE: dict[str, bytes] = {
    "18 dashes": rule(f"a|windash|contains: '{' -a' * 18}'"),
    "4 dashes, 39 values": _listed([f"' -a{n} -b -c -d'" for n in range(39)], "a|windash|contains"),
    "4 dashes, 5,000 values": _listed([f"' -a{n} -b -c -d'" for n in range(5000)], "a|windash|contains"),
    "base64offset of 500 kB": rule(f"a|base64offset|contains: {'a' * 500_000}"),
    "wide base64offset of 200 kB": rule(f"a|wide|base64offset|contains: {'a' * 200_000}"),
    "8,000 base64offset values": _listed([f"v{n}" for n in range(8_000)], "a|base64offset|contains"),
    "24,000 values": _listed([f"v{n}" for n in range(24_000)]),
    "24,000 wildcards": _listed([f"v*{n}" for n in range(24_000)]),
    "14,000 times * ?": rule(f"a: '{'*?' * 14_000}'"),
    "one value of 500 kB": rule(f"a: {'x' * 500_000}"),
    "500 kB of escapes": rule(f"a: '{chr(92) * 500_000}'"),
    "500 expressions": _listed([f"'x{n}.*[a-f]{{1,50}}'" for n in range(500)], "a|re"),
    "5,000 expressions": _listed([f"x{n}" for n in range(5000)], "a|re"),
    "an expression of 49 kB": rule(f"a|re: '{'(a|b)?' * 8000}'"),
    "nested repeats": rule("a|re: '((x{1000}){1000}){1000}'"),
    "nested stars": rule(f"a|re: '{'(' * 400}a{')*' * 400}'"),
    "4,000 open groups": rule(f"a|re: '{'(' * 4000}a{')' * 4000}'"),
    "alternatives": rule(f"a|re: '{'|'.join(f'a{n}' for n in range(8000))}'"),
    "unicode classes": rule("a|re: '" + "\\\\p{L}{100}" * 200 + "'"),
    "50 brackets": rule("a: 1", _brackets(50)),
    "49 nots": rule("a: 1", "not " * 49 + "s"),
    "brackets and nots": rule("a: 1", "(not (" * 20 + "s" + "))" * 20),
    "24 pairs of brackets": rule("a: 1", "(s or (s and " * 24 + "s" + "))" * 24),
    "a condition of 10 kB": rule("a: 1", " or ".join(["s"] * 2000)),
    "1,000 conditions": rule("a: 1", "[" + ", ".join(["s"] * 1000) + "]"),
    "1,000 selections, all of them": (
        HEAD + "".join(f"  s{n}: {{a: {n}}}\n" for n in range(1000)) + "  condition: 1 of s*\n"
    ).encode(),
    "20,000 selections": (
        HEAD + "".join(f"  s{n}: {{a: {n}}}\n" for n in range(20_000)) + "  condition: 1 of s*\n"
    ).encode(),
    "400,000 brackets": b"[" * 400_000,
    "200,000 lists in lists": b"- " * 200_000,
    "200,000 keys in keys": b"? " * 200_000,
    "100,000 mappings": b"{a: " * 100_000,
    "1,000 levels of indentation": "".join(f"{' ' * n}a:\n" for n in range(1000)).encode(),
    "laughs": b"a1: &a1 [x, x, x]\n"
    + b"".join(b"a%d: &a%d [%s]\n" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 9)) for n in range(2, 12)),
    "twenty aliases": b"x: &x [" + b"y," * 20_000 + b"]\n" + b"".join(b"z%d: *x\n" % n for n in range(20)),
    "aliases of a text": rule("a: [" + "*x, " * 19 + "*x]").replace(b"title: t", b"title: &x " + b"t" * 20_000),
    "an alias in itself": b"a: &x [*x]\n",
    "a number to the base of sixty": rule(f"a: {':'.join(['59'] * 100_000)}"),
    "a hexadecimal number": rule(f"a: 0x{'f' * 300_000}"),
    "a date that is none": b"date: 2026-99-99\n" + GOOD.encode(),
    "100,000 keys": rule("x: 1\n" + "".join(f"    k{n}: 1\n" for n in range(58_000))),
    "100,000 tags": GOOD.encode() + b"tags: [" + b", ".join(b"attack.t%d" % n for n in range(30_000)) + b"]\n",
    "30,000 documents": b"---\na: 1\n" * 30_000,
    "2 MiB of comments": b"# x\n" * 400_000 + GOOD.encode(),
    "2 MiB of borders": b"---\n" * 500_000,
    "a title of 400 kB": GOOD.replace("rule 500", "t" * 400_000).encode(),
    "NUL bytes": b"\x00" * 500_000,
    "random bytes": bytes(range(256)) * 2000,
    "UTF-16": GOOD.encode("utf-16"),
    "UTF-32": GOOD.encode("utf-32"),
    "half a character": GOOD.encode() + b"\xe2\x82",
    "placeholders": rule("a|expand: '" + "%x%" * 5000 + "'"),
    "a filter of everything": b"title: f\nlogsource: {product: acme}\nfilter: {rules: any, s: {a|re: '(a|b)*'},"
    b" condition: not s}\n",
    "a correlation of 10,000 rules": b"title: c\ncorrelation: {type: temporal, rules: ["
    + b", ".join(b"r%d" % n for n in range(10_000))
    + b"], timespan: 1h}\n",
    "a correlation of long words": b"title: c\ncorrelation: {type: temporal, rules: [a, b], timespan: 1h, condition: '"
    + b"(a or b) and " * 700
    + b"a'}\n",
}
