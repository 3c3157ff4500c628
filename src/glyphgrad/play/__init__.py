"""Films of characters, and videos as they are fitted, played in a terminal."""
