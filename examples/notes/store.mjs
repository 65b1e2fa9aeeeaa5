// A small store of notes. The pod with the number 0 takes what is written; the others keep a copy of all that it has, from which it
// takes what it has lost.
import { lookup } from "node:dns/promises";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { hostname } from "node:os";

const PORT = 7000;
const FILE = "/data/notes.json";
const service = process.env.SERVICE;
const [, set, number] = /^(.*)-(\d+)$/.exec(hostname());
const isPrimary = number === "0";
const primary = `http://${set}-0.${service}:${PORT}`;

let state = existsSync(FILE) ? JSON.parse(readFileSync(FILE, "utf8")) : { revision: 0, notes: {} };
let isReady = false;

function keep(next) {
  writeFileSync(`${FILE}.new`, JSON.stringify(next), { flush: true });
  renameSync(`${FILE}.new`, FILE);
  state = next;
}

async function copyFrom(url) {
  const response = await fetch(`${url}/-/state`, { signal: AbortSignal.timeout(2_000) });
  const other = await response.json();
  if (other.revision > state.revision) keep(other);
}

/** The newest of what the other pods have; those that do not answer have none. */
async function recover() {
  const others = await lookup(service, { all: true, family: 4 }).catch(() => []);
  await Promise.allSettled(others.map(({ address }) => copyFrom(`http://${address}:${PORT}`)));
  isReady = true;
}

async function follow() {
  try {
    await copyFrom(primary);
    isReady = true;
  } catch (error) {
    console.log(`${primary} does not answer: ${error.cause?.code ?? error.message}`);
  }
  setTimeout(follow, 500);
}

async function textOf(request) {
  let text = "";
  for await (const part of request) text += part;
  return text;
}

const server = createServer(async (request, response) => {
  const key = decodeURIComponent(request.url.slice(1));
  const answer = (status, body) => response.writeHead(status).end(body);
  if (key === "-/ready") return answer(isReady ? 200 : 503);
  if (key === "-/state") return answer(200, JSON.stringify(state));
  if (request.method === "PUT") {
    if (!isPrimary) return response.writeHead(307, { location: `${primary}${request.url}` }).end();
    const note = await textOf(request);
    if (!isReady) return answer(503);
    keep({ revision: state.revision + 1, notes: { ...state.notes, [key]: note } });
    return answer(200);
  }
  return Object.hasOwn(state.notes, key) ? answer(200, state.notes[key]) : answer(404);
});

server.listen(PORT, () => console.log(`${hostname()} listens on port ${PORT}`));
void (isPrimary ? recover() : follow());
process.on("SIGTERM", () => process.exit(0));
