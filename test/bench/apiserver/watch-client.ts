import { connect } from "node:tls";

// Many watches from one process, each on a connection of its own over TLS. Whoever writes puts into each object, as `at=`, when
// it did that by the machine's monotonic clock; what has come is told when the parent asks.

export interface WatchClientOptions {
  url: string;
  ca: string;
  token: string;
  /** One for each watch. */
  paths: string[];
}

export interface WatchClientReport {
  events: number;
  /** From the write to the event, in ms; of every so many-th event, so that the list stays short. */
  delaysMs: number[];
  /** Watches that have ended. */
  ended: number;
}

/** So many connections are opened at once. */
const OPENING = 64;
const KEPT_DELAYS = 500_000;
const AT = Buffer.from("at=");

let report: WatchClientReport = { events: 0, delaysMs: [], ended: 0 };
let sample = 1;

process.on("message", async (message: WatchClientOptions | "report" | "begin") => {
  if (message === "begin") {
    report = { events: 0, delaysMs: [], ended: 0 };
    return;
  }
  if (message === "report") {
    process.send!(report);
    return;
  }
  sample = Math.max(1, Math.floor(message.paths.length / 2_000));
  const { paths } = message;
  let next = 0;
  const open = async () => {
    while (next < paths.length) await openWatch(message, paths[next++]!);
  };
  await Promise.all(Array.from({ length: OPENING }, open));
  process.send!("open");
});

/** Resolves once the watch is answered. */
function openWatch({ url, ca, token }: WatchClientOptions, path: string): Promise<void> {
  const { hostname, port, host } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), ca, servername: "localhost" });
    let isOpen = false;
    socket.on("error", (error) => (isOpen ? undefined : reject(error)));
    socket.on("close", () => report.ended++);
    socket.on("secureConnect", () =>
      socket.write(
        `GET ${path} HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${token}\r\nuser-agent: bench\r\n\r\n`,
      ),
    );
    socket.on("data", (chunk: Buffer) => {
      if (!isOpen) {
        const code = chunk.subarray(9, 12).toString();
        if (code !== "200") return reject(new Error(`a watch was answered with ${code}`));
        isOpen = true;
        resolve();
      }
      count(chunk);
    });
  });
}

/** An event that is parted between two chunks right in its time is not counted; with events of some hundred bytes there are few. */
function count(chunk: Buffer): void {
  const nowMs = Number(process.hrtime.bigint()) / 1e6;
  for (let at = chunk.indexOf(AT); at >= 0; at = chunk.indexOf(AT, at + 1)) {
    report.events++;
    if (report.events % sample !== 0 || report.delaysMs.length >= KEPT_DELAYS) continue;
    const end = chunk.indexOf(";", at);
    if (end > at) report.delaysMs.push(nowMs - Number(chunk.subarray(at + AT.length, end).toString()));
  }
}
