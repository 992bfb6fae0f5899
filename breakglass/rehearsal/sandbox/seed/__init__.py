"""The world on which people rehearse: the same five services in a production and a staging account."""

from .plant import plant_neighbours, plant_world

__all__ = ["plant_neighbours", "plant_world"]
