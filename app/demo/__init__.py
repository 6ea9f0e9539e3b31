"""The demonstration: pictures drawn by code, simulated voters, and the way to clear both away."""
