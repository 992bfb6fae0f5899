"""One file for each command: what it is asked, what it wires together, what it prints."""
