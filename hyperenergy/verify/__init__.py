"""Run results over a grid of instances, judge what comes out, store and report it."""
