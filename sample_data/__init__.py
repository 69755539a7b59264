"""Two invented shops whose truth is known. `generate.py` writes them; README.md says what is true in them."""
