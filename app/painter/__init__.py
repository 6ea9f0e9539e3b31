"""Draws a demo picture from a prompt: call `paint.paint` with one of `painters.PAINTERS`."""
