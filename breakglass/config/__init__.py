"""`breakglass.toml`: which accounts there are, and where the pieces of a service are looked for first.

A file is read once, checked whole, and every mistake in it is told at once. What comes out speaks the model's
words: accounts, leads and pointers. See the contract's section "Configuration" for the file's keys.
"""

from breakglass.config.accounts import AccountSettings
from breakglass.config.configuration import Config
from breakglass.config.file import load
from breakglass.config.state_table import StateTable

__all__ = ["AccountSettings", "Config", "StateTable", "load"]
