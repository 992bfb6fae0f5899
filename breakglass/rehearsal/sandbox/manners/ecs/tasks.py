"""Tasks: listed, described, stopped, and run without a service."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from breakglass.rehearsal.sandbox.manners.elbv2.state import Balancing
from breakglass.rehearsal.sandbox.manners.elbv2.target_health import deregister
from breakglass.rehearsal.sandbox.moto_bridge import MotoBridge
from breakglass.rehearsal.sandbox.paging import page
from breakglass.rehearsal.sandbox.refusal import Refused
from breakglass.rehearsal.sandbox.state import AwsShape, Call, World

from .clusters import cluster_named
from .launch import new_task
from .scheduler import Scheduler
from .state import Ecs, short_name
from .task import Task
from .task_definitions import TaskDefinitions

_DESCRIBED_AT_ONCE = 100
_PAGE = 100


class Tasks:
    """ListTasks, DescribeTasks, StopTask and RunTask."""

    def __init__(self, world: World, moto: MotoBridge, scheduler: Scheduler, definitions: TaskDefinitions) -> None:
        self._world = world
        self._moto = moto
        self._scheduler = scheduler
        self._definitions = definitions

    def handlers(self) -> Mapping[str, Callable[[Call], AwsShape]]:
        """Operation to handler."""
        return {
            "ListTasks": self._list,
            "DescribeTasks": self._describe,
            "StopTask": self._stop,
            "RunTask": self._run,
        }

    def _list(self, call: Call) -> AwsShape:
        """By service, family, startedBy and desired status; desiredStatus is RUNNING unless STOPPED is asked for.

        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTasks.html
        """
        cluster, ecs = self._place(call)
        now = self._world.clock.now()
        wanted = call.params.get("desiredStatus") or "RUNNING"
        if name := call.params.get("serviceName"):
            candidates = ecs.service(cluster, short_name(name)).tasks
        else:
            candidates = ecs.tasks()
        arns = [
            task.arn
            for task in candidates
            if short_name(task.cluster_arn) == cluster
            and ("STOPPED" if task.is_leaving(now) else "RUNNING") == wanted
            and call.params.get("family") in (None, task.definition["family"])
            and call.params.get("startedBy") in (None, task.started_by)
            and call.params.get("launchType") in (None, task.settings.get("launchType", "FARGATE"))
        ]
        shown, token = page(arns, call.params.get("nextToken"), int(call.params.get("maxResults") or _PAGE))
        return {"taskArns": shown, "nextToken": token}

    def _describe(self, call: Call) -> AwsShape:
        """Stopped tasks can be described for about an hour; others are failures with the reason MISSING.

        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html
        """
        cluster, ecs = self._place(call)
        wanted = call.params["tasks"]
        if len(wanted) > _DESCRIBED_AT_ONCE:
            raise Refused("InvalidParameterException", "Tasks cannot be more than 100 elements.")
        now = self._world.clock.now()
        with_tags = "TAGS" in call.params.get("include", [])
        known = {task.id: task for task in ecs.tasks() if short_name(task.cluster_arn) == cluster}
        found = [known[name] for name in map(short_name, wanted) if name in known]
        prefix = f"arn:aws:ecs:{call.region}:{call.account}:task/{cluster}"
        missing = [name for name in map(short_name, wanted) if name not in known]
        return {
            "tasks": [task.shown(now, with_tags=with_tags) for task in found],
            "failures": [{"arn": f"{prefix}/{name}", "reason": "MISSING"} for name in missing],
        }

    def _stop(self, call: Call) -> AwsShape:
        """The task is told to stop; its service starts another one, unless it is being deleted.

        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopTask.html
        """
        cluster, ecs = self._place(call)
        now = self._world.clock.now()
        task = self._task(ecs, cluster, call.params["task"])
        if not task.is_leaving(now):
            task.stopping_at, task.stop_code = now, "UserInitiated"
            task.stop_reason = call.params.get("reason") or "Task stopped by user"
            balancing = self._world.state(Balancing, call.account, call.region)
            for arn, port in task.registered:
                if group := balancing.target_groups.get(arn):
                    deregister(group, task.address, port, now)
        self._scheduler.settle(call.account, call.region)
        return {"task": task.shown(now, with_tags=True)}

    def _run(self, call: Call) -> AwsShape:
        cluster, ecs = self._place(call)
        now = self._world.clock.now()
        definition = self._definitions.find(call, call.params["taskDefinition"])
        started = []
        for _ in range(call.params.get("count") or 1):
            task = new_task(ecs, call.account, call.region, cluster, definition, call.params, now)
            task.group = call.params.get("group") or task.group
            task.started_by = call.params.get("startedBy", "")
            task.tags = {tag["key"]: tag.get("value", "") for tag in call.params.get("tags", [])}
            started.append(task)
        ecs.lone_tasks += started
        return {"tasks": [task.shown(now, with_tags=True) for task in started], "failures": []}

    def _task(self, ecs: Ecs, cluster: str, name_or_arn: str) -> Task:
        for task in ecs.tasks():
            if task.id == short_name(name_or_arn) and short_name(task.cluster_arn) == cluster:
                return task
        raise Refused("InvalidParameterException", "The referenced task was not found.")

    def _place(self, call: Call) -> tuple[str, Ecs]:
        self._scheduler.settle(call.account, call.region)
        return cluster_named(self._moto, call), self._world.state(Ecs, call.account, call.region)
