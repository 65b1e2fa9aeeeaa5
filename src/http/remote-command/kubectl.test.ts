import { once } from "node:events";
import { connect, createServer, type Server } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { HttpServer } from "../index.ts";
import { type Serve, startKubectl, startPodServer } from "./kubectl.test-support.ts";
import { acceptPortForward } from "./port-forward.ts";
import { acceptRemoteCommand } from "./remote-command.ts";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function serve(handler: Serve): Promise<HttpServer> {
  const server = await startPodServer(handler);
  open.push(server);
  return server;
}

const SUCCESS = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success" };
const exited = (code: number) => ({
  kind: "Status",
  apiVersion: "v1",
  metadata: {},
  status: "Failure",
  message: `command terminated with non-zero exit code: exit status ${code}`,
  reason: "NonZeroExitCode",
  details: { causes: [{ reason: "ExitCode", message: String(code) }] },
});

const seen: string[] = [];

/** A command that copies its input in capitals, complains on stderr, and exits with the code that it is given. */
const shout: Serve = async (req, socket, head, query) => {
  const wants = (name: string) => query.get(name) === "true";
  seen.push(
    `${req.headers.upgrade} ${req.headers["sec-websocket-protocol"] ?? req.headers["x-stream-protocol-version"]}`,
  );
  const streams = await acceptRemoteCommand(req, socket, head, {
    stdin: wants("stdin"),
    stdout: wants("stdout"),
    stderr: wants("stderr"),
    tty: wants("tty"),
  });
  if (streams.stdin)
    for await (const chunk of streams.stdin) streams.stdout?.write(String(chunk).toUpperCase());
  else streams.stdout?.write("no input\n");
  streams.stderr?.write("complaint\n");
  const code = Number(query.getAll("command").at(-1) ?? 0);
  await streams.finish(code === 0 ? SUCCESS : exited(code));
};

// WebSocket comes first from 1.30 on for commands, and from 1.31 on for port-forward.
describe.each([
  ["1.27", "SPDY/3.1"],
  ["1.30", "websocket"],
  ["1.33", "websocket"],
])("kubectl %s over %s", (version, upgrade) => {
  it("runs a command with input, output, errors and an exit code", async () => {
    const server = await serve(shout);
    seen.length = 0;
    const ok = startKubectl(version, server, ["exec", "-i", "web", "--", "shout", "0"], "hello\n");
    expect(await ok.done).toEqual({ code: 0, stdout: "HELLO\n", stderr: "complaint\n" });
    expect(seen[0]?.split(" ")[0]).toBe(upgrade);
    const failing = startKubectl(version, server, ["exec", "web", "--", "shout", "3"]);
    const result = await failing.done;
    expect(result).toMatchObject({ code: 3, stdout: "no input\n" });
    expect(result.stderr).toContain("complaint\ncommand terminated with exit code 3");
  });

  it("carries much data both ways without loss", async () => {
    const server = await serve(shout);
    const input = Buffer.alloc(3_000_000, "abcdefghijklmnopqrstuvwxyz\n");
    const { done } = startKubectl(version, server, ["exec", "-i", "web", "--", "shout", "0"], input);
    const { stdout, code } = await done;
    expect(code).toBe(0);
    expect(stdout.length).toBe(input.length);
    expect(stdout === input.toString().toUpperCase()).toBe(true);
  });

  it("attaches", async () => {
    const server = await serve(shout);
    const { done } = startKubectl(version, server, ["attach", "-i", "web"], "attached\n");
    expect((await done).stdout).toContain("ATTACHED\n");
  });

  it("prints a refusal", async () => {
    const { refuse } = await import("../index.ts");
    const server = await serve(async (_req, socket) => {
      const status = {
        kind: "Status",
        apiVersion: "v1",
        status: "Failure",
        reason: "Forbidden",
        code: 403,
        message: "exec is forbidden here",
      };
      refuse(socket, 403, JSON.stringify(status), "application/json");
    });
    const { code, stderr } = await startKubectl(version, server, ["exec", "web", "--", "x"]).done;
    expect(code).toBe(1);
    expect(stderr).toContain("Error from server (Forbidden): exec is forbidden here");
  });

  it("notices when kubectl is killed", async () => {
    let aborted = false;
    let started = () => {};
    const running = new Promise<void>((resolve) => {
      started = resolve;
    });
    const server = await serve(async (req, socket, head) => {
      const streams = await acceptRemoteCommand(req, socket, head, {
        stdin: true,
        stdout: true,
        stderr: true,
        tty: false,
      });
      started();
      await streams.closed;
      aborted = streams.signal.aborted;
    });
    const { child, done } = startKubectl(version, server, ["exec", "-i", "web", "--", "x"]);
    await running;
    child.kill("SIGKILL");
    await done;
    await expect.poll(() => aborted).toBe(true);
  });

  it("forwards ports: several connections at once, half-closed ones, and failures", async () => {
    const echo = await listenEcho();
    const target = (echo.address() as { port: number }).port;
    const server = await serve((req, socket, head) =>
      acceptPortForward(req, socket, head, async (port) => {
        if (port === 81) throw new Error("nobody listens on 81");
        const connection = connect(target, "127.0.0.1");
        connection.allowHalfOpen = true;
        await once(connection, "connect");
        return connection;
      }),
    );
    const { child, result, done } = startKubectl(version, server, ["port-forward", "web", ":80"]);
    await expect.poll(() => result.stdout, { timeout: 5000 }).toMatch(/127.0.0.1:(\d+)/);
    const port = Number(/127.0.0.1:(\d+)/.exec(result.stdout)![1]);
    const answers = await Promise.all(["one", "two", "x".repeat(500_000)].map((text) => ask(port, text)));
    expect(answers.map((answer) => answer.length)).toEqual([3, 3, 500_000]);
    expect(answers.slice(0, 2)).toEqual(["one", "two"]);
    child.kill("SIGINT");
    await done;

    const failing = startKubectl(version, server, ["port-forward", "web", ":81"]);
    await expect.poll(() => failing.result.stdout, { timeout: 5000 }).toMatch(/127.0.0.1:(\d+)/);
    const asking = ask(Number(/127.0.0.1:(\d+)/.exec(failing.result.stdout)![1]), "x");
    await expect.poll(() => failing.result.stderr).toContain("nobody listens on 81");
    failing.child.kill("SIGINT");
    await failing.done;
    await asking;
  });
});

/** Sends everything back, and ends only when the client has ended. */
async function listenEcho(): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => {});
    socket.pipe(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  open.push(server);
  return server;
}

async function ask(port: number, text: string): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  let answer = "";
  socket.on("data", (chunk) => {
    answer += chunk;
  });
  socket.on("error", () => {});
  socket.end(text);
  await new Promise((resolve) => socket.once("end", resolve).once("close", resolve));
  socket.destroy();
  return answer;
}
