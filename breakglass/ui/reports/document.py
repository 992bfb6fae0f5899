"""The inventory as JSON: the contract's keys, in the contract's order."""

import json
from datetime import UTC, datetime
from typing import Any

from breakglass.model.account import Account
from breakglass.model.component import Component, Shared
from breakglass.model.inventory import DryRehearsed, Finding, Inventory, Rehearsed
from breakglass.ui.masking import mask, mask_text
from breakglass.ui.reports.words import is_shared, ownership_word

SCHEMA_VERSION = 1


def document(inventory: Inventory) -> dict[str, Any]:
    """The inventory in plain JSON types, every secret masked."""
    return {
        "schema_version": SCHEMA_VERSION,
        "service": inventory.service,
        "region": inventory.region,
        "read_at": timestamp(inventory.read_at),
        "complete": inventory.complete,
        "account": account_document(inventory.account),
        "diagnosis": {
            "state": str(inventory.diagnosis.state),
            "summary": mask_text(inventory.diagnosis.summary),
            "next": list(inventory.diagnosis.next),
            **({"guide": inventory.diagnosis.guide} if inventory.diagnosis.guide else {}),
        },
        "components": [_component(component) for component in inventory.components],
        "findings": [_finding(finding) for finding in inventory.findings],
        "api_calls": inventory.api_calls,
        **({"rehearsed": _rehearsed(inventory.rehearsed)} if inventory.rehearsed else {}),
        **({"dry_run": _dry_run(inventory.dry_run)} if inventory.dry_run else {}),
    }


def _rehearsed(one: Rehearsed) -> dict[str, Any]:
    return {
        "at": timestamp(one.at),
        "drill": one.drill,
        "scenario": one.scenario,
        "recover": one.recover,
        "twin": one.changes is not None,
        "changed_since": list(one.changes) if one.changes is not None else None,
    }


def _dry_run(one: DryRehearsed) -> dict[str, Any]:
    return {"at": timestamp(one.at), "id": one.id, "failures": one.failures}


def as_json(content: Any) -> str:
    """Indented JSON in ASCII: any terminal and any pipe can take it, and nothing in it can speak to one."""
    return json.dumps(content, indent=2, allow_nan=False) + "\n"


def timestamp(moment: datetime) -> str:
    """`2026-11-23T03:12:09Z`."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def account_document(account: Account) -> dict[str, Any]:
    """The account as every JSON report names it; nulls where it is not configured."""
    return {
        "id": account.id,
        "alias": account.alias,
        "name": account.name,
        "environment": str(account.environment) if account.environment else None,
        "caller": account.caller,
    }


def _component(component: Component) -> dict[str, Any]:
    return {
        "kind": component.key.kind,
        "id": component.key.id,
        "arn": component.arn,
        "state": str(component.state),
        "reason": mask_text(component.reason),
        "found_by": [
            {"source": str(source), "detail": mask_text(detail)}
            for source, detail in dict.fromkeys((lead.source, lead.detail) for lead in component.leads)
        ],
        "depends_on": [str(key) for key in component.depends_on],
        "ownership": ownership_word(component.ownership),
        "shared": is_shared(component),
        "used_by": _used_by(component),
        "managed_by": mask_text(component.managed_by) if component.managed_by else None,
        "facts": mask(component.facts),
    }


def _used_by(component: Component) -> list[str]:
    match component.ownership:
        case Shared(by=others):
            return [mask_text(other) for other in others]
        case _:
            return []


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "severity": str(finding.severity),
        "code": finding.code,
        "component": str(finding.component) if finding.component else None,
        "message": mask_text(finding.message),
        "hint": mask_text(finding.hint),
    }
