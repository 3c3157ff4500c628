"""Ways out that talk to a device or to a server: receipt printers, Discord."""
