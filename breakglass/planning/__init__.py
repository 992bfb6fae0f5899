"""Pure decisions: what the sightings mean, whose things are, what is to be done. No AWS, no clock, no terminal."""
