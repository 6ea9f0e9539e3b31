"""Competitions and the images that stand in them."""
