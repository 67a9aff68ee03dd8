"""What runs on the host: set-up, sources, images, flashing, emulator. Started as `python -m tools.NAME` from the project's root."""
