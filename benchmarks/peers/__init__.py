"""How people answer the six analyses without a prepared store: straight from the Parquet file, competently, no tricks.

Each module has `open_log(path, channel)` and `ANSWERS`, one function per analysis from what `open_log` gave to a frame.
With a channel, only customers whose first order came through it are counted.
"""
