"""The gate before anything is run by kulla: the step's level, what it has earned, the configuration, the approvals."""

from __future__ import annotations

from playbooks.automation import NEEDED, Standing
from playbooks.compiler import GuideStep
from playbooks.decisions import State
from playbooks.execution import NotRunnableError, Policy, arguments_of
from playbooks.model import AUTOMATION_NAMES, Automation, Step
from playbooks.texts import Text


def level_needed(step: Step) -> Automation:
    """Return the level at which kulla may run a step: what changes, with approval; what reads, at a person's word."""
    return Automation.RUN_WITH_APPROVAL if step.changes else Automation.RUN_READING


def refusals(
    item: GuideStep, state: State, standing: Standing, policy: Policy, *, actor: str, account: str
) -> tuple[Text, ...]:
    """Return every reason why kulla must not run a step now; nothing where it may.

    `actor` and `account` are who asks for it: their own approval does not count, and neither does one from their
    account. Nothing is run without a person who asks for it.
    """
    step = item.step
    needed = level_needed(step)
    found: list[Text] = []
    if not policy.execute:
        found.append(Text(en="the configuration does not let kulla run commands", sq="konfigurimi nuk e lejon kulla-n"))
    if policy.highest < needed:
        found.append(_level("the configuration allows at most", "konfigurimi lejon e shumta", policy.highest))
    if step.automation < needed:
        found.append(_level("the playbook allows at most", "udhëzuesi lejon e shumta", step.automation))
    elif standing.level(step) < needed:
        told = standing.told(step)
        count = NEEDED[needed]
        found.append(Text(en=f"not earned yet ({told.en}; {count} needed)", sq=f"ende pa fituar ({told.sq}; {count})"))
    lacking = state.approvals_lacking(step, item.fingerprint, besides=[actor], account=account)
    if lacking:
        found.append(
            Text(en=f"approvals by others lacking: {lacking}", sq=f"mungojnë miratime nga të tjerë: {lacking}")
        )
    if item.missing or item.refused:
        found.append(Text(en="values are missing or were refused", sq="mungojnë vlera ose u refuzuan"))
    try:
        arguments_of(item, policy)
    except NotRunnableError as error:
        found.append(Text(en=f"it {error}", sq=f"komanda nuk ekzekutohet nga kulla ({error})"))
    return tuple(found)


def _level(en: str, sq: str, level: Automation) -> Text:
    words = AUTOMATION_NAMES[level]
    return Text(en=f"{en}: {words.en}", sq=f"{sq}: {words.sq}")
