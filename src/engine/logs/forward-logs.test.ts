import { type AddressInfo, createServer, type Socket } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openTestHome, type TestHome, until } from "../testing/test-home.ts";

let home: TestHome;
beforeAll(async () => {
  home = await openTestHome({ instanceId: "e57e5c" });
}, 60_000);
afterAll(() => home?.close(), 60_000);

/** A syslog server that can go and come back at its port. */
class Receiver {
  port = 0;
  text = "";
  #server = createServer();
  readonly #sockets = new Set<Socket>();

  async open(): Promise<void> {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.on("data", (chunk) => {
        this.text += chunk;
      });
    });
    await new Promise<void>((resolve) => this.#server.listen(this.port, "127.0.0.1", resolve));
    this.port = (this.#server.address() as AddressInfo).port;
  }

  close(): Promise<unknown> {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((resolve) => this.#server.close(resolve));
  }

  get lines(): string[] {
    return this.text.split("\n").flatMap((line) => /web\[\d+\]: (.*)/.exec(line)?.[1] ?? []);
  }
}

async function withReceiver(fn: (receiver: Receiver) => Promise<void>): Promise<void> {
  const receiver = new Receiver();
  await receiver.open();
  try {
    await fn(receiver);
  } finally {
    await receiver.close();
  }
}

const toSyslog = (port: number, more: Record<string, string> = {}) => ({
  hostConfig: {
    LogConfig: {
      Type: "syslog",
      Config: { "syslog-address": `tcp://127.0.0.1:${port}`, tag: "{{.Name}}", ...more },
    },
  },
  name: "web",
});
const remove = (id: string) => home.engine.removeContainer(id, { force: true });

it("hands on every line of each run, also of a long log, and keeps what docker logs reads", () =>
  withReceiver(async (receiver) => {
    const id = await home.create(["sh", "-c", "seq 1 20000; echo end >&2"], toSyslog(receiver.port));
    for (const run of [1, 2]) {
      await home.engine.startContainer(id);
      await home.engine.waitContainer(id);
      await until(() => receiver.lines.length === run * 20_001, 20_000);
    }
    expect(receiver.lines.filter((line) => line === "end")).toHaveLength(2);
    expect(receiver.lines.slice(0, 3)).toEqual(["1", "2", "3"]);
    expect((await home.output(id)).stderr).toBe("end\nend\n");
    await remove(id);
  }));

it("hands on what came while the receiver was away", () =>
  withReceiver(async (receiver) => {
    const script = "i=0; while sleep 0.05; do i=$((i+1)); echo $i; done";
    const id = await home.create(["sh", "-c", script], toSyslog(receiver.port));
    await home.engine.startContainer(id);
    await until(() => receiver.lines.length > 3);
    await receiver.close();
    await new Promise((resolve) => setTimeout(resolve, 500));
    await receiver.open();
    await until(() => receiver.lines.length > 25);
    await remove(id);
    const missing = Array.from({ length: 25 }, (_, index) => String(index + 1)).filter(
      (line) => !receiver.lines.includes(line),
    );
    // Of a connection that breaks, what was under way is not known to have come: at most the line at that time.
    expect(missing.length).toBeLessThanOrEqual(1);
  }));

it("goes on after the program was started anew, from where it was", () =>
  withReceiver(async (receiver) => {
    const script = "i=0; while sleep 0.05; do i=$((i+1)); echo $i; done";
    const id = await home.create(["sh", "-c", script], toSyslog(receiver.port));
    await home.engine.startContainer(id);
    await until(() => receiver.lines.length > 3);
    await home.reopen();
    await until(() => receiver.lines.length > 40);
    await remove(id);
    const numbers = Array.from({ length: 30 }, (_, index) => String(index + 1));
    expect(numbers.filter((line) => !receiver.lines.includes(line))).toEqual([]);
  }));

it("is needed for a start, and may keep no log of its own", () =>
  withReceiver(async (receiver) => {
    const id = await home.create(["echo", "x"], toSyslog(receiver.port, { "cache-disabled": "true" }));
    await home.engine.startContainer(id);
    await until(() => receiver.lines.length === 1);
    await expect(home.output(id)).rejects.toThrow("configured logging driver does not support reading");
    await receiver.close();
    await home.engine.waitContainer(id);
    await expect(home.engine.startContainer(id)).rejects.toThrow(
      `failed to create task for container: failed to initialize logging driver: dial tcp 127.0.0.1:${receiver.port}: connect: connection refused`,
    );
    await remove(id);
    await receiver.open();
  }));
