"""breakglass: inventory, remove and rebuild one deployed service when the deployer itself is down."""

__version__ = "0.1.0"
