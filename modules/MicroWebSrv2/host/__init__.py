"""What only CPython has, and no image carries."""
