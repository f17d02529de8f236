"""Shapes of texts that machines write: what stays the same from one log line or command to the next.

All of it is one pass over the characters, without regular expressions: the text may be an attacker's.
"""

from __future__ import annotations

LARGEST = 4_000  # characters looked at
_HEX = frozenset("0123456789abcdefABCDEF")


def program_name(executable: str) -> str:
    """Return the file name of a program, in small letters, with numbers of versions as `#`."""
    name = executable.replace("\\", "/").rstrip("/").rpartition("/")[2].lower()
    return _numbers_out(name[:200])


def _numbers_out(text: str) -> str:
    found: list[str] = []
    for char in text:
        if not char.isdecimal():
            found.append(char)
        elif not found or found[-1] != "#":
            found.append("#")
    return "".join(found)


def template(line: str) -> str:
    """Return a log line with what changes taken out: numbers, hashes, addresses, quoted texts, paths.

    Words are parted by blanks; a word of digits and signs, or of eight and more hex digits with one digit, or that
    begins with a slash, stands as `#`; digits within a word stand as `#`; quoted parts as `"#"`.
    """
    words = [_word(word) for word in _unquoted(line[:LARGEST]).split()]
    return " ".join(words[:60])


def _unquoted(line: str) -> str:
    for mark in ('"', "'"):
        parts = line.split(mark)
        if len(parts) >= 3 and len(parts) % 2 == 1:
            parts[1::2] = ["#"] * (len(parts) // 2)
            line = mark.join(parts)
    return line


def _word(word: str) -> str:
    name, sign, value = word.partition("=")
    if sign and name:
        return f"{_numbers_out(name)}=#" if value else word
    bare = word.strip("()[]{}<>,;:.'\"")
    if not bare:
        return word
    if bare.startswith(("/", "\\")) or "://" in bare or bare[1:3] == ":\\" or "@" in bare:
        return "#"
    has_digit = any(char.isdecimal() for char in bare)
    if has_digit and len(bare) >= 8 and all(char in _HEX or char in "-:.x" for char in bare):
        return "#"
    if has_digit and not any(char.isalpha() for char in bare):
        return "#"
    return _numbers_out(word)


def command_shape(command: str) -> str:
    """Return the shape of a command: its switches by name, and of everything else what kind of thing it is.

    `powershell.exe -nop -enc SQBFAFgA` has the shape `-nop -enc <base64>`. The program itself is left out.
    """
    words = _arguments(command[:LARGEST])
    return " ".join(_kind(word) for word in words[:24])


def _arguments(command: str) -> list[str]:
    text = command.strip()
    after = text[1:].partition('"')[2] if text.startswith('"') else text.partition(" ")[2]
    return _unquoted(after).split()


def _kind(word: str) -> str:
    bare = word.strip("\"'")
    if bare.startswith(("-", "/")) and len(bare) <= 40:
        name, sign, _ = bare.partition("=")
        if not sign:
            name, sign, _ = bare.partition(":")
        return _numbers_out(name.lower()) + ("=" if sign else "")
    if bare == "#":
        return "<quoted>"
    if len(bare) >= 40 and bare.rstrip("=").isalnum():
        return "<base64>"
    if "://" in bare:
        return "<url>"
    if "\\" in bare or "/" in bare:
        ending = bare.replace("\\", "/").rpartition("/")[2].rpartition(".")
        return f"<path.{_numbers_out(ending[2].lower()[:8])}>" if ending[0] else "<path>"
    if bare.isdecimal() or (len(bare) >= 6 and all(char in _HEX for char in bare)):
        return "<number>"
    return "<word>" if len(bare) > 3 else _numbers_out(bare.lower())
