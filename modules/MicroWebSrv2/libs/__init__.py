"""What the server is built of."""
