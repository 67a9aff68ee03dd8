"""What the host tests share: targets that run the server, a raw client, a site of files."""
