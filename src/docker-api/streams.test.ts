import { connect } from "node:net";
import { beforeAll, describe, expect, it } from "vitest";
import { ApiClient, type CallOptions, frames } from "./testing/api-client.ts";
import { useEngineHouse } from "./testing/engine-house.ts";

const house = useEngineHouse();
const client = new ApiClient(house);

const api = (method: string, path: string, options?: CallOptions) => client.call(method, path, options);

describe("attach", () => {
  it("multiplexes, ends input on half-close, and closes at the exit", async () => {
    const id = await client.create({
      Cmd: ["sh", "-c", "cat; echo done >&2"],
      OpenStdin: true,
      StdinOnce: true,
      AttachStdin: true,
    });
    const stream = await client.upgrade(`/v1.47/containers/${id}/attach?stream=1&stdin=1&stdout=1&stderr=1`);
    expect(stream.head).toBe(
      "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\nConnection: Upgrade\r\nUpgrade: tcp",
    );
    await api("POST", `/containers/${id}/start`);
    stream.socket.write("typed\n");
    await stream.until("typed");
    stream.socket.end();
    await stream.ended;
    expect(frames(stream.received())).toEqual(["stdout:typed\n", "stderr:done\n"]);
    expect(await client.wait(id)).toBe(0);
    await client.remove(id);
  });

  it("is raw with a terminal, resizes, and detaches on its keys", async () => {
    const id = await client.create({
      Cmd: ["sh", "-c", "while read x; do stty size; done"],
      Tty: true,
      OpenStdin: true,
      AttachStdin: true,
    });
    const stream = await client.upgrade(`/containers/${id}/attach?stream=1&stdin=1&stdout=1`);
    expect(stream.head).toContain("application/vnd.docker.raw-stream");
    await api("POST", `/containers/${id}/start`);
    // The size is there when the answer is: input that follows is read with it.
    for (const columns of [77, 78, 79, 80, 81, 2000]) {
      expect((await api("POST", `/containers/${id}/resize?h=33&w=${columns}`)).status).toBe(200);
      stream.socket.write("x\n");
      await stream.until(`33 ${columns}`);
    }
    stream.socket.write("\x10\x11");
    await stream.ended;
    expect((await api("GET", `/containers/${id}/json`)).json.State.Running).toBe(true);
    await client.remove(id);
  });

  it("can start with what was logged, also without an upgrade", async () => {
    const id = await client.run({ Cmd: ["echo", "early"] });
    await client.wait(id);
    const answer = await api("POST", `/containers/${id}/attach?logs=1&stdout=1`);
    expect(answer.status).toBe(200);
    expect(frames(answer.body)).toEqual(["stdout:early\n"]);
    const upgraded = await client.upgrade(`/containers/${id}/attach?logs=1&stdout=1`);
    await upgraded.ended;
    expect(frames(upgraded.received())).toEqual(["stdout:early\n"]);
    await client.remove(id);
  });

  it("survives clients that go away", async () => {
    const id = await client.run({ Cmd: ["sh", "-c", "yes | head -c 300000; echo end"] });
    for (let n = 0; n < 3; n++) {
      const stream = await client.upgrade(`/containers/${id}/attach?stream=1&stdout=1&logs=1`);
      stream.socket.destroy();
    }
    expect(await client.wait(id)).toBe(0);
    const logs = await api("GET", `/containers/${id}/logs?stdout=1`);
    expect(frames(logs.body).join("").replaceAll("stdout:", "").length).toBe(300_004);
    await client.remove(id);
  });
});

describe("exec", () => {
  let id: string;
  beforeAll(async () => {
    id = await client.run({ Cmd: ["sleep", "1000"] });
  });

  const exec = async (body: object) =>
    (
      await api("POST", `/containers/${id}/exec`, {
        body: { AttachStdout: true, AttachStderr: true, ...body },
      })
    ).json.Id;
  const exitCode = async (execId: string) => (await api("GET", `/exec/${execId}/json`)).json.ExitCode;

  it("streams and tells the exit code", async () => {
    const execId = await exec({ Cmd: ["sh", "-c", "echo a; echo b >&2; exit 4"] });
    const stream = await client.upgrade(`/exec/${execId}/start`, '{"Detach":false,"Tty":false}');
    expect(stream.head).toMatch(/^HTTP\/1.1 101 /);
    await stream.ended;
    expect(frames(stream.received()).toSorted()).toEqual(["stderr:b\n", "stdout:a\n"]);
    expect(await exitCode(execId)).toBe(4);
  });

  it("takes input that comes with the request, until half-close", async () => {
    const execId = await exec({ Cmd: ["wc", "-c"], AttachStdin: true });
    const stream = await client.upgrade(`/exec/${execId}/start`, "{}");
    stream.socket.end("x".repeat(100_000));
    await stream.ended;
    expect(frames(stream.received())).toEqual(["stdout:100000\n"]);
  });

  it("passes much output on unharmed", async () => {
    const execId = await exec({ Cmd: ["sh", "-c", "seq 1 200000"] });
    const stream = await client.upgrade(`/exec/${execId}/start`, "{}");
    await stream.ended;
    const text = frames(stream.received())
      .map((frame) => frame.slice("stdout:".length))
      .join("");
    expect(text).toBe(Array.from({ length: 200_000 }, (_, index) => `${index + 1}\n`).join(""));
  });

  it("tells in the stream what cannot be run", async () => {
    const execId = await exec({ Cmd: ["no-such-program"] });
    const stream = await client.upgrade(`/exec/${execId}/start`, "{}");
    await stream.ended;
    expect(stream.received().toString()).toContain(
      'exec: "no-such-program": executable file not found in $PATH',
    );
    expect(await exitCode(execId)).toBe(127);
  });

  it("detaches, and works without an upgrade", async () => {
    const execId = await exec({ Cmd: ["touch", "/tmp/detached"] });
    expect((await api("POST", `/exec/${execId}/start`, { body: { Detach: true } })).status).toBe(200);
    const plain = await exec({ Cmd: ["echo", "plain"] });
    const answer = await api("POST", `/exec/${plain}/start`, { body: {} });
    expect(frames(answer.body)).toEqual(["stdout:plain\n"]);
  });

  it("refuses nonsense", async () => {
    expect((await api("POST", `/containers/${id}/exec`, { body: {} })).status).toBe(400);
    expect(
      (await api("POST", `/containers/${id}/exec`, { body: { Cmd: ["x"], DetachKeys: "ctrl-1" } })).status,
    ).toBe(400);
    expect((await api("POST", "/containers/none/exec", { body: { Cmd: ["x"] } })).status).toBe(404);
    expect((await api("GET", "/exec/none/json")).status).toBe(404);
  });
});

describe("the form of a stream", () => {
  const RAW = "application/vnd.docker.raw-stream";
  const MULTIPLEXED = "application/vnd.docker.multiplexed-stream";

  async function execIn(id: string, config: object): Promise<string> {
    const made = await client.call("POST", `/containers/${id}/exec`, {
      body: { Cmd: ["echo", "hi"], AttachStdout: true, AttachStderr: true, ...config },
    });
    return made.json.Id;
  }

  it("of an exec follows the request to start it, whatever terminal it has", async () => {
    const id = await client.run({ Cmd: ["sleep", "60"] });
    for (const [terminal, asked, output] of [
      [false, false, ["stdout:hi\n"]],
      [true, false, ["stdout:hi\r\n"]],
      [false, true, "hi\n"],
      [true, true, "hi\r\n"],
    ] as const) {
      const exec = await execIn(id, { Tty: terminal });
      const stream = await client.upgrade(`/exec/${exec}/start`, JSON.stringify({ Tty: asked }));
      expect(stream.head).toContain(`Content-Type: ${asked ? RAW : MULTIPLEXED}`);
      await stream.ended;
      const bytes = stream.received();
      expect(asked ? bytes.toString() : frames(bytes)).toEqual(output);
    }
    await client.remove(id);
  });

  it("is told in its type since 1.42, and only to those who asked for an upgrade", async () => {
    const id = await client.run({ Cmd: ["sleep", "60"] });
    const old = await client.upgrade(`/v1.41/exec/${await execIn(id, {})}/start`, "{}");
    expect(old.head).toContain(`Content-Type: ${RAW}`);
    const plain = await client.call("POST", `/exec/${await execIn(id, {})}/start`, { body: {} });
    expect([plain.headers["content-type"], frames(plain.body)]).toEqual([RAW, ["stdout:hi\n"]]);
    const logs = async (minor: number) =>
      (await client.call("GET", `/v1.${minor}/containers/${id}/logs?stdout=1`)).headers["content-type"];
    expect([await logs(41), await logs(42)]).toEqual([RAW, MULTIPLEXED]);
    await client.remove(id);
  });

  it("is none for an exec that is detached, though an upgrade was asked for", async () => {
    const id = await client.run({ Cmd: ["sleep", "60"] });
    const exec = await execIn(id, {});
    const answer = await client.upgrade(`/exec/${exec}/start`, '{"Detach":true}');
    expect(answer.head).toMatch(/^HTTP\/1.1 200 OK/);
    await client.remove(id);
  });

  it("gives a terminal its first size with the start", async () => {
    const id = await client.run({ Cmd: ["sleep", "60"] });
    // The runtime gives it to a terminal that is there already.
    const script = 'until [ "$(stty size 2>/dev/null)" = "33 44" ]; do :; done; echo sized';
    const exec = await execIn(id, { Cmd: ["sh", "-c", script], Tty: true });
    const stream = await client.upgrade(
      `/exec/${exec}/start`,
      JSON.stringify({ Tty: true, ConsoleSize: [33, 44] }),
    );
    await stream.ended;
    expect(stream.received().toString()).toBe("sized\r\n");
    await client.remove(id);
  });

  it("comes behind the answer, not in one piece with it, when only what was logged is asked for", async () => {
    const id = await client.run({ Cmd: ["echo", "hi"] });
    await client.wait(id);
    const pieces: string[] = [];
    const socket = connect({ path: house.socketPath });
    socket.on("data", (chunk) => pieces.push(chunk.toString("latin1")));
    socket.write(
      `POST /containers/${id}/attach?logs=1&stream=0&stdout=1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n`,
    );
    await new Promise((resolve) => socket.on("close", resolve));
    expect(pieces[0]).toMatch(/^HTTP\/1.1 101 UPGRADED\r\n.*\r\n\r\n$/s);
    expect(frames(Buffer.from(pieces.slice(1).join(""), "latin1"))).toEqual(["stdout:hi\n"]);
    await client.remove(id);
  });
});
