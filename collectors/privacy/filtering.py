"""The one place that events pass on their way into a store: each is treated by its source's rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from collectors.privacy.pseudonyms import Pseudonyms
from collectors.privacy.redaction import Redactor, may_name_somebody
from collectors.privacy.rules import Policy, Rule
from engine.events import Event

Remember = Callable[[Mapping[str, str]], None]
"""Keeps which value each pseudonym stands for, where that is wanted (see `collectors.privacy.vault`)."""


class Privacy:
    """Treats batches of events. `secrets` gives the pseudonyms when the first event needs them."""

    def __init__(self, policy: Policy, secrets: Callable[[], Pseudonyms], remember: Remember | None = None) -> None:
        self.policy = policy
        self._secrets = secrets
        self._remember = remember
        self._redactor: Redactor | None = None

    def events(self, events: Sequence[Event]) -> list[Event]:
        """Return the events as they may be stored, in their order; those without personal data as they are.

        Raise `StoreError` where the vault cannot keep what it has to: then nothing of the batch may be stored.
        """
        treated = list(events)
        for place, event in enumerate(treated):
            rules = self._rules(event)
            anywhere = self.policy.anywhere and may_name_somebody(event.original)
            if anywhere or (rules and any(rule.field in event.fields for rule in rules)):
                treated[place] = self._treated(event, rules, anywhere=anywhere)
        if self._redactor is not None and self._redactor.found:
            if self._remember is not None:
                self._remember(self._redactor.found)
            self._redactor.found.clear()
        return treated

    def _rules(self, event: Event) -> Sequence[Rule]:
        module, dataset = event.fields.get("event.module", ""), event.fields.get("event.dataset", "")
        try:
            return self.policy.of(module, dataset)
        except TypeError:  # a list
            return self.policy.of(str(module), str(dataset))

    def _treated(self, event: Event, rules: Sequence[Rule], *, anywhere: bool) -> Event:
        if self._redactor is None:
            self._redactor = Redactor(self._secrets())
        return self._redactor.treated(event, rules, anywhere=anywhere)
