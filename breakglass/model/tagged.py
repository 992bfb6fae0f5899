"""Tags as leads: which component does a tagged thing's ARN name?

The formats of ARNs are those of the Service Authorization Reference:
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from collections.abc import Collection, Iterable, Sequence

from breakglass.model.arn import parse_arn
from breakglass.model.kind import Kind
from breakglass.model.lead import Lead, Source

GLOBAL_REGION = "us-east-1"


def tagged_leads(arns: Iterable[str], detail: str, kinds: Collection[Kind]) -> Sequence[Lead]:
    """A lead for each ARN of a kind that there is.

    Revisions of a task definition are all tagged alike: the newest of each family stands for them, and none where
    a service is tagged, which says itself what it runs.
    """
    found = [lead for arn in dict.fromkeys(arns) if (lead := _lead(arn, detail, kinds))]
    definitions = [lead for lead in found if lead.kind == "task-definition"]
    newest: dict[str, Lead] = {}
    if not any(lead.kind == "ecs-service" for lead in found):
        for lead in sorted(definitions, key=lambda lead: _revision(lead.ref)):
            newest[lead.ref.rpartition(":")[0]] = lead
    return [lead for lead in found if lead.kind != "task-definition" or lead in newest.values()]


def _lead(text: str, detail: str, kinds: Iterable[Kind]) -> Lead | None:
    arn = parse_arn(text)
    named = ((kind.name, kind.tagged_as(arn)) for kind in kinds if arn)
    return next((Lead(kind, ref, Source.TAG, detail) for kind, ref in named if ref), None)


def _revision(arn: str) -> int:
    number = arn.rpartition(":")[2]
    return int(number) if number.isdigit() else 0
