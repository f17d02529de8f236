"""Rules loaded from files, folders and zips, and remembered compiled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from hashlib import sha256
from pathlib import Path

from engine.errors import ConfigurationError, RuleError
from engine.sigma import cache
from engine.sigma.rule_files import rule_files, stamp
from engine.sigma.rules import RuleSet
from engine.sigma.tailoring import PLAIN, File, Tailoring


def load_rules(paths: Sequence[Path], *, cache_folder: Path | None = None, tailoring: Tailoring = PLAIN) -> RuleSet:
    """Load every rule under the paths (files, folders, zip files), from the cache where nothing has changed.

    A file that cannot be read is an issue of the rule set and stops nothing. Raise `ConfigurationError` where a path
    that was named does not exist or cannot be read, where there is no rule file at all, or where a pipeline of the
    tailoring cannot be used.
    """
    stamped = stamp(paths) if cache_folder is not None else None
    name = sha256(f"{stamped[0]}{tailoring.digest()}".encode()).hexdigest() if stamped else ""
    if cache_folder is not None and stamped and (key := cache.key_of(cache_folder, name, since=stamped[1])):
        kept = cache.read(cache_folder, key)
        if kept is not None and _still_holds(kept, tailoring.today):
            return kept
    issues: list[RuleError] = []
    rules, key = _loaded(list(rule_files(paths, issues)), issues, paths, cache_folder, tailoring)
    if cache_folder is not None and stamped and not issues and stamped == stamp(paths):
        cache.remember(cache_folder, name, key)
    rules.issues[:0] = issues
    return rules


def _loaded(
    files: Sequence[File],
    issues: Sequence[RuleError],
    paths: Sequence[Path],
    cache_folder: Path | None,
    tailoring: Tailoring,
) -> tuple[RuleSet, str]:
    """Return the rules of these files and the key of their content, from the cache where it has them."""
    if not files and not issues:
        places = ", ".join(str(path) for path in paths)
        raise ConfigurationError("no rule files (.yml) found", where=places, hint="check the path given to --rules")
    key = _content_key(files, tailoring)
    if cache_folder is not None:
        kept = cache.read(cache_folder, key)
        if kept is not None and _still_holds(kept, tailoring.today):
            return kept, key
    from engine.sigma.documents import compile_files  # noqa: PLC0415 - pySigma takes 0.2 s to import: only where needed

    rules = compile_files(files, tailoring)
    if cache_folder is not None:
        cache.write(cache_folder, key, rules)
    return rules, key


def _still_holds(rules: RuleSet, today: date | None) -> bool:
    """Tell whether every filter that had expired when the rules were compiled is one that has expired now."""
    return all((item.state == "expired") == (today is not None and item.expired(today)) for item in rules.filters)


def _content_key(files: Sequence[File], tailoring: Tailoring) -> str:
    digest = sha256(tailoring.digest().encode())
    for name, content in files:
        encoded = name.encode("utf-8", "surrogateescape")
        digest.update(f"{len(encoded)}:".encode())
        digest.update(encoded)
        digest.update(f"{len(content)}:".encode())
        digest.update(content)
    return digest.hexdigest()
