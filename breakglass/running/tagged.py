"""Asking which things bear a service's tags: one question where the service is, one where Route 53 is.

Asked only where the configuration says how services are tagged.
https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
"""

from collections.abc import Collection, Iterable, Sequence
from functools import partial

from breakglass.model.component import Unread
from breakglass.model.kind import Kind
from breakglass.model.lead import Lead
from breakglass.model.reading import AwsError, NotOffered, Reader
from breakglass.model.settings import Tags
from breakglass.model.tagged import GLOBAL_REGION, tagged_leads


def ask(reader: Reader, tags: Tags, kinds: Collection[Kind]) -> tuple[Sequence[Lead], tuple[Unread, ...]]:
    """The leads that tags give, and what could not be asked. An endpoint without the question has no answer to it."""
    places = {reader.region: _types(kind.tag_types for kind in kinds)}
    places[GLOBAL_REGION] = _types((places.get(GLOBAL_REGION, ()), *(kind.global_tag_types for kind in kinds)))
    answers = reader.gather([partial(_tagged, reader, tags, region, types) for region, types in places.items()])
    arns = [arn for answer in answers if not isinstance(answer, AwsError) for arn in answer]
    failed = [one for one in answers if isinstance(one, AwsError) and not isinstance(one, NotOffered)]
    return tagged_leads(arns, tags.detail, kinds), tuple(dict.fromkeys(one.unread for one in failed))


def _types(several: Iterable[Iterable[str]]) -> list[str]:
    """Each type once. Tasks bear their service's tags, and are none of them."""
    return list(dict.fromkeys(one for some in several for one in some))


def _tagged(reader: Reader, tags: Tags, region: str, types: Sequence[str]) -> Sequence[str]:
    filters = [{"Key": name, "Values": [value]} for name, value in tags.wanted]
    asked = {"TagFilters": filters, "ResourceTypeFilters": list(types)}
    found = reader.pages("resourcegroupstaggingapi", "GetResources", "ResourceTagMappingList", asked, region=region)
    return [one["ResourceARN"] for one in found]
