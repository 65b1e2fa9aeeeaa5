import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import {
  archiveOf,
  busyboxArchive,
  type CallOptions,
  call,
  type EngineHouse,
  openEngineHouse,
} from "./testing/engine-house.ts";

let house: EngineHouse;

beforeAll(async () => {
  house = await openEngineHouse();
  await house.images.importRootfs(busyboxArchive(), { reference: "busybox", config: { Cmd: ["sh"] } });
}, 20_000);

afterAll(() => house.close(), 20_000);

const api = (method: string, path: string, options?: CallOptions) => call(house, method, path, options);

async function create(body: object, query = ""): Promise<string> {
  const answer = await api("POST", `/v1.47/containers/create${query}`, {
    body: { Image: "busybox", ...body },
  });
  expect(answer.text).toContain("Id");
  return answer.json.Id;
}

async function run(body: object, query = ""): Promise<string> {
  const id = await create(body, query);
  expect((await api("POST", `/containers/${id}/start`)).status).toBe(204);
  return id;
}

const waitFor = async (id: string) => (await api("POST", `/containers/${id}/wait`)).json.StatusCode;
const remove = (id: string) => api("DELETE", `/containers/${id}?force=1&v=1`);

/** Frames of a multiplexed stream as `stdout:text`. */
function frames(bytes: Buffer): string[] {
  const found: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at + 4);
    found.push(
      `${["stdin", "stdout", "stderr"][bytes[at]!]}:${bytes.toString("utf8", at + 8, at + 8 + length)}`,
    );
    at += 8 + length;
  }
  return found;
}

/** An upgraded connection: what came after the 101, as it comes. */
async function upgrade(
  path: string,
  body = "",
): Promise<{
  socket: Socket;
  head: string;
  received(): Buffer;
  ended: Promise<void>;
  until(text: string): Promise<void>;
}> {
  const socket = connect({ path: house.socketPath, allowHalfOpen: true });
  let bytes = Buffer.alloc(0);
  let tell = () => {};
  socket.on("data", (chunk) => {
    bytes = Buffer.concat([bytes, chunk]);
    tell();
  });
  const ended = new Promise<void>((resolve) => {
    socket.on("end", resolve);
    socket.on("close", () => resolve());
    socket.on("error", () => resolve());
  });
  let isOver = false;
  void ended.then(() => {
    isOver = true;
    tell();
  });
  const waitUntil = async (holds: () => boolean) => {
    while (!holds() && !isOver)
      await new Promise<void>((resolve) => {
        tell = resolve;
      });
  };
  socket.write(
    `POST ${path} HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  await waitUntil(() => bytes.includes("\r\n\r\n"));
  const split = bytes.indexOf("\r\n\r\n");
  const head = bytes.toString("latin1", 0, split);
  bytes = bytes.subarray(split + 4);
  return {
    socket,
    head,
    ended,
    received: () => bytes,
    until: (text) => waitUntil(() => bytes.includes(text)),
  };
}

describe("system", () => {
  it("answers the ping with what clients look for", async () => {
    for (const method of ["GET", "HEAD"]) {
      const answer = await api(method, "/_ping");
      expect(answer.status).toBe(200);
      expect(answer.text).toBe(method === "GET" ? "OK" : "");
      expect(answer.headers).toMatchObject({
        "api-version": "1.47",
        "docker-experimental": "false",
        ostype: "linux",
        "builder-version": "1",
        server: "Docker/0.0.0 (linux)",
        "cache-control": "no-cache, no-store, must-revalidate",
      });
    }
  });

  it("tells version and info", async () => {
    expect((await api("GET", "/version")).json).toMatchObject({
      ApiVersion: "1.47",
      MinAPIVersion: "1.24",
      Os: "linux",
    });
    expect((await api("GET", "/v1.24/info")).json).toMatchObject({
      Images: 1,
      Swarm: { LocalNodeState: "inactive" },
    });
    expect((await api("GET", "/system/df")).json.Images).toHaveLength(1);
  });

  it.each([
    ["GET", "/nothing", 404, "page not found"],
    ["GET", "/v1.99/info", 400, "client version 1.99 is too new"],
    ["GET", "/containers/none/json", 404, "No such container: none"],
    ["GET", "/images/none/json", 404, "No such image: none:latest"],
    ["GET", "/networks/missing", 404, "network missing not found"],
    ["GET", "/volumes/none", 404, "no such volume"],
    ["GET", "/swarm", 503, "This node is not a swarm manager."],
    ["GET", "/nodes", 503, "This node is not a swarm manager."],
    ["GET", "/images/search?term=x", 501, "searching a registry is not supported"],
    ["GET", "/containers/json?filters=%7B", 400, "invalid filter"],
    ["GET", "/images/json?filters=%7B%22nope%22%3A%5B%22x%22%5D%7D", 400, "invalid filter 'nope'"],
    ["POST", "/containers/create", 400, "got EOF while reading request body"],
    ["POST", "/build?version=2", 501, "BuildKit is not supported"],
    ["POST", "/auth", 501, "not supported"],
  ])("%s %s", async (method, path, status, message) => {
    const answer = await api(method, path);
    expect([answer.status, answer.json.message]).toEqual([status, expect.stringContaining(message)]);
  });
});

describe("bad input", () => {
  it.each<[string, CallOptions["body"], string]>([
    ["garbage", "{", "invalid JSON"],
    ["an array", "[]", "must be an object"],
    ["wrong kinds", { Image: 5 }, "cannot unmarshal number into Go struct field Config.Image of type string"],
    ["wrong lists", { Image: "busybox", Cmd: [1] }, "Config.Cmd of type []string"],
    [
      "wrong host configuration",
      { Image: "busybox", HostConfig: { Memory: "1g" } },
      "HostConfig.Memory of type int64",
    ],
    ["a prototype", '{"__proto__":{}}', "__proto__"],
    ["a deep one", `{"Labels":${"[".repeat(5000)}${"]".repeat(5000)}}`, "nested too deeply"],
  ])("%s is refused", async (_, body, message) => {
    const answer = await api("POST", "/containers/create", { body });
    expect([answer.status, answer.json.message]).toEqual([400, expect.stringContaining(message)]);
  });

  it("cannot reach what is internal", async () => {
    const id = await create({ internal: { owner: "cri", mounts: [{ source: "/etc", target: "/host" }] } });
    expect((await api("GET", "/containers/json?all=1")).json.map((row: { Id: string }) => row.Id)).toContain(
      id,
    );
    await remove(id);
  });

  it("that is too large is refused early", async () => {
    const answer = await api("POST", "/containers/create", {
      body: "x",
      headers: { "content-length": String(1e9) },
    }).catch(() => undefined);
    expect(answer?.status ?? 413).toBe(413);
  });

  it("cut off or malformed does no harm", async () => {
    for (const text of [
      "GET / HT",
      "\0\0\0\0",
      "POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
      "GET /_ping HTTP/1.1\r\n\r\n",
    ]) {
      const socket = connect(house.socketPath);
      socket.write(text);
      socket.end();
      await new Promise((resolve) => socket.on("close", resolve).resume());
    }
    expect((await api("GET", "/_ping")).status).toBe(200);
  });

  it("from web pages is refused", async () => {
    const forbidden = [
      { origin: "http://evil.test" },
      { "sec-fetch-site": "cross-site" },
      { host: "evil.test" },
      { host: "evil.test:2375" },
    ];
    for (const headers of forbidden) {
      expect((await api("GET", "/_ping", { tcp: true, headers: headers as never })).status).toBe(403);
    }
    for (const headers of [{}, { host: "localhost:1" }, { host: "[::1]:2" }, { host: "10.0.0.1" }]) {
      expect((await api("GET", "/_ping", { tcp: true, headers: headers as never })).status).toBe(200);
    }
  });

  it("on an upgrade gets an error and a closed connection", async () => {
    for (const [path, expected] of [
      ["/containers/none/attach?stream=1", "404"],
      ["/exec/none/start", "404"],
      ["/session", "404"],
      ["/v1.99/exec/x/start", "400"],
    ]) {
      const { head, ended } = await upgrade(path!, "{}");
      expect(head).toMatch(new RegExp(`^HTTP/1.1 ${expected} `));
      await ended;
    }
    const { head, ended } = await upgrade("/exec/none/start", "{nonsense");
    expect(head).toMatch(/^HTTP\/1.1 400 /);
    await ended;
  });
});

describe("containers", () => {
  it("run, log, and tell their exit", async () => {
    const id = await run({ Cmd: ["sh", "-c", "echo out; echo err >&2; exit 3"] });
    expect(await waitFor(id)).toBe(3);
    const logs = await api("GET", `/containers/${id}/logs?stdout=1&stderr=1`);
    expect(logs.headers["content-type"]).toBe("application/vnd.docker.multiplexed-stream");
    expect(frames(logs.body).toSorted()).toEqual(["stderr:err\n", "stdout:out\n"]);
    const stamped = frames((await api("GET", `/containers/${id}/logs?stdout=1&timestamps=1`)).body);
    expect(stamped).toEqual([expect.stringMatching(/^stdout:\d{4}-\d\d-\d\dT[\d:.]+Z out\n$/)]);
    expect((await api("GET", `/containers/${id}/logs`)).status).toBe(400);
    expect((await api("POST", `/containers/${id}/start?x=1`)).status).toBe(204);
    await remove(id);
  });

  it("answer as Docker does when nothing changes or cannot", async () => {
    const id = await run({ Cmd: ["sleep", "100"] }, "?name=steady");
    expect((await api("POST", `/containers/${id}/start`)).status).toBe(304);
    expect((await api("POST", "/containers/create?name=steady", { body: { Image: "busybox" } })).status).toBe(
      409,
    );
    expect((await api("DELETE", `/containers/${id}`)).status).toBe(409);
    expect((await api("POST", `/containers/${id}/resize?h=a&w=1`)).status).toBe(400);
    expect((await api("POST", `/containers/${id}/stop?t=0`)).status).toBe(204);
    expect((await api("POST", `/containers/${id}/stop`)).status).toBe(304);
    expect((await api("POST", `/containers/${id}/kill`)).status).toBe(409);
    expect((await remove(id)).status).toBe(204);
  });

  it("are waited for before they start", async () => {
    const id = await create({ Cmd: ["true"] });
    const waiting = api("POST", `/containers/${id}/wait?condition=next-exit`);
    await api("POST", `/containers/${id}/start`);
    expect((await waiting).json).toEqual({ StatusCode: 0 });
    expect((await api("POST", `/containers/${id}/wait?condition=nonsense`)).status).toBe(400);
    await remove(id);
  });

  it("take and give archives", async () => {
    const id = await create({ Cmd: ["cat", "/tmp/f"] });
    const put = await api("PUT", `/containers/${id}/archive?path=/tmp`, {
      body: await archiveOf({ f: "copied" }),
    });
    expect(put.status).toBe(200);
    const head = await api("HEAD", `/containers/${id}/archive?path=/tmp/f`);
    const stat = JSON.parse(
      Buffer.from(String(head.headers["x-docker-container-path-stat"]), "base64").toString(),
    );
    expect(stat).toMatchObject({ name: "f", size: 6 });
    const got = await api("GET", `/containers/${id}/archive?path=/tmp/f`);
    expect(got.headers["content-type"]).toBe("application/x-tar");
    expect(got.body.includes("copied")).toBe(true);
    expect((await api("GET", `/containers/${id}/archive?path=/none`)).status).toBe(404);
    expect((await api("GET", `/containers/${id}/archive`)).status).toBe(400);
    expect(
      (await api("PUT", `/containers/${id}/archive?path=/tmp`, { body: Buffer.alloc(2000, "x") })).status,
    ).toBe(400);
    await api("POST", `/containers/${id}/start`);
    expect(await waitFor(id)).toBe(0);
    await remove(id);
  });

  it("show figures and processes", async () => {
    const id = await run({ Cmd: ["sleep", "100"] });
    const stats = (await api("GET", `/containers/${id}/stats?stream=0&one-shot=1`)).json;
    expect(stats).toMatchObject({ id, cpu_stats: { cpu_usage: { total_usage: expect.any(Number) } } });
    expect(stats.pids_stats.current).toBeGreaterThan(0);
    expect((await api("GET", `/containers/${id}/top`)).json.Processes).toHaveLength(1);
    await remove(id);
  });

  it("become images", async () => {
    const id = await run({ Cmd: ["touch", "/made"] });
    await waitFor(id);
    expect((await api("GET", `/containers/${id}/changes`)).json).toContainEqual({ Path: "/made", Kind: 1 });
    const query = `container=${id}&repo=kept&tag=1&comment=c&changes=${encodeURIComponent('CMD ["ls","/made"]')}`;
    const commit = await api("POST", `/commit?${query}`, { body: { Env: ["A=1"] } });
    expect(commit.status).toBe(201);
    const image = (await api("GET", "/images/kept:1/json")).json;
    expect(image).toMatchObject({
      Id: commit.json.Id,
      RepoTags: ["kept:1"],
      Config: { Cmd: ["ls", "/made"] },
    });
    expect(image.Config.Env).toContain("A=1");
    await remove(id);
  });
});

describe("attach", () => {
  it("multiplexes, ends input on half-close, and closes at the exit", async () => {
    const id = await create({
      Cmd: ["sh", "-c", "cat; echo done >&2"],
      OpenStdin: true,
      StdinOnce: true,
      AttachStdin: true,
    });
    const stream = await upgrade(`/v1.47/containers/${id}/attach?stream=1&stdin=1&stdout=1&stderr=1`);
    expect(stream.head).toBe(
      "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\nConnection: Upgrade\r\nUpgrade: tcp",
    );
    await api("POST", `/containers/${id}/start`);
    stream.socket.write("typed\n");
    await stream.until("typed");
    stream.socket.end();
    await stream.ended;
    expect(frames(stream.received())).toEqual(["stdout:typed\n", "stderr:done\n"]);
    expect(await waitFor(id)).toBe(0);
    await remove(id);
  });

  it("is raw with a terminal, resizes, and detaches on its keys", async () => {
    const id = await create({
      Cmd: ["sh", "-c", "read x; stty size; sleep 100"],
      Tty: true,
      OpenStdin: true,
      AttachStdin: true,
    });
    const stream = await upgrade(`/containers/${id}/attach?stream=1&stdin=1&stdout=1`);
    expect(stream.head).toContain("application/vnd.docker.raw-stream");
    await api("POST", `/containers/${id}/start`);
    expect((await api("POST", `/containers/${id}/resize?h=33&w=77`)).status).toBe(200);
    stream.socket.write("x\n");
    await stream.until("33 77");
    stream.socket.write("\x10\x11");
    await stream.ended;
    expect((await api("GET", `/containers/${id}/json`)).json.State.Running).toBe(true);
    await remove(id);
  });

  it("can start with what was logged, also without an upgrade", async () => {
    const id = await run({ Cmd: ["echo", "early"] });
    await waitFor(id);
    const answer = await api("POST", `/containers/${id}/attach?logs=1&stdout=1`);
    expect(answer.status).toBe(200);
    expect(frames(answer.body)).toEqual(["stdout:early\n"]);
    const upgraded = await upgrade(`/containers/${id}/attach?logs=1&stdout=1`);
    await upgraded.ended;
    expect(frames(upgraded.received())).toEqual(["stdout:early\n"]);
    await remove(id);
  });

  it("survives clients that go away", async () => {
    const id = await run({ Cmd: ["sh", "-c", "yes | head -c 300000; echo end"] });
    for (let n = 0; n < 3; n++) {
      const stream = await upgrade(`/containers/${id}/attach?stream=1&stdout=1&logs=1`);
      stream.socket.destroy();
    }
    expect(await waitFor(id)).toBe(0);
    const logs = await api("GET", `/containers/${id}/logs?stdout=1`);
    expect(frames(logs.body).join("").replaceAll("stdout:", "").length).toBe(300_004);
    await remove(id);
  });
});

describe("exec", () => {
  let id: string;
  beforeAll(async () => {
    id = await run({ Cmd: ["sleep", "1000"] });
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
    const stream = await upgrade(`/exec/${execId}/start`, '{"Detach":false,"Tty":false}');
    expect(stream.head).toMatch(/^HTTP\/1.1 101 /);
    await stream.ended;
    expect(frames(stream.received()).toSorted()).toEqual(["stderr:b\n", "stdout:a\n"]);
    expect(await exitCode(execId)).toBe(4);
  });

  it("takes input that comes with the request, until half-close", async () => {
    const execId = await exec({ Cmd: ["wc", "-c"], AttachStdin: true });
    const stream = await upgrade(`/exec/${execId}/start`, "{}");
    stream.socket.end("x".repeat(100_000));
    await stream.ended;
    expect(frames(stream.received())).toEqual(["stdout:100000\n"]);
  });

  it("passes much output on unharmed", async () => {
    const execId = await exec({ Cmd: ["sh", "-c", "seq 1 200000"] });
    const stream = await upgrade(`/exec/${execId}/start`, "{}");
    await stream.ended;
    const text = frames(stream.received())
      .map((frame) => frame.slice("stdout:".length))
      .join("");
    expect(text).toBe(Array.from({ length: 200_000 }, (_, index) => `${index + 1}\n`).join(""));
  });

  it("tells in the stream what cannot be run", async () => {
    const execId = await exec({ Cmd: ["no-such-program"] });
    const stream = await upgrade(`/exec/${execId}/start`, "{}");
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

describe("images", () => {
  it("are listed, tagged, shown, saved, loaded and removed", async () => {
    expect((await api("POST", "/images/busybox/tag?repo=127.0.0.1:5000/shop/web&tag=1")).status).toBe(201);
    const name = "127.0.0.1:5000/shop/web:1";
    expect((await api("GET", `/images/${name}/json`)).json.RepoTags).toContain(name);
    expect((await api("GET", `/images/${name}/history`)).json[0].Tags).toContain(name);
    const reference = encodeURIComponent(JSON.stringify({ reference: ["127.0.0.1:5000/shop/*"] }));
    expect((await api("GET", `/images/json?filters=${reference}`)).json).toMatchObject([
      { RepoTags: [name] },
    ]);
    const saved = await api("GET", `/images/get?names=${name}`);
    expect(saved.headers["content-type"]).toBe("application/x-tar");
    expect((await api("DELETE", `/images/${name}`)).json).toEqual([{ Untagged: name }]);
    const loaded = await api("POST", "/images/load?quiet=1", { body: saved.body });
    expect(loaded.text).toContain(`Loaded image: ${name}\\n`);
    await api("DELETE", `/images/${name}`);
    expect((await api("GET", `/images/${name}/json`)).status).toBe(404);
  });

  it("are imported with changes", async () => {
    const changes = encodeURIComponent("ENV A=1");
    const imported = await api(
      "POST",
      `/images/create?fromSrc=-&repo=imported&tag=2&changes=${changes}&message=m`,
      {
        body: await archiveOf({ file: "x" }),
      },
    );
    expect(imported.json.status).toMatch(/^sha256:/);
    expect((await api("GET", "/images/imported:2/json")).json).toMatchObject({
      Config: { Env: ["A=1"] },
      Comment: "m",
    });
    expect(
      (await api("POST", "/images/create?fromSrc=-&repo=bad", { body: "garbage".repeat(200) })).status,
    ).toBe(400);
  });

  it("in use are kept", async () => {
    const id = await run({ Cmd: ["sleep", "100"] });
    const answer = await api("DELETE", "/images/busybox");
    expect([answer.status, answer.json.message]).toEqual([409, expect.stringContaining("container")]);
    await remove(id);
  });
});

describe("build", () => {
  const build = async (files: Record<string, string>, query = "") => {
    const answer = await api("POST", `/build?${query}`, {
      body: await archiveOf(files),
      headers: { "content-type": "application/x-tar" },
    });
    const messages =
      answer.status === 200
        ? answer.text
            .trim()
            .split("\r\n")
            .map((line) => JSON.parse(line))
        : [];
    return { answer, messages, text: messages.map((message) => message.stream ?? "").join("") };
  };

  it("runs steps in containers and tells about them", async () => {
    const { messages, text } = await build(
      {
        Dockerfile:
          'FROM busybox\nARG WHO\nRUN echo hello $WHO; id -u > /uid\nUSER 5\nRUN id -u\nCMD ["cat", "/uid"]',
      },
      `t=built&buildargs=${encodeURIComponent('{"WHO":"you"}')}`,
    );
    expect(text).toMatch(
      /Step 3\/6 : RUN echo hello \$WHO; id -u > \/uid\n ---> Running in [0-9a-f]{12}\nhello you\n ---> Removed intermediate container/,
    );
    expect(text).toContain("Step 5/6 : RUN id -u\n");
    expect(text).toMatch(/\n5\n/);
    expect(text).toContain("Successfully tagged built:latest\n");
    expect(messages.find((message) => message.aux)?.aux.ID).toMatch(/^sha256:/);
    const id = await run({ Image: "built" });
    expect(await waitFor(id)).toBe(0);
    expect(frames((await api("GET", `/containers/${id}/logs?stdout=1`)).body)).toEqual(["stdout:0\n"]);
    await remove(id);
    expect(
      (await api("GET", "/containers/json?all=1")).json.filter((row: { Command: string }) =>
        row.Command.includes("id -u"),
      ),
    ).toEqual([]);
  });

  it("fails in the stream, with the step's exit code", async () => {
    const { messages } = await build({ Dockerfile: "FROM busybox\nRUN exit 7" }, "forcerm=1");
    const message = "The command '/bin/sh -c exit 7' returned a non-zero code: 7";
    expect(messages.at(-1)).toEqual({ errorDetail: { code: 7, message }, error: message });
  });

  it("fails before the stream with a status", async () => {
    const { answer } = await build({ Dockerfile: "FORM x" });
    expect([answer.status, answer.json.message]).toEqual([
      400,
      "dockerfile parse error on line 1: unknown instruction: FORM (did you mean FROM?)",
    ]);
    const garbage = await api("POST", "/build", { body: Buffer.alloc(4000, "z") });
    expect([garbage.status, garbage.json.message]).toEqual([
      400,
      expect.stringContaining("Error processing tar file"),
    ]);
    expect((await api("POST", "/build?buildargs=%5B", { body: "" })).status).toBe(400);
  });

  it("is quiet when asked", async () => {
    const { messages } = await build({ Dockerfile: "FROM busybox\nLABEL q=1" }, "q=1");
    expect(messages).toEqual([{ stream: expect.stringMatching(/^sha256:[0-9a-f]{64}\n$/) }]);
  });
});

describe("networks and volumes", () => {
  it("come and go", async () => {
    const created = await api("POST", "/networks/create", {
      body: { Name: "n1", IPAM: { Config: [{ Subnet: "10.123.45.0/24" }] }, Labels: { a: "b" } },
    });
    expect(created.status).toBe(201);
    expect((await api("GET", "/networks/n1")).json).toMatchObject({
      Name: "n1",
      IPAM: { Config: [{ Subnet: "10.123.45.0/24" }] },
    });
    const filter = encodeURIComponent('{"type":["custom"]}');
    expect((await api("GET", `/networks?filters=${filter}`)).json).toHaveLength(1);
    expect((await api("POST", "/networks/create", { body: { Name: "n1" } })).status).toBe(409);
    expect((await api("POST", "/networks/create", { body: { Name: "n6", EnableIPv6: true } })).status).toBe(
      501,
    );
    expect((await api("POST", "/networks/prune")).json.NetworksDeleted).toEqual(["n1"]);

    expect((await api("POST", "/volumes/create", { body: { Name: "v1" } })).json.Name).toBe("v1");
    expect((await api("GET", "/volumes")).json.Volumes).toMatchObject([{ Name: "v1" }]);
    expect((await api("DELETE", "/volumes/v1")).status).toBe(204);
  });
});

it("streams events", async () => {
  const since = Math.floor(Date.now() / 1000) - 1;
  const id = await run({ Cmd: ["true"] });
  await waitFor(id);
  await remove(id);
  const filter = encodeURIComponent(JSON.stringify({ container: [id] }));
  const { text } = await api("GET", `/events?since=${since}&until=${since + 3}&filters=${filter}`);
  const actions = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))
    .filter((event) => event.Type === "container");
  expect(actions.map((event) => event.Action)).toEqual(
    expect.arrayContaining(["create", "start", "die", "destroy"]),
  );
  expect(actions[0]).toMatchObject({ id, status: "create", from: "busybox" });
});
