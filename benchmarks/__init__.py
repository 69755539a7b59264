"""The same six analyses by Comeback and by its peers on generated order logs: `python -m benchmarks`."""
