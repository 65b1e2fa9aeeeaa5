import { readdirSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { useDockerHouse } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { instanceAt, tracesOf } from "../support/machine.ts";

// Every operation on a container at the same time as every other, at random distances: each gets an answer that the
// original could give, and when the container is gone, nothing of it is left.
const house = useDockerHouse();

interface Answer {
  status: number;
  body: string;
}

/** What the original may answer: a status, and for a refusal its message. */
type Allowed = [status: number, message?: RegExp][];

interface Operation {
  run(id: string): Promise<Answer>;
  allowed: Allowed;
  /** It may answer only when the container ends. */
  lasts?: boolean;
}

const NO_CONTAINER: Allowed[number] = [404, /^No such container: /];
const NOT_RUNNING: Allowed[number] = [409, /^container [0-9a-f]{64} is not running$/];
const PAUSED_EXEC: Allowed[number] = [409, /is paused, unpause the container before exec$/];

let names = 0;

const operations: Record<string, Operation> = {
  start: {
    run: (id) => post(`/containers/${id}/start`),
    allowed: [
      [204],
      [304],
      NO_CONTAINER,
      [409, /^cannot start a paused container, try unpause instead$/],
      [409, /^container is marked for removal and cannot be started$/],
    ],
  },
  stop: { run: (id) => post(`/containers/${id}/stop?t=0`), allowed: [[204], [304], NO_CONTAINER] },
  restart: {
    run: (id) => post(`/containers/${id}/restart?t=0`),
    allowed: [
      [204],
      NO_CONTAINER,
      [500, /^Cannot restart container [0-9a-f]{64}: container is marked for removal and cannot be started$/],
    ],
  },
  kill: {
    run: (id) => post(`/containers/${id}/kill`),
    allowed: [
      [204],
      [404, /^cannot kill container: [0-9a-f]{64}: No such container: [0-9a-f]{64}$/],
      [409, /^cannot kill container: [0-9a-f]{64}: container [0-9a-f]{64} is not running$/],
    ],
  },
  pause: {
    run: (id) => post(`/containers/${id}/pause`),
    allowed: [[204], NO_CONTAINER, NOT_RUNNING, [409, /^Container .* is already paused$/]],
  },
  unpause: {
    run: (id) => post(`/containers/${id}/unpause`),
    allowed: [[204], NO_CONTAINER, NOT_RUNNING, [500, /^Container .* is not paused$/]],
  },
  rm: {
    run: (id) => send("DELETE", `/containers/${id}`),
    allowed: [
      [204],
      NO_CONTAINER,
      [409, /^removal of container .* is already in progress$/],
      [409, /^cannot remove container .*: container is (running|restarting): stop the container/],
      [409, /^cannot remove container .*: container is paused/],
    ],
  },
  "rm -f": {
    run: (id) => send("DELETE", `/containers/${id}?force=1`),
    allowed: [[204], NO_CONTAINER, [409, /^removal of container .* is already in progress$/]],
  },
  rename: {
    run: (id) => post(`/containers/${id}/rename?name=renamed-${names++}`),
    allowed: [[204], NO_CONTAINER],
  },
  update: {
    run: (id) => post(`/containers/${id}/update`, { CpuShares: 512 + names++ }),
    allowed: [
      [200],
      NO_CONTAINER,
      [409, /^Cannot update container .*: container is marked for removal and cannot be "update"$/],
      // The runtime was asked, and the process ended meanwhile.
      [500, /^Cannot update container /],
    ],
  },
  exec: {
    run: exec,
    allowed: [
      [200],
      NO_CONTAINER,
      NOT_RUNNING,
      PAUSED_EXEC,
      [404, /^No such exec instance: /],
      [400, /^OCI runtime exec failed: /],
      [500, /^OCI runtime exec failed: /],
    ],
    lasts: true,
  },
  attach: {
    run: (id) => send("POST", `/containers/${id}/attach?stream=1&stdout=1`),
    allowed: [[200], [101], NO_CONTAINER, [409, /is (paused|restarting)/]],
    lasts: true,
  },
  commit: {
    run: (id) => post(`/commit?container=${id}`),
    allowed: [[201], NO_CONTAINER, [409, /^You cannot commit container .* which is (being removed|Dead)$/]],
  },
  connect: {
    run: (id) => post("/networks/pairs/connect", { Container: id }),
    allowed: [
      [200],
      NO_CONTAINER,
      [403, /^endpoint with name .* already exists in network pairs$/],
      [409, /^endpoint with name .* already exists in network pairs$/],
      [500, /^Container .* is marked for removal and cannot be connected or disconnected to the network$/],
    ],
  },
  disconnect: {
    run: (id) => post("/networks/bridge/disconnect", { Container: id }),
    allowed: [
      [200],
      NO_CONTAINER,
      [500, /^container .* is not connected to/],
      [409, /^container .* is not connected to/],
      [500, /^Container .* is marked for removal and cannot be connected or disconnected to the network$/],
    ],
  },
  wait: { run: (id) => post(`/containers/${id}/wait`), allowed: [[200], NO_CONTAINER], lasts: true },
  inspect: { run: (id) => send("GET", `/containers/${id}/json?size=1`), allowed: [[200], NO_CONTAINER] },
  list: { run: () => send("GET", "/containers/json?all=1&size=1"), allowed: [[200]] },
  cp: {
    run: (id) => send("GET", `/containers/${id}/archive?path=/etc/passwd`),
    allowed: [[200], NO_CONTAINER],
  },
  "cp into": {
    run: (id) => send("PUT", `/containers/${id}/archive?path=/tmp`, Buffer.alloc(1024)),
    allowed: [[200], NO_CONTAINER],
  },
  export: {
    run: (id) => send("GET", `/containers/${id}/export`),
    allowed: [[200], NO_CONTAINER, [409, /^You cannot export container .* which is (being removed|Dead)$/]],
  },
};

function post(path: string, body?: object): Promise<Answer> {
  return send("POST", path, body && Buffer.from(JSON.stringify(body)));
}

function send(method: string, path: string, body?: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({
      socketPath: join(house.platform.home, "docker.sock"),
      method,
      path: `/v1.45${path}`,
      headers: { "content-type": "application/json", ...(body ? { "content-length": body.length } : {}) },
      agent: false,
    });
    const answered = (response: IncomingMessage) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () =>
        resolve({ status: response.statusCode!, body: Buffer.concat(chunks).toString() }),
      );
    };
    asked.on("response", answered);
    asked.on("error", reject);
    asked.end(body);
  });
}

async function exec(id: string): Promise<Answer> {
  const made = await post(`/containers/${id}/exec`, { Cmd: ["true"], AttachStdout: true });
  if (made.status !== 201) return made;
  const { Id } = JSON.parse(made.body) as { Id: string };
  return post(`/exec/${Id}/start`, { Detach: false });
}

/** What was answered, where the original could not have answered so. */
function wrong(name: string, { status, body }: Answer): string[] {
  const message = status < 400 ? "" : (JSON.parse(body) as { message: string }).message;
  const fits = operations[name]!.allowed.some(
    ([wanted, pattern]) => wanted === status && (pattern === undefined || pattern.test(message)),
  );
  return fits ? [] : [`${name}: ${status} ${message}`];
}

/** A generator of numbers from 0 to 1, the same for the same seed (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const after = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function runPair(first: string, second: string, next: () => number): Promise<string[]> {
  const created = await post("/containers/create", {
    Image: "busybox",
    Cmd: ["sleep", "1000"],
    HostConfig: { PortBindings: { "80/tcp": [{ HostIp: "127.0.0.1", HostPort: "" }] } },
  });
  const { Id: id } = JSON.parse(created.body) as { Id: string };
  if (first !== "start" && second !== "start" && next() < 0.8) await post(`/containers/${id}/start`);
  const distanceMs = Math.round((next() - 0.5) * 60);
  const ask = async (name: string, delayMs: number) => {
    if (delayMs > 0) await after(delayMs);
    return wrong(name, await operations[name]!.run(id));
  };
  const asked = [ask(first, Math.max(0, -distanceMs)), ask(second, Math.max(0, distanceMs))];
  await Promise.all(asked.filter((_, index) => !operations[[first, second][index]!]!.lasts));
  const removed = await send("DELETE", `/containers/${id}?force=1`);
  const answers = (await Promise.all(asked)).flat();
  if (![204, 404].includes(removed.status)) answers.push(`last rm -f: ${removed.status} ${removed.body}`);
  return answers.map((text) => `${first} x ${second} (${distanceMs} ms): ${text}`);
}

function filesOf(...path: string[]): string[] {
  try {
    return readdirSync(join(house.platform.home, ...path));
  } catch {
    return [];
  }
}

/** What the networks themselves have. */
let bridgeLinks = new Set<string>();

/** Everything that a container has and that must go with it. */
async function remains(): Promise<string[]> {
  const instance = instanceAt(house.platform.home);
  const { instanceId } = instance;
  const { links, mounts, processes } = await tracesOf([instance]);
  const cgroups = readdirSync("/sys/fs/cgroup")
    .flatMap((hierarchy) => listed(`/sys/fs/cgroup/${hierarchy}/gantry-${instanceId}`))
    .concat(listed(`/sys/fs/cgroup/gantry-${instanceId}`));
  return [
    ...links.filter((name) => !bridgeLinks.has(name)),
    ...mounts.filter((path) => /\/(containers|run\/ns)\//.test(path)),
    ...processes.filter((command) => command.includes("conmon")),
    ...cgroups.filter((name) => /^[0-9a-f]{64}$/.test(name)),
    ...filesOf("containers").map((name) => `container ${name}`),
    ...filesOf("network", "endpoints").map((name) => `endpoint ${name}`),
    ...filesOf("network", "ports").map((name) => `ports ${name}`),
    ...filesOf("run", "ns").filter((name) => /^[0-9a-f]{64}$/.test(name)),
    ...filesOf("run", "processes").map((name) => `process file ${name}`),
    ...filesOf("run", "exits").map((name) => `exit file ${name}`),
    ...filesOf("run", "exec").map((name) => `execution ${name}`),
    ...filesOf("images", "snapshots").filter((name) => /^[0-9a-f]{64}$/.test(name)),
  ];
}

function listed(dir: string): string[] {
  try {
    return readdirSync(dir, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch {
    return [];
  }
}

const SEED = Number(process.env.GANTRY_SEED ?? Math.trunc(performance.timeOrigin % 1e9));
/** So many pairs at a time. */
const PARALLEL = 6;

describe("each operation at the same time as each other", () => {
  it(`leaves nothing and is answered as by the original (GANTRY_SEED=${SEED})`, async () => {
    await house.ok("network", "create", "pairs");
    bridgeLinks = new Set((await tracesOf([instanceAt(house.platform.home)])).links);
    const next = random(SEED);
    const all = Object.keys(operations);
    const pairs = all.flatMap((first, index) => all.slice(index).map((second) => [first, second] as const));
    const problems: string[] = [];
    const worker = async () => {
      for (let pair = pairs.pop(); pair; pair = pairs.pop()) problems.push(...(await runPair(...pair, next)));
    };
    await Promise.all(Array.from({ length: PARALLEL }, worker));
    expect(problems).toEqual([]);
    await eventually(
      "nothing is left",
      async () => {
        const left = await remains();
        if (left.length > 0) throw new Error(left.join("\n"));
        return true;
      },
      15_000,
    );
    expect(await house.ok("ps", "-aq")).toBe("");
  });
});

describe("a removal during a start", () => {
  it("frees the published port for the next, with and without force", async () => {
    for (let round = 0; round < 20; round++) {
      await house.ok("create", "--name", "qq", "-p", "127.0.0.1:23999:80", "busybox", "sleep", "100");
      const starting = post("/containers/qq/start");
      await after(round);
      const removed = await send("DELETE", "/containers/qq");
      await starting;
      const state = await send("GET", "/containers/qq/json");
      // Either it was there before the start, or it runs and is refused.
      expect([removed.status, state.status]).toEqual(removed.status === 204 ? [204, 404] : [409, 200]);
      await send("DELETE", "/containers/qq?force=1");
    }
    await house.ok("run", "--rm", "-p", "127.0.0.1:23999:80", "busybox", "true");
  });
});
