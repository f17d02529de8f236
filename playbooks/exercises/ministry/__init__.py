"""An ordinary working day at a ministry, with everything in it that looks like an attack and is none."""
