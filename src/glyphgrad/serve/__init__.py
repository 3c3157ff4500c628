"""Films of characters, live, to whoever has telnet, nc, ssh or a browser: the same moment for everyone.

How it hangs together, and what a further protocol builds on:

- `films.Library`: the films, by name, in one size or several. `Library.open(paths, fps)`.
- `player.showing`: which frame at which time; pure.
- `house.House(library, limits, epoch)`: what all sessions of a process share: `library`, `limits`, `hub`,
  `gate` (who may come in), `metrics` (what is counted), and `close()`, which ends every session.
- `hub.Hub`: sends frames. `join(viewer, show, screen)`, `leave(viewer)`. Viewers of equal `screen.Screen`s
  get the same bytes object, made once.
- `hub.Link`: what a protocol has to have: `ready()`, `offer(data)`, `write(data)`, `close()`, `abort()`.
- `session.Session(house, link, protocol, address)`: a visit from the first byte to the log line. A protocol
  tells it `spend`, `type`, `resize` and `end`, and awaits `run(screen, asked)`.
- `plain` (telnet, nc) and `ssh` are such protocols; `listen.accept` feeds them sockets. Before a visit a
  protocol asks `house.gate.arrive(address, protocol)` (if `listen.accept` has not) and
  `house.gate.viewers.refusal(network)`, and turns away (`refusal.turn_away`) who is refused; then it `enter`s
  and in the end `leave`s.
- `web` (browsers, curl) is a third such protocol: `site` is what is where, `viewer_socket` the page's frames.
- `live.LiveEdition`: a film that another process fits meanwhile.
- `server.run(config)`: all of it, in one process or several, until SIGTERM.
"""
