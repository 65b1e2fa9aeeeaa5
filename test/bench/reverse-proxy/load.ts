import { connect } from "node:net";
import { parseArgs } from "node:util";
import { quantiles } from "../quantiles.ts";

// The clients, in a process of their own: each asks as soon as it is answered, on a connection that stays. Prints JSON.
const { values } = parseArgs({
  options: { port: { type: "string" }, connections: { type: "string" }, seconds: { type: "string" } },
});
const [port, connections, seconds] = [values.port, values.connections, values.seconds].map(Number) as [
  number,
  number,
  number,
];
const ask = "GET /path?x=1 HTTP/1.1\r\nhost: a.example\r\nuser-agent: bench\r\naccept: */*\r\n\r\n";
const times: number[] = [];
let failures = 0;
let isOver = false;

function client(): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    let left = 0;
    let head = "";
    let sentMs = 0;
    const send = () => {
      if (isOver) {
        socket.destroy();
        resolve();
        return;
      }
      head = "";
      sentMs = performance.now();
      socket.write(ask);
    };
    socket.on("connect", send);
    socket.on("data", (chunk) => {
      if (left === 0) {
        head += chunk.toString("latin1");
        const end = head.indexOf("\r\n\r\n");
        if (end < 0) return;
        if (!head.startsWith("HTTP/1.1 200")) failures++;
        left = Number(/content-length: (\d+)/i.exec(head)?.[1]) - (head.length - end - 4);
      } else left -= chunk.length;
      if (left > 0) return;
      left = 0;
      times.push(performance.now() - sentMs);
      send();
    });
    socket.on("error", () => {
      failures++;
      resolve();
    });
  });
}

setTimeout(() => {
  times.length = 0;
}, 1000);
setTimeout(
  () => {
    isOver = true;
  },
  1000 + seconds * 1000,
);
await Promise.all(Array.from({ length: connections }, client));
process.stdout.write(
  JSON.stringify({ requestsPerSecond: Math.round(times.length / seconds), failures, ms: quantiles(times) }),
);
