"""Where a bad night is practised: the embedded sandbox, its scenarios and the drills."""
