"""A plan as JSON and as lines to paste: what every step sends, with its secrets in files of their own."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from breakglass.aws.commands import CliLine, cli
from breakglass.aws.shapes import Shapes, stand_in
from breakglass.aws.variables import lookup_line, variable
from breakglass.aws.writer import DryWriter
from breakglass.errors import BreakglassError
from breakglass.model.lead import Key
from breakglass.model.plan import Blocker, Call, Output, Plan, Step, filled, outputs_in
from breakglass.model.reading import Refused
from breakglass.model.world import token
from breakglass.running.state_dir import StateDir, safe_name, write_file, writing
from breakglass.ui.masking import mask, mask_text
from breakglass.ui.reports.document import SCHEMA_VERSION, account_document

FOLDER = "inputs"
_VALUES = "ExpressionAttributeValues"
_COMPARED = re.compile(r"((?:#\w+(?:\[\d+\])*\.?)+) = (:\w+)")
_NO_SECRETS = frozenset({"clientToken", "CallerReference", "CreatorRequestId"})


def checked(plan: Plan) -> Plan:
    """The plan, blocked by every call that the SDK would refuse to send: it is held against AWS's own model."""
    writer = DryWriter(Shapes())
    blockers = [
        blocker for step in plan.steps for _, call in step.calls for blocker in _check(plan, step, call, writer)
    ]
    return replace(plan, blockers=tuple(dict.fromkeys((*plan.blockers, *blockers))))


def _check(plan: Plan, step: Step, call: Call, writer: DryWriter) -> Iterator[Blocker]:
    region = call.region or plan.region
    params = filled(call.params, lambda output: stand_in(output, plan.account.id, region))
    try:
        writer.send(call.service, call.operation, params, region=region)
    except Refused as refused:
        hint = f"Make it by hand, or leave it out with --keep {step.component.kind}."
        yield Blocker(step.component, f"{call.operation} cannot be sent like this: {refused.message}", hint)


@dataclass(frozen=True, slots=True)
class Lines:
    """A plan's calls as lines of the AWS CLI.

    `profile` is one that was chosen by name. Lines that need a secret name a 0600 file in the state directory, which
    `write_secrets` writes.
    """

    plan: Plan
    state: StateDir
    profile: str | None = None

    def of(self, step: Step, at: int, call: Call) -> CliLine:
        """One call, `at` its position in the step."""
        path = self.state.root.joinpath(FOLDER, safe_name(self.plan.run), f"step-{step.id}-call-{at}.json")
        return cli(call, region=self.plan.region, mask=masker(call), secrets=path, profile=self.profile)

    def lookups(self, call: Call) -> dict[str, str]:
        """The variables that a line needs, each with the line that sets it."""
        return {
            variable(output): lookup_line(
                output,
                region=self._region_of(output.component),
                profile=self.profile,
                reference=token(self.plan.run, output.component),
            )
            for output in outputs_in(call.params)
        }

    def write_secrets(self) -> tuple[Path, ...]:
        """Write what lines need and do not show, and return where. Raises `BreakglassError`."""
        lines = [self.of(step, at, call) for step in self.plan.steps for at, call in step.calls]
        written = []
        for line in lines:
            if line.file is not None and line.content is not None:
                self.state.prepare()
                self.state.folder(FOLDER, safe_name(self.plan.run))
                with writing(line.file):
                    write_file(line.file, line.content.encode())
                written.append(line.file)
        return tuple(written)

    def _region_of(self, key: Key) -> str:
        made_by = (call for step in self.plan.steps if step.component == key for _, call in step.calls)
        return next((call.region for call in made_by if call.region), self.plan.region)


def plan_document(plan: Plan, lines: Lines) -> dict[str, Any]:
    """The plan in plain JSON types, with the contract's keys; every secret masked, later values as `$NAME`."""
    return {
        "schema_version": SCHEMA_VERSION,
        "action": str(plan.purpose),
        "service": plan.service,
        "region": plan.region,
        "account": account_document(plan.account),
        "serving": plan.serving,
        "steps": [_step(step, plan, lines) for step in plan.steps],
        "kept": [_about(one.component) | {"why": mask_text(one.why)} for one in plan.kept],
        "blockers": [
            _about(one.component) | {"message": mask_text(one.message), "hint": mask_text(one.hint)}
            for one in plan.blockers
        ],
        "lost": [_about(one.component) | {"what": mask_text(one.what)} for one in plan.lost],
    }


def _about(key: Key) -> dict[str, str]:
    return {"kind": key.kind, "component": str(key)}


def _step(step: Step, plan: Plan, lines: Lines) -> dict[str, Any]:
    return {
        "id": step.id,
        **_about(step.component),
        "title": step.title,
        "why": mask_text(step.why),
        "waits_for": step.waits_for,
        "sources": [mask_text(source) for source in step.sources],
        "calls": [_call(step, at, call, plan, lines) for at, call in step.calls],
    }


def _call(step: Step, at: int, call: Call, plan: Plan, lines: Lines) -> dict[str, Any]:
    return {
        "service": call.service,
        "operation": call.operation,
        "region": call.region or plan.region,
        "params": masker(call)(_plain(call.params)),
        "cli": lines.of(step, at, call).line,
        "variables": lines.lookups(call),
    }


def _plain(params: Any) -> Any:
    return filled(params, _variable)


def _variable(output: Output) -> str:
    return f"${variable(output)}"


def masker(call: Call) -> Callable[[Any], Any]:
    """What hides the secrets in a call's parameters, given all of them or some.

    Tokens that are derived from the run are no secrets, and a line is not safe without them. Behind DynamoDB's
    placeholders stand attributes whose names decide.
    """
    meant = dict(_placeholders(call.params))

    def hide(params: Any) -> Any:
        masked = mask(params)
        if isinstance(params, Mapping):
            masked |= {one: params[one] for one in _NO_SECRETS if one in params}
            for one, typed in params.get(_VALUES, {}).items():
                name = meant.get(one, one)
                masked[_VALUES][one] = mask({name: typed})[name]
        return masked

    return hide


def _placeholders(params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    names = params.get("ExpressionAttributeNames", {})
    for expression in ("ConditionExpression", "UpdateExpression"):
        for path, value in _COMPARED.findall(str(params.get(expression, ""))):
            yield value, ".".join(names.get(part, part) for part in re.findall(r"#\w+", path))


def saved_secrets(lines: Lines) -> str | None:
    """Write the files that lines name; why that was not possible, None where it was."""
    try:
        lines.write_secrets()
    except BreakglassError as error:
        return f"{error.what} Lines with --cli-input-json file:// cannot be pasted before that is mended."
    return None
