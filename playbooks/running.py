"""Commands that kulla runs for a step: each is on record before it starts, so that a crash never runs one twice.

A command that was started and whose end nobody recorded is in doubt. It is not run again: a person verifies it and
settles whether it took effect.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from engine.errors import KullaError
from playbooks.automation import Standing
from playbooks.decisions import FINISHED, SETTLED, STARTED
from playbooks.execution import Executor, Ran, arguments_of
from playbooks.gate import refusals
from playbooks.ledger import Json, Record
from playbooks.runner import DecisionError, Run

_NOT_STARTED = 127  # what shells say of a program that is not there


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """What kulla ran of a step: how each command ended. `is_whole` tells that all of them worked."""

    ran: tuple[Ran, ...]
    is_whole: bool


def execute(
    run: Run,
    step_id: str,
    executor: Executor,
    *,
    actor: str,
    standing: Standing,
    keep: Callable[[str, bytes], str] = lambda _name, _output: "",
) -> Execution:
    """Run the commands of a step that have not worked yet, in order, until one fails.

    Raise `DecisionError` where the gate refuses or a command is in doubt; `ConcurrentWriteError` where somebody else
    decided, or runs it, at the same time: then nothing was run. `keep` stores what a command printed and returns where.
    The step itself is still to be decided.
    """
    step = run.step(step_id)
    item = run.guide.step(step_id)
    run.check_may_do(step, actor)
    found = refusals(item, run.state, standing, run.policy, actor=actor, account=run.account)
    if found:
        reasons = "; ".join(reason.en for reason in found)
        raise DecisionError(f"kulla does not run step `{step_id}`: {reasons}", hint="a person runs it")
    ran: list[Ran] = []
    commands = arguments_of(item, run.policy)
    for number, arguments in enumerate(commands):
        if any(attempt.command == number and attempt.worked for attempt in run.state.attempts.get(step_id, ())):
            continue
        ran.append(_one(run, step_id, number, arguments, executor, actor=actor, keep=keep))
        if ran[-1].exit_code != 0:
            return Execution(ran=tuple(ran), is_whole=False)
    return Execution(ran=tuple(ran), is_whole=True)


def settle(run: Run, step_id: str, *, took_effect: bool, actor: str, reason: str) -> Record:
    """Record what a person found out about a command in doubt: whether it took effect, and how they know."""
    doubt = run.state.in_doubt(step_id)
    if doubt is None:
        raise DecisionError(f"no command of step `{step_id}` is in doubt")
    if not reason.strip() or not actor.strip():
        raise DecisionError("settling needs a name and a reason", hint="say how it was verified")
    details: dict[str, Json] = {
        "step": step_id,
        "command": doubt.command,
        "started": doubt.started,
        "took_effect": took_effect,
        "reason": reason.strip(),
    }
    return run.append(SETTLED, actor, details)


def _one(
    run: Run,
    step_id: str,
    number: int,
    arguments: tuple[str, ...],
    executor: Executor,
    *,
    actor: str,
    keep: Callable[[str, bytes], str],
) -> Ran:
    digest = sha256("\0".join(arguments).encode("utf-8", "surrogatepass")).hexdigest()
    details: dict[str, Json] = {
        "step": step_id,
        "command": number,
        "commands": run.guide.step(step_id).fingerprint,
        "arguments": digest,
        "program": arguments[0],
    }
    started = run.append(STARTED, actor, details).sequence
    try:
        ran = executor.run(arguments)
    except KullaError as error:
        ran = Ran(exit_code=_NOT_STARTED, output=str(error).encode())
    place = keep(f"{step_id}-{started}.txt", ran.output)
    ended: dict[str, Json] = {
        "step": step_id,
        "command": number,
        "started": started,
        "exit": ran.exit_code,
        "output": sha256(ran.output).hexdigest(),
        "bytes": len(ran.output),
        "cut_off": ran.cut_off,
        "place": place,
    }
    run.append(FINISHED, actor, ended)
    return ran
