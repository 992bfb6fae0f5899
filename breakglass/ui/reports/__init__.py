"""Reports: pure functions from what was found to the text that is printed."""
