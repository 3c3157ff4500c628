// Plays the film. What is said over the WebSocket is in viewer_socket.py.

const LEAST_CELL = 4.5 // pixels across: what can still be made out
const MOST_WAIT = 30_000

const $ = (id) => document.getElementById(id)
const links = [...document.querySelectorAll("#films a")]
const film = $("film")

// --- The grid ---

const PLAIN = { color: "", background: "" }
const grid = { rows: [], cells: [], styles: [], colored: false, touched: new Set(), due: 0 }

function lay(rows, cols) {
  grid.cells = Array.from({ length: rows }, () => Array(cols).fill(" "))
  grid.styles = Array.from({ length: rows }, () => Array(cols).fill(PLAIN))
  grid.rows = grid.cells.map(() => document.createTextNode(""))
  grid.colored = false
  grid.touched.clear()
  film.replaceChildren(...grid.rows)
  measure(rows, cols)
}

// A row of text becomes one of elements, for good: a film in colours rarely has a frame without.
function color() {
  grid.colored = true
  grid.rows = grid.cells.map(() => document.createElement("span"))
  film.replaceChildren(...grid.rows)
  for (const row of grid.rows.keys()) grid.touched.add(row)
}

function measure(rows, cols) {
  film.style.setProperty("--rows", rows)
  film.style.setProperty("--cols", cols)
  film.style.setProperty("--tall", wanted.link.dataset.tall)
}

function put(row, col, text, style) {
  if (!grid.cells[row]) return col
  if (style !== PLAIN && !grid.colored) color()
  for (const char of text) {
    grid.styles[row][col] = style
    grid.cells[row][col++] = char
  }
  grid.touched.add(row)
  grid.due ||= requestAnimationFrame(draw)
  return col
}

function draw() {
  grid.due = 0
  for (const row of grid.touched) {
    if (grid.colored) drawRuns(row)
    else grid.rows[row].data = grid.cells[row].join("") + "\n"
  }
  grid.touched.clear()
}

// An element for every run of cells that look alike; those there are are used again.
function drawRuns(row) {
  const [cells, styles, line] = [grid.cells[row], grid.styles[row], grid.rows[row]]
  const starts = [...cells.keys()].filter((col) => !col || !alike(styles[col], styles[col - 1]))
  while (line.childElementCount > starts.length) line.lastElementChild.remove()
  while (line.childElementCount < starts.length) line.append(document.createElement("span"))
  for (const [number, start] of starts.entries()) {
    const run = line.children[number]
    run.textContent = cells.slice(start, starts[number + 1]).join("")
    Object.assign(run.style, styles[start])
  }
  if (line.nextSibling?.nodeType !== Node.TEXT_NODE) line.after("\n")
}

function alike(one, other) {
  return one === other || (one.color === other.color && one.background === other.background)
}

// The style after an escape sequence of codec.paint, whose colours are 38;2;r;g;b, 48;2;r;g;b, 39 and 49.
function styled(style, parameters) {
  const next = { ...style }
  for (const [, plane, red, green, blue] of parameters.matchAll(/([34])(?:8;2;(\d+);(\d+);(\d+)|9)/g)) {
    next[plane === "3" ? "color" : "background"] = red === undefined ? "" : `rgb(${red} ${green} ${blue})`
  }
  return alike(next, PLAIN) ? PLAIN : next
}

// How many rows and columns can be made out here: the server sends the edition that suits.
function legible() {
  const stage = film.parentElement
  const { paddingLeft } = getComputedStyle(stage)
  const [height, width] = [stage.clientHeight, stage.clientWidth].map((side) => side - 2 * parseFloat(paddingLeft))
  return `${Math.floor(height / LEAST_CELL / wanted.link.dataset.tall)}x${Math.floor(width / LEAST_CELL)}`
}

// --- What the visitor wants ---

const wanted = {
  link: links.find((link) => link.ariaCurrent) ?? links[0],
  paused: matchMedia("(prefers-reduced-motion: reduce)").matches,
}

function plays() {
  return !wanted.paused && !document.hidden
}

function choose(link) {
  wanted.link.removeAttribute("aria-current")
  wanted.link = link
  link.setAttribute("aria-current", "page")
  const { name } = link.dataset
  document.title = $("title").textContent = link.textContent
  film.ariaLabel = `${link.textContent}, a film in characters`
  $("name").textContent = name
  $("cast").href = `/films/${name}.cast`
  pause(false)
}

function step(by) {
  if (links.length < 2) return
  const link = links.at((links.indexOf(wanted.link) + by) % links.length)
  history.pushState(null, "", link.href)
  choose(link)
}

function pause(paused) {
  wanted.paused = paused
  $("pause").textContent = paused ? "Play" : "Pause"
  tell()
}

// --- The server ---

const REASONS = {
  time: "Your time is up. Press Play to watch on.",
  full: "All seats are taken.",
  address: "Too many watch from your address.",
}
let socket = null
let failures = 0
let retry = 0

function tell() {
  if (socket?.readyState === WebSocket.OPEN) {
    socket.send(plays() ? `play ${wanted.link.dataset.name} ${legible()}` : "pause")
  } else if (!socket && plays()) {
    connect()
  }
}

function connect() {
  clearTimeout(retry)
  socket = new WebSocket(`${location.protocol.replace("http", "ws")}//${location.host}/-/live`)
  socket.onopen = tell
  socket.onmessage = ({ data }) => hear(data)
  socket.onclose = ({ reason }) => lost(reason)
}

function hear(text) {
  if (text[0] === "{") {
    const { viewers } = JSON.parse(text)
    $("viewers").textContent = `${viewers} watching`
    return
  }
  if (!plays()) return
  failures = 0
  $("status").textContent = ""
  const head = /^(\d+)x(\d+) (dark|paper)\n/.exec(text)
  if (head) {
    document.documentElement.className = head[3]
    lay(Number(head[1]), Number(head[2]))
  }
  let [row, col, style] = [0, 0, PLAIN]
  const body = head ? text.slice(head[0].length) : text
  for (const [, down, right, parameters, part] of body.matchAll(/\x1b\[(?:(\d+);(\d+)H|([\d;]*)m)|([^\x1b]+)/g)) {
    if (part !== undefined) col = put(row, col, part, style)
    else if (parameters !== undefined) style = styled(style, parameters)
    else [row, col] = [down - 1, right - 1]
  }
}

function lost(reason) {
  socket = null
  $("viewers").textContent = ""
  $("status").textContent = REASONS[reason] ?? (plays() ? "Connecting again …" : "")
  if (reason === "time") return pause(true)
  const wait = Math.min(MOST_WAIT, 1000 * 2 ** failures++)
  retry = setTimeout(tell, wait * (0.5 + Math.random()))
}

// --- Copying ---

async function copy() {
  const text = film.textContent.replace(/ +$/gm, "").trimEnd() + "\n"
  const done = await navigator.clipboard?.writeText(text).then(() => true, () => false)
  say(done || copySelection() ? "Copied" : "Press Ctrl-C to copy")
}

// Without TLS a browser has no clipboard to write to; the selection is what remains for Ctrl-C.
function copySelection() {
  getSelection().selectAllChildren(film)
  const done = document.execCommand("copy")
  if (done) getSelection().removeAllRanges()
  return done
}

function say(text) {
  $("copy").textContent = text
  setTimeout(() => ($("copy").textContent = "Copy this frame"), 1500)
}

// --- Hands ---

const KEYS = {
  " ": () => pause(!wanted.paused),
  ArrowLeft: () => step(-1),
  ArrowRight: () => step(1),
  c: copy,
}

addEventListener("keydown", (event) => {
  const held = event.ctrlKey || event.metaKey || event.altKey
  const pressed = event.key === " " && event.target.closest("button, a")
  if (held || pressed || !KEYS[event.key]) return
  event.preventDefault()
  KEYS[event.key]()
})
for (const link of links) {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return
    event.preventDefault()
    history.pushState(null, "", link.href)
    choose(link)
  })
}
addEventListener("popstate", () => choose(links.find((link) => link.pathname === location.pathname) ?? links[0]))
$("pause").addEventListener("click", () => pause(!wanted.paused))
$("copy").addEventListener("click", copy)
document.addEventListener("visibilitychange", tell)
let resized = 0
addEventListener("resize", () => {
  clearTimeout(resized)
  resized = setTimeout(tell, 500)
})

measure(wanted.link.dataset.rows, wanted.link.dataset.cols)
$("controls").hidden = false
pause(wanted.paused)
