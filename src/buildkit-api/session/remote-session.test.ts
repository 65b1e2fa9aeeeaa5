import { constants } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { GantryError, silentLogger, systemClock } from "../../base/index.ts";
import type { FileEntry } from "../../build/index.ts";
import { bidirectional, GrpcCode, GrpcError, type GrpcHandler, GrpcServer, unary } from "../grpc/index.ts";
import { socketPair } from "../grpc/socket-pair.test-support.ts";
import * as messages from "../messages/session-messages.ts";
import { ClientSessions } from "./client-sessions.ts";
import { statOf } from "./file-entries.ts";
import { goModeOf, linuxModeOf } from "./file-mode.ts";

const { PacketType } = messages;
const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

function entry(path: string, kind: number, rest: Partial<FileEntry> = {}): FileEntry {
  return {
    path,
    mode: kind | 0o644,
    uid: 1,
    gid: 2,
    sizeBytes: 0,
    mtimeNs: 1_764_500_000_123_456_789n,
    linkName: "",
    deviceMajor: 0,
    deviceMinor: 0,
    xattrs: {},
    ...rest,
  };
}

const { S_IFDIR, S_IFLNK, S_IFREG } = constants;
const TREE = [
  entry("a", S_IFREG, { sizeBytes: 3 }),
  entry("b", S_IFDIR),
  entry("b/deep", S_IFREG, { sizeBytes: 300_000 }),
  entry("b.txt", S_IFLNK, { linkName: "a" }),
  entry("c", S_IFREG, { linkName: "a" }),
];
const CONTENT: Record<string, Buffer> = { a: Buffer.from("one"), "b/deep": Buffer.alloc(300_000, "x") };
const never = new AbortController().signal;

/** What a client does with a FileSync call: sends entries, and files as they are asked for. */
function fileSender(entries: readonly FileEntry[], seen: { metadata?: unknown } = {}): GrpcHandler {
  return bidirectional(messages.FILE_SYNC, async (requests, send, { metadata }) => {
    seen.metadata = metadata;
    if (metadata["dir-name"]?.[0] === "none")
      throw new GrpcError(GrpcCode.NOT_FOUND, 'no access allowed to dir "none"');
    for (const one of entries) await send({ type: PacketType.STAT, stat: statOf(one) });
    await send({ type: PacketType.STAT });
    for await (const { type, id } of requests) {
      if (type === PacketType.FIN) {
        await send({ type: PacketType.FIN });
        return;
      }
      const content = CONTENT[entries[id]!.path]!;
      for (let at = 0; at < content.length; at += 32_768)
        await send({ type: PacketType.DATA, id, data: content.subarray(at, at + 32_768) });
      await send({ type: PacketType.DATA, id });
    }
  });
}

async function sessionWith(handlers: readonly GrpcHandler[]) {
  const [near, far] = await socketPair();
  const client = new GrpcServer({
    handlers,
    clock: systemClock,
    logger: silentLogger,
    toGrpcError: (error) =>
      error instanceof GrpcError ? error : new GrpcError(GrpcCode.UNKNOWN, String(error)),
  });
  const sessions = new ClientSessions(systemClock);
  const headers = { "x-docker-expose-session-uuid": "s1", "x-docker-expose-session-sharedkey": "key" };
  const ended = sessions.serve(
    headers,
    handlers.map(({ path }) => path),
    near,
  );
  void client.serve(far);
  cleanUps.push(
    () => sessions.close(),
    () => client.close(),
  );
  return { session: await sessions.get("s1"), sessions, far, ended };
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const request = { name: "context", includePatterns: [], excludePatterns: [], followPaths: [] };

describe("a client's session", () => {
  it("receives a directory: entries as they are, and contents that are asked for", async () => {
    const seen: { metadata?: Record<string, string[]> } = {};
    const { session } = await sessionWith([fileSender(TREE, seen)]);
    const patterns = { excludePatterns: ["a,b", "né"], followPaths: ["x", "y"] };
    const sync = await session.openFiles({ ...request, ...patterns }, never);
    const entries = await all(sync.entries());
    expect(entries.map(({ xattrs: _, ...rest }) => rest)).toEqual(TREE.map(({ xattrs: _, ...rest }) => rest));
    const [deep, a] = await Promise.all(["b/deep", "a"].map((path) => all(sync.read(path))));
    expect(Buffer.concat(deep!).equals(CONTENT["b/deep"]!)).toBe(true);
    expect(Buffer.concat(a!).toString()).toBe("one");
    await expect(all(sync.read("a"))).rejects.toThrow("invalid file request a");
    await sync.close();
    expect(seen.metadata).toMatchObject({
      "dir-name": ["context"],
      "exclude-patterns-encoded": ["1"],
      "exclude-patterns": ["a%2Cb", "n%C3%A9"],
      followpaths: ["x", "y"],
    });
  });

  it("tells that there is no such directory", async () => {
    const { session } = await sessionWith([fileSender(TREE)]);
    const opening = session.openFiles({ ...request, name: "none" }, never);
    await expect(opening).rejects.toThrow(GantryError);
    await expect(opening).rejects.toMatchObject({
      kind: "NotFound",
      message: 'no access allowed to dir "none"',
    });
  });

  it.each([
    ["a path that leads out", [entry("../x", S_IFREG)], "invalid path"],
    ["an absolute path", [entry("/x", S_IFREG)], "invalid path"],
    ["a path twice", [entry("x", S_IFREG), entry("x", S_IFREG)], "out of order"],
    ["a child before its parent", [entry("x/y", S_IFREG)], "out of order"],
    ["a child of a file", [entry("x", S_IFREG), entry("x/y", S_IFREG)], "out of order"],
    ["a child of a link", [entry("x", S_IFLNK, { linkName: "/" }), entry("x/y", S_IFREG)], "out of order"],
    ["a hard link to what was not sent", [entry("x", S_IFREG, { linkName: "/etc/shadow" })], "hardlink"],
    ["wrong order", [entry("b", S_IFREG), entry("a", S_IFREG)], "out of order"],
  ])("refuses %s from a hostile client", async (_what, entries, message) => {
    const { session } = await sessionWith([fileSender(entries)]);
    const received = async () => all((await session.openFiles(request, never)).entries());
    await expect(received()).rejects.toThrow(message);
  });

  it("sends a directory to the client, with the files it asks for", async () => {
    const received: { path: string; content: string }[] = [];
    const receiver = bidirectional(messages.SEND_TREE, async (packets, send, { metadata }) => {
      expect(metadata["buildkit-attachable-exporter-id"]).toEqual(["3"]);
      const paths: string[] = [];
      for await (const { type, stat, id, data } of packets) {
        if (type === PacketType.STAT && stat) {
          paths.push(stat.path);
          if (stat.path === "b/deep") await send({ type: PacketType.REQ, id: paths.length - 1 });
        } else if (type === PacketType.DATA && data.length > 0) {
          received.push({ path: paths[id]!, content: Buffer.from(data).toString() });
        } else if (type === PacketType.DATA) await send({ type: PacketType.FIN });
        else if (type === PacketType.FIN) return;
      }
    });
    const { session } = await sessionWith([receiver]);
    const entries = async function* () {
      yield* TREE;
    };
    const read = async function* (path: string) {
      yield CONTENT[path]!;
    };
    await session.sendTree(3, {}, entries(), read, never);
    expect(received.every(({ path }) => path === "b/deep")).toBe(true);
    expect(received.map(({ content }) => content).join("")).toBe(CONTENT["b/deep"]!.toString());
  });

  it("sends one file, and hears of a client that does not take it", async () => {
    const got: Buffer[] = [];
    const receiver = bidirectional(messages.SEND_FILE, async (pieces, _send, { metadata }) => {
      if (metadata["exporter-md-refuse"])
        throw new GrpcError(GrpcCode.ALREADY_EXISTS, "target already exists");
      for await (const { data } of pieces) got.push(Buffer.from(data));
    });
    const { session } = await sessionWith([receiver]);
    const content = async function* () {
      for (let at = 0; at < 40; at++) yield Buffer.alloc(100_000, at);
    };
    await session.sendFile(0, {}, content(), never);
    expect(Buffer.concat(got).equals(Buffer.concat(await all(content())))).toBe(true);
    await expect(session.sendFile(0, { refuse: "1" }, content(), never)).rejects.toMatchObject({
      kind: "AlreadyExists",
      message: "target already exists",
    });
  });

  it("gives secrets, credentials and agents, and undefined for what the client has not", async () => {
    const { session } = await sessionWith([
      unary(messages.GET_SECRET, async ({ id }) => {
        if (id !== "token") throw new GrpcError(GrpcCode.NOT_FOUND, `secret ${id} not found`);
        return { data: Buffer.from("s3cret") };
      }),
      unary(messages.CREDENTIALS, async ({ host }) =>
        host === "registry-1.docker.io"
          ? { username: "u", secret: "p" }
          : host === "t"
            ? { secret: "tok" }
            : {},
      ),
      unary(messages.CHECK_AGENT, async ({ id }) => {
        if (id !== "default") throw new Error(`unset ssh forward key ${id}`);
        return {};
      }),
      bidirectional(messages.FORWARD_AGENT, async (pieces, send) => {
        for await (const { data } of pieces) await send({ data: Buffer.from(data).reverse() });
      }),
    ]);
    expect((await session.secret("token"))?.toString()).toBe("s3cret");
    expect(await session.secret("other")).toBeUndefined();
    expect(await session.credentials("docker.io")).toEqual({ username: "u", password: "p" });
    expect(await session.credentials("t")).toEqual({ identityToken: "tok" });
    expect(await session.credentials("nobody")).toBeUndefined();
    expect(await session.sshAgent("other")).toBeUndefined();
    const connect = await session.sshAgent("");
    const connection = await connect!();
    connection.write(Buffer.from("abc"));
    const [first] = await all(
      (async function* () {
        for await (const chunk of connection) {
          yield String(chunk);
          return;
        }
      })(),
    );
    expect(first).toBe("cba");
  });

  it("is waited for, is there once, and ends with its connection", async () => {
    const { session, sessions, far, ended } = await sessionWith([]);
    expect(() => sessions.assertAcceptable({ "x-docker-expose-session-uuid": "s1" })).toThrow(
      "session s1 already exists",
    );
    const [near2] = await socketPair();
    const waited = sessions.get("prefix:s2");
    void sessions.serve({ "x-docker-expose-session-uuid": "s2" }, [], near2);
    expect((await waited).id).toBe("s2");
    expect((await session.other("s2", never)).id).toBe("s2");
    far.destroy();
    await ended;
    expect(session.signal.aborted).toBe(true);
    const gone = AbortSignal.abort();
    await expect(sessions.get("s1", gone)).rejects.toThrow("no active session for s1");
  });
});

describe("modes of files", () => {
  it.each([
    [0o100644, 0o644],
    [0o104755, 2 ** 23 + 0o755],
    [0o041777, 2 ** 31 + 2 ** 20 + 0o777],
    [0o120777, 2 ** 27 + 0o777],
    [0o020600, 2 ** 26 + 2 ** 21 + 0o600],
    [0o060600, 2 ** 26 + 0o600],
    [0o010644, 2 ** 25 + 0o644],
    [0o140755, 2 ** 24 + 0o755],
    [0o102755, 2 ** 22 + 0o755],
  ])("of Linux, %d, are those of Go", (linux, go) => {
    expect(goModeOf(linux)).toBe(go);
    expect(linuxModeOf(go)).toBe(linux);
  });
});
