"""Competitions and their entries: the images that models made from one prompt."""
