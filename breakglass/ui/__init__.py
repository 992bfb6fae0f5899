"""What the operator sees and types. Nothing below this layer knows that there is a terminal."""
