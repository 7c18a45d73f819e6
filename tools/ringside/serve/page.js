"use strict";

const EVENTS_SHOWN = 100;
const BOX_LASTS_MS = 2000; // without word of it
const $ = (id) => document.getElementById(id);
const cameras = new Map(); // by ring: its tile, its facts, what moves in it
let large = null; // the ring that is shown alone
let paused = false;

function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

function say(text) {
  $("status").textContent = text;
}

const wait = (ms) => new Promise((resume) => setTimeout(resume, ms));

// -- tiles --------------------------------------------------------------------------------------

function makeTile(ring, name) {
  const canvas = make("canvas", { width: 16, height: 9 });
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `Live picture of ${name}`);
  const boxes = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  boxes.setAttribute("aria-hidden", "true");
  const note = make("p", { className: "note", textContent: "Waiting for a picture…" });
  const picture = make("div", { className: "picture" }, canvas, boxes, note);
  const state = make("span", { className: "state" });
  const facts = make("span");
  const button = make("button", { type: "button", textContent: "Enlarge" });
  button.setAttribute("aria-label", `Enlarge ${name}`);
  button.setAttribute("aria-pressed", "false");
  button.addEventListener("click", () => enlarge(large === ring ? null : ring));
  const title = make("h2", { textContent: name });
  const tile = make("article", { className: "tile" }, picture,
    make("div", { className: "about" },
      make("div", {}, title, make("p", {}, state, facts)), button));
  tile.setAttribute("aria-label", name);
  tile.dataset.ring = ring;
  $("tiles").append(tile);
  return { ring, name, tile, picture, canvas, boxes, note, state, facts, button, drawn: false,
    moving: new Map(), was: null, width: 0, height: 0 };
}

function enlarge(ring) {
  const before = large;
  large = cameras.has(ring) ? ring : null;
  $("tiles").classList.toggle("one", large !== null);
  for (const camera of cameras.values()) {
    const on = camera.ring === large;
    camera.tile.classList.toggle("large", on);
    camera.button.textContent = on ? "Show all" : "Enlarge";
    camera.button.setAttribute("aria-label", on ? "Show all cameras" : `Enlarge ${camera.name}`);
    camera.button.setAttribute("aria-pressed", String(on));
  }
  const focus = cameras.get(large ?? before);
  if (focus) focus.button.focus();
  watch();
}

document.addEventListener("keydown", (key) => {
  if (key.key === "Escape" && large !== null) enlarge(null);
});

function noteOf(facts, camera) {
  if (facts.state === "offline") return "Offline: no decoder";
  if (facts.picture) return `No picture: ${facts.picture}`;
  if (facts.state === "ended") return camera.drawn ? "" : "Ended";
  if (paused) return "Paused";
  return camera.drawn ? "" : "Waiting for a picture…";
}

function showTile(facts) {
  let camera = cameras.get(facts.ring);
  if (!camera) {
    camera = makeTile(facts.ring, facts.camera);
    cameras.set(facts.ring, camera);
  }
  if (camera.was !== null && camera.was !== facts.state) say(`${camera.name} is ${facts.state}`);
  camera.was = facts.state;
  if (facts.width) [camera.width, camera.height] = [facts.width, facts.height];
  camera.state.className = `state ${facts.state}`;
  camera.state.textContent = facts.state;
  const moving = camera.moving.size;
  camera.facts.textContent = facts.state === "online"
    ? ` · ${facts.fps.toFixed(1)} fps${moving ? ` · ${moving} moving` : ""}` : "";
  camera.note.textContent = noteOf(facts, camera);
  camera.note.hidden = camera.note.textContent === "";
  if (facts.state === "offline") camera.drawn = false;
}

// -- figures ------------------------------------------------------------------------------------

function bytes(count) {
  if (count >= 10 * 2 ** 30) return `${(count / 2 ** 30).toFixed(1)} GiB`;
  return `${(count / 2 ** 20).toFixed(count < 10 * 2 ** 20 ? 1 : 0)} MiB`;
}

function row(kind, name, cells) {
  const head = make("th", { textContent: name, scope: "row" });
  return make("tr", { className: kind }, head, ...cells.map((cell, i) =>
    make("td", { textContent: cell, className: i > 0 ? "n" : "" })));
}

const percent = (process) => process ? `${(100 * process.cpu).toFixed(0)} %` : "";

function rowsOf(facts) {
  const sum = (key) => facts.workers.reduce((all, worker) => all + worker[key], 0);
  const most = (key) => facts.workers.reduce((all, worker) => Math.max(all, worker[key]), 0);
  const rows = [row("camera", facts.camera, [facts.state, facts.fps.toFixed(1), most("lag_frames"),
    most("lag_ms").toFixed(0), sum("held"), sum("skipped"), percent(facts.decoder),
    bytes(facts.bytes)])];
  for (const worker of facts.workers)
    rows.push(row("worker", worker.process?.title || `pid ${worker.pid}`,
      [worker.alive ? worker.policy : "dead", worker.fps.toFixed(1), worker.lag_frames,
        worker.lag_ms.toFixed(0), worker.held, worker.skipped, percent(worker.process),
        worker.process ? bytes(worker.process.memory) : ""]));
  return rows;
}

function show(all) {
  const there = new Set(all.map((facts) => facts.ring));
  for (const [ring, camera] of cameras) {
    if (there.has(ring)) continue;
    if (large === ring) enlarge(null);
    camera.tile.remove();
    cameras.delete(ring);
    say(`${camera.name} is gone`);
  }
  all.forEach(showTile);
  const offline = all.filter((facts) => facts.state === "offline").length;
  $("summary").textContent = `${all.length} camera${all.length === 1 ? "" : "s"}` +
    (offline ? `, ${offline} offline` : "");
  $("none").hidden = all.length > 0;
  $("figures").hidden = all.length === 0;
  $("rows").replaceChildren(...all.flatMap(rowsOf));
}

async function look() {
  let lost = false;
  for (;;) {
    try {
      const reply = await fetch("/cameras.json");
      if (!reply.ok) throw new Error(reply.status);
      show((await reply.json()).cameras);
      if (lost) say("Connected again");
      lost = false;
    } catch {
      if (!lost) say("The server does not answer");
      $("summary").textContent = "The server does not answer; trying again…";
      lost = true;
    }
    await wait(1000);
  }
}

// -- pictures -----------------------------------------------------------------------------------

async function draw(ring, jpeg) {
  const camera = cameras.get(ring);
  if (!camera || paused) return;
  const bitmap = await createImageBitmap(new Blob([jpeg], { type: "image/jpeg" }));
  if (camera.canvas.width !== bitmap.width || camera.canvas.height !== bitmap.height) {
    camera.canvas.width = bitmap.width;
    camera.canvas.height = bitmap.height;
    camera.picture.style.setProperty("--ratio", `${bitmap.width} / ${bitmap.height}`);
  }
  camera.canvas.getContext("2d").drawImage(bitmap, 0, 0);
  bitmap.close();
  camera.drawn = true;
  if (camera.was === "online") camera.note.hidden = true;
}

// Takes a multipart stream apart: headers, an empty line, as many bytes as they say.
class Parts {
  bytes = new Uint8Array(0);

  add(more) {
    const all = new Uint8Array(this.bytes.length + more.length);
    all.set(this.bytes);
    all.set(more, this.bytes.length);
    this.bytes = all;
  }

  next() {
    const text = new TextDecoder("latin1").decode(this.bytes.subarray(0, 1024));
    const end = text.indexOf("\r\n\r\n");
    if (end < 0) return null;
    const length = Number(/content-length: (\d+)/i.exec(text.slice(0, end))?.[1] ?? 0);
    if (this.bytes.length < end + 4 + length) return null;
    const part = { ring: /x-ring: (\S+)/i.exec(text.slice(0, end))?.[1],
      jpeg: this.bytes.slice(end + 4, end + 4 + length) };
    this.bytes = this.bytes.slice(end + 4 + length);
    return part;
  }
}

let stream = null; // what ends the present one

async function follow(signal) {
  const which = large === null ? "" : `?ring=${encodeURIComponent(large)}`;
  const reply = await fetch(`/pictures${which}`, { signal });
  if (!reply.ok) throw new Error(reply.status);
  const reader = reply.body.getReader();
  const parts = new Parts();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    parts.add(value);
    for (let part = parts.next(); part; part = parts.next())
      if (part.jpeg.length) await draw(part.ring, part.jpeg).catch(() => {});
  }
}

// One stream has the pictures of all cameras: browsers open few connections at once.
async function watch() {
  stream?.abort();
  const mine = new AbortController();
  stream = mine;
  while (!paused && !document.hidden && !mine.signal.aborted) {
    await follow(mine.signal).catch(() => {});
    if (!mine.signal.aborted) await wait(1000);
  }
}

$("pause").addEventListener("click", () => {
  paused = !paused;
  $("pause").setAttribute("aria-pressed", String(paused));
  for (const camera of cameras.values()) camera.drawn = camera.drawn && !paused;
  watch();
});
document.addEventListener("visibilitychange", watch);

// -- boxes --------------------------------------------------------------------------------------

function rectangle(box, name) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  ["x", "y", "width", "height"].forEach((key, i) => element.setAttribute(key, box[i]));
  element.setAttribute("class", name);
  return element;
}

function drawBoxes(camera) {
  camera.boxes.setAttribute("viewBox", `0 0 ${camera.width || 16} ${camera.height || 9}`);
  camera.boxes.replaceChildren(...[...camera.moving.values()].flatMap(({ box }) =>
    camera.width ? [rectangle(box, "under"), rectangle(box, "over")] : []));
}

function move(event) {
  const camera = cameras.get(event.ring);
  if (!camera || event.type !== "motion") return;
  const id = `${event.index}/${event.id}`;
  if (event.state === "stop") camera.moving.delete(id);
  else if (event.boxes?.[0]) camera.moving.set(id, { box: event.boxes[0], at: Date.now() });
  drawBoxes(camera);
}

// Until the next picture; the figures may never show that it was away.
function mourn(event) {
  const camera = cameras.get(event.ring);
  if (!camera || event.type !== "decoder" || event.state !== "died") return;
  camera.drawn = false;
  camera.note.textContent = "The decoder died";
  camera.note.hidden = false;
}

setInterval(() => {
  for (const camera of cameras.values()) {
    let old = false;
    for (const [id, { at }] of camera.moving)
      if (Date.now() - at > BOX_LASTS_MS) old = camera.moving.delete(id);
    if (old) drawBoxes(camera);
  }
}, 500);

// -- events -------------------------------------------------------------------------------------

const seconds = (value) => `${Number(value ?? 0).toFixed(1)}\u00a0s`;
const death = (event) =>
  (event.signal ? ` by signal ${event.signal}` : event.exit !== undefined ? ` with status ${event.exit}` : "");

const words = {
  motion: (event) => event.state === "start"
    ? `motion${event.zone ? ` in ${event.zone}` : ""}`
    : `motion over after ${seconds(event.duration)}`,
  camera: (event) => `${event.state}${event.reason ? `: ${event.reason}` : ""}`,
  decoder: (event) => `decoder ${event.state}${death(event)}`,
  worker: (event) => `worker ${event.worker}#${event.index} ${event.state}${death(event)}`,
  scene: (event) => `another scene (${event.kind})`,
  health: (event) => event.state === "start" ? `${event.condition}`
    : `no longer ${event.condition}, after ${seconds(event.duration)}`,
  snapshot: (event) => `picture saved: ${event.path}`,
  lost: (event) => `${event.events} events were lost`,
  summary: (event) => `${event.outcome}: ${event.published} frames in ${seconds(event.seconds)}`,
};

const isPassing = (event) =>
  event.type === "frame" || event.type === "stats" ||
  (event.type === "motion" && event.state === "update");

const isBad = (event) =>
  ["died", "gone", "hung", "offline", "stalled", "failed"].includes(event.state ?? event.outcome) ||
  (event.type === "health" && event.state === "start");

function list(event) {
  const date = new Date(1000 * event.at);
  const text = (words[event.type] ?? (() => event.type))(event);
  const item = make("li", {},
    make("time", { dateTime: date.toISOString(), textContent: date.toLocaleTimeString() }),
    make("span", {}, make("b", { textContent: event.camera ?? "" }), event.camera ? " " : "",
      make("span", { textContent: text, className: isBad(event) ? "bad" : "" })));
  item.dataset.type = event.type;
  $("list").prepend(item);
  while ($("list").childElementCount > EVENTS_SHOWN) $("list").lastElementChild.remove();
  $("quiet").hidden = true;
}

function listen() {
  new EventSource("/events").addEventListener("message", (message) => {
    const event = JSON.parse(message.data);
    move(event);
    mourn(event);
    if (!isPassing(event)) list(event);
  });
}

$("aloud").addEventListener("change", () => {
  $("list").setAttribute("aria-live", $("aloud").checked ? "polite" : "off");
});

look();
listen();
watch();
