"""Privacy as the settings have it: rules, keys and vault, made into the one function that events pass."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cli.places import places
from cli.reading import Reading, declared, own_sources
from cli.session import Session
from engine.errors import ConfigurationError
from engine.events import instant
from engine.store.protocol import Record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from collectors.privacy.filtering import Privacy
    from collectors.privacy.pseudonyms import Key, Pseudonyms
    from collectors.privacy.reading import PrivacySettings
    from collectors.privacy.vault import Vault
    from collectors.source import Source
    from engine.store.protocol import Store

RECORDS = "privacy"
FOLDER = "keys"
_KEY = "key"
TABLE = "privacy"


def keys_folder(session: Session) -> Path:
    """Return the folder of keys, custodians and vault: beside the store, never in it."""
    return session.settings.home / FOLDER


def custodians_file(session: Session) -> Path:
    """Return the file of those who can re-identify."""
    return keys_folder(session) / "custodians.json"


def vault(session: Session) -> Vault:
    """Return the vault; it takes something in where there are custodians."""
    from collectors.privacy.custodians import read_custodians
    from collectors.privacy.vault import Vault

    custodians = read_custodians(custodians_file(session))
    return Vault(keys_folder(session) / "vault.sqlite", lambda: session.now().date(), custodians)


def settings(session: Session, sources: Sequence[Source] | None = None) -> PrivacySettings:
    """Return what `[privacy]` says, with the personal fields of user-written sources (those of the settings)."""
    from collectors.privacy.reading import read_privacy

    values, origin = session.settings.table(TABLE)
    extra = own_sources(session) if sources is None else sources
    return read_privacy(values, places(TABLE, origin), _personal(extra))


def _personal(sources: Sequence[Source]) -> Mapping[str, Sequence[str]]:
    from collectors.declared.source import DeclaredSource

    return {each.declared.dataset: each.personal for each in sources if isinstance(each, DeclaredSource)}


def key_file(session: Session, found: PrivacySettings) -> Path:
    """Return the file of the key of pseudonyms."""
    named = found.key_file
    return session.cwd / named.expanduser() if named is not None else keys_folder(session) / "privacy.json"


def keys(session: Session, found: PrivacySettings) -> tuple[Key, ...]:
    """Return the keys of pseudonyms; the first is made at the first use."""
    from collectors.privacy.keys import ready_keys

    return ready_keys(key_file(session, found), os.urandom, instant(session.now()))


def pseudonyms(session: Session, found: PrivacySettings, *, make: bool = True) -> Pseudonyms | None:
    """Return the pseudonyms; without `make` None where there is no key yet."""
    from collectors.privacy.keys import read_keys
    from collectors.privacy.pseudonyms import Pseudonyms

    known = keys(session, found) if make else read_keys(key_file(session, found))
    return Pseudonyms(known, found.country) if known else None


def privacy(session: Session, how: Reading, *, stored: bool = True) -> Privacy:
    """Return what treats events on their way into the store; raise `ConfigurationError` for a rule that is none.

    Where nothing is `stored` (`kulla parse --privacy`), no vault is kept and a key that is not there is made up.
    """
    from collectors.privacy.filtering import Privacy

    found = settings(session, declared(how.declared))
    remember = vault(session).remember if stored and custodians_file(session).exists() else None
    return Privacy(found.policy, _secrets(session, found, stored=stored), remember)


def _of_store(session: Session, found: PrivacySettings, store: Store) -> Pseudonyms:
    """Return the pseudonyms under the key that the store's events are under; the first use makes and notes it.

    Raise `ConfigurationError` where the key is another, or is gone: persons would silently get new pseudonyms, and
    records that are known would be stored again.
    """
    record = store.record(RECORDS, _KEY)
    known = pseudonyms(session, found, make=record is None)
    if known is None or (record is not None and record.body != known.mark):
        raise ConfigurationError(
            "the key of pseudonyms is not there" if known is None else "this is not the key of this store's pseudonyms",
            where=str(key_file(session, found)),
            hint="copy it from where it is; if it is lost, kulla privacy rotate-key --why TEXT begins anew",
        )
    if record is None:
        note_key(store, known)
    return known


def note_key(store: Store, known: Pseudonyms) -> None:
    """Note in the store which key its pseudonyms are under, by a mark that tells nothing of it."""
    before = store.record(RECORDS, _KEY)
    version = before.version if before is not None else 0
    store.save_records([Record(kind=RECORDS, key=_KEY, state="used", body=known.mark, version=version)])


def _secrets(session: Session, found: PrivacySettings, *, stored: bool) -> Callable[[], Pseudonyms]:
    def secrets() -> Pseudonyms:
        if stored:
            with session.open_store() as store:
                return _of_store(session, found, store)
        known = pseudonyms(session, found, make=False)
        if known is not None:
            return known
        from collectors.privacy.pseudonyms import SECRET_BYTES, Key, Pseudonyms

        session.say("there is no key of pseudonyms yet: those shown here are of one made up for this run")
        return Pseudonyms([Key(secret=os.urandom(SECRET_BYTES), since="")], found.country)

    return secrets
