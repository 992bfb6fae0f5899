"""A runbook that has everything, for tests to take things away from. Lines that say `prose` may be missing."""

GOOD = """\
+++
id = "RB-60"
title = "The queue is full"
alert = "SERVICE: queue age above 10 min"
service = "*"
severity = "warning"
owner = "team billing"
works_without = ["the deployer API"]
needs = ["AWS credentials for the account"]
review_by = "2099-01-01"
scenarios = ["service-deleted"]
placeholders = { RUN = "the run's id" }
+++

# RB-60 The queue is full

```sh
breakglass inventory SERVICE
```

## Is this it

This is the first sentence of the section.

## Impact

This says who notices.

## Stop and escalate if

- this is so.

## Before you start

This comes first.

## Diagnose

1. Why: to see it.

   ```sh
   breakglass inventory SERVICE
   ```

   Expect: `SERVICE is`, and its pieces.

   If not: go by the list.

- `healthy`, `degraded`: look at the logs.
- `drifted`: go on.
- `half-deleted`: go on.
- `gone`: go on.
- `unknown`: get the permission.

## Fix

1. Why: to read the plan.

   ```sh
   breakglass rebuild SERVICE --dry-run
   ```

   Expect: one step.

   If not: a blocker says why.

   Undo: nothing was changed.

2. Why: to look back.

   ```sh
   breakglass timeline RUN
   ```

   Expect: what was done.

   If not: no such run.

   Undo: nothing was changed.

## Verify

```sh
breakglass inventory SERVICE --detailed-exitcode
```

Expect: `SERVICE is healthy`.

## Roll back

This is the way back.

## Hand over

This is for whoever comes next.
"""


def line_of(text, words, nth=1):
    """The number of the nth line that begins with some words."""
    found = [at for at, line in enumerate(text.split("\n"), 1) if line.strip().startswith(words)]
    return found[nth - 1]
