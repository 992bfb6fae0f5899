"""The embedded sandbox: moto in a process of its own on 127.0.0.1, with AWS's real manners put back.

`Sandbox.start()` gives two seeded accounts, `Sandbox.environment()` what leads there, `Sandbox.control` what is needed
to watch it, break it and put its clock forward. How AWS behaves where moto does not is in `manners`.
"""

from .process import Control, Sandbox, SandboxError

__all__ = ["Control", "Sandbox", "SandboxError"]
