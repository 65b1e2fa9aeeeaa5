import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { Agent, request as open } from "node:https";
import { parentPort, workerData } from "node:worker_threads";

export interface HostileRequest {
  method: string;
  path: string;
  contentType?: string;
  accept?: string;
  body?: Uint8Array;
}

export interface HostileClientData {
  url: string;
  ca: string;
  cert: string;
  key: string;
  request: HostileRequest;
  /** How many in all; absent: one after the other until the end. */
  count?: number;
  clients?: number;
}

// A client thread of hostile-load.ts: "go" starts it, "take" asks for what it has seen since, once what was to be sent is sent.
const { url, ca, cert, key, request, count, clients = 1 } = workerData as HostileClientData;
const agent = new Agent({ keepAlive: true, ca, cert, key, maxSockets: clients });
let statuses: Record<string, number> = {};
let waits: number[] = [];
let done: Promise<unknown> = Promise.resolve();

async function send(): Promise<void> {
  const beganMs = performance.now();
  const outgoing = open(`${url}${request.path}`, {
    agent,
    method: request.method,
    headers: {
      accept: request.accept ?? "application/json",
      ...(request.contentType ? { "content-type": request.contentType } : {}),
      ...(request.body ? { "content-length": request.body.byteLength } : {}),
    },
  });
  outgoing.end(request.body);
  let outcome: string;
  try {
    const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
    outcome = String(answer.statusCode);
    for await (const _chunk of answer);
  } catch (error) {
    outcome = (error as { code?: string }).code ?? String(error);
  }
  statuses[outcome] = (statuses[outcome] ?? 0) + 1;
  waits.push(performance.now() - beganMs);
}

async function go(): Promise<void> {
  if (count === undefined) {
    for (;;) {
      await send();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  let left = count;
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (left-- > 0) await send();
    }),
  );
}

parentPort!.on("message", async (message) => {
  if (message === "go") {
    const going = go();
    if (count !== undefined) done = going;
    return;
  }
  await done;
  parentPort!.postMessage({ statuses, waits });
  statuses = {};
  waits = [];
});
parentPort!.postMessage({ statuses, waits });
