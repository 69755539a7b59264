"""Any order file → clean tables in the engine and the ledger: read → recognise → ask → rules. Begin at `load.py`."""
