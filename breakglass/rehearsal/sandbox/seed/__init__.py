"""The world on which people rehearse: the same five services in two accounts, and one that has everything."""

from .plant import plant_neighbours, plant_world

__all__ = ["plant_neighbours", "plant_world"]
