"""Route 53: record sets, changes and health checks.

moto deletes every record that bears the SetIdentifier of the one that was to go, matches neither alias nor weighted
deletions, accepts conflicting records and unknown health checks, and says INSYNC at once. Record sets and health
checks are therefore kept here; hosted zones themselves stay moto's.
"""

from .area import NameService

__all__ = ["NameService"]
