"""What runs on the host. Started as `python -m tools.NAME` from the project's root."""
