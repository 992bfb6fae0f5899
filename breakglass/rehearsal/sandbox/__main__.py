"""The entry of the sandbox's process: `python -m breakglass.rehearsal.sandbox`.

Garbage collection waits until the world is made: nothing of it is garbage, and looking for some doubles the time.
"""

import gc

gc.disable()

from breakglass.rehearsal.sandbox.server import main  # noqa: E402

raise SystemExit(main())
