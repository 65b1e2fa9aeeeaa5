import { Writable } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GantryError, isGantryError, silentLogger } from "../../base/index.ts";
import { splitVersion } from "./api-version.ts";
import { DEFAULT_DETACH_KEYS, detachKeysOf, detachWatcher, parseDetachKeys } from "./detach-keys.ts";
import { toDockerError } from "./error-map.ts";
import { encodeFrame, frameWriter } from "./frames.ts";
import { humanSize, progressMessage } from "./json-messages.ts";
import {
  assertQuery,
  booleanFilter,
  filters,
  flag,
  integer,
  labelsMatch,
  timestamp,
  unsigned32,
} from "./query.ts";
import { decodeRegistryAuth, decodeRegistryConfig } from "./registry-auth.ts";

const query = (text: string) => new URLSearchParams(text);

describe("versions", () => {
  it.each([
    ["/v1.47/containers/json", { path: "/containers/json", minor: 47 }],
    ["/v1.24/_ping", { path: "/_ping", minor: 24 }],
    ["/containers/json", { path: "/containers/json", minor: 51 }],
    ["/version", { path: "/version", minor: 51 }],
  ])("%s", (path, expected) => {
    expect(splitVersion(path)).toEqual(expected);
  });

  it.each([
    ["/v1.52/info", "client version 1.52 is too new. Maximum supported API version is 1.51"],
    ["/v2.0/info", "client version 2.0 is too new. Maximum supported API version is 1.51"],
    [
      "/v1.23/info",
      "client version 1.23 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version",
    ],
  ])("refuses %s", (path, message) => {
    expect(() => splitVersion(path)).toThrow(message);
  });
});

describe("errors", () => {
  it.each([
    [new GantryError("NotFound", "no"), 404],
    [new GantryError("Conflict", "no"), 409],
    [new GantryError("NotModified", ""), 304],
    [new GantryError("ResourceExhausted", "big", { code: "Http.BodyTooLarge" }), 413],
    [new GantryError("NotImplemented", "no"), 501],
    [new Error("bug"), 500],
  ])("%s", (error, status) => {
    expect(toDockerError(error, silentLogger).status).toBe(status);
  });
});

describe("frames", () => {
  it("has stream, length and payload", () => {
    expect(encodeFrame("stderr", Buffer.from("ab")).toString("hex")).toBe("02000000000000026162");
    expect(encodeFrame("stdout", Buffer.alloc(0)).toString("hex")).toBe("0100000000000000");
  });

  it("waits for a slow connection and drops what comes after its end", async () => {
    const received: Buffer[] = [];
    let release = () => {};
    const connection = new Writable({
      highWaterMark: 4,
      write(chunk, _encoding, done) {
        received.push(chunk);
        release = done;
      },
    });
    const writer = frameWriter(connection, "stdout");
    const written = new Promise((resolve) => writer.write("hello", resolve));
    expect(received).toHaveLength(1);
    release();
    await written;
    connection.destroy();
    await new Promise((resolve) => writer.write("lost", resolve));
    expect(received).toHaveLength(1);
  });
});

describe("detach keys", () => {
  const pass = async (chunks: Buffer[], keys: readonly number[] = DEFAULT_DETACH_KEYS) => {
    let detached = false;
    const watcher = detachWatcher(keys, () => {
      detached = true;
    });
    const out: Buffer[] = [];
    watcher.on("data", (chunk) => out.push(chunk));
    const ended = new Promise((resolve) => watcher.on("end", resolve));
    for (const chunk of chunks) watcher.write(chunk);
    watcher.end();
    await ended;
    return { detached, out: Buffer.concat(out) };
  };

  it("are read as Docker writes them", () => {
    expect(parseDetachKeys("ctrl-p,ctrl-q")).toEqual([16, 17]);
    expect(parseDetachKeys("a,ctrl-@,ctrl-[")).toEqual([97, 0, 27]);
    expect(parseDetachKeys("DEL,ctrl-_")).toEqual([127, 31]);
    for (const none of ["ctrl-1", "ctrl-A,a", "ab", "a,"]) expect(parseDetachKeys(none)).toBeUndefined();
    expect(detachKeysOf("", "detach")).toEqual([16, 17]);
    expect(() => detachKeysOf("ctrl-A,a", "escape")).toThrow("Invalid escape keys (ctrl-A,a) provided");
  });

  it("detach, also in pieces", async () => {
    expect(await pass([Buffer.from("ab\x10\x11cd")])).toEqual({ detached: true, out: Buffer.from("ab") });
    expect(await pass([Buffer.from("ab\x10"), Buffer.from("\x11")])).toEqual({
      detached: true,
      out: Buffer.from("ab"),
    });
    expect(await pass([Buffer.from("\x10\x10\x11")])).toEqual({ detached: true, out: Buffer.from("\x10") });
  });

  it("lose nothing when the sequence is not completed", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 8 }), { maxLength: 6 }), async (pieces) => {
        const input = Buffer.concat(pieces);
        fc.pre(!input.includes(Buffer.from([16, 17])));
        const { detached, out } = await pass(pieces.map((piece) => Buffer.from(piece)));
        expect(detached).toBe(false);
        expect(out.equals(input)).toBe(true);
      }),
    );
  });
});

describe("query", () => {
  it("reads booleans as Docker does", () => {
    expect(
      ["1", "true", "yes", "0", "false", "no", "", "none"].map((value) => flag(query(`x=${value}`), "x")),
    ).toEqual([true, true, true, false, false, false, false, false]);
    expect(flag(query(""), "x", true)).toBe(true);
  });

  it.each([
    ["?a=%zz", 'invalid URL escape "%zz"'],
    ["?a=1&b%2=x", 'invalid URL escape "%2"'],
    ["?a=%=1", 'invalid URL escape "%=1"'],
    ["?a=%4", 'invalid URL escape "%4"'],
    ["?a=1;b=2", "invalid semicolon separator in query"],
  ])("refuses what cannot be read: %s", (text, message) => {
    expect(() => assertQuery(`/info${text}`)).toThrow(message);
  });

  it("takes what can be read", () => {
    for (const text of ["", "?", "?a=%20+b&&c", "?a=%C3%BC"]) assertQuery(`/info${text}`);
  });

  it("reads numbers and times", () => {
    expect(integer(query("t=-1"), "t")).toBe(-1);
    expect(integer(query("t=%2B1"), "t")).toBe(1);
    for (const [value, reason] of [
      ["x", "invalid syntax"],
      ["1.5", "invalid syntax"],
      ["99999999999999999999", "value out of range"],
    ]) {
      expect(() => integer(query(`t=${value}`), "t")).toThrow(`strconv.Atoi: parsing "${value}": ${reason}`);
    }
    expect(unsigned32(query("h=40"), "h", "height")).toBe(40);
    for (const [value, reason] of [
      ["", "invalid syntax"],
      ["+1", "invalid syntax"],
      ["-1", "value out of range"],
      ["4294967296", "value out of range"],
    ]) {
      const given = new URLSearchParams({ h: value! });
      expect(() => unsigned32(given, "h", "height")).toThrow(`height "${value}": ${reason}`);
    }
    expect(timestamp(query("since=1700000000.5"), "since")).toBe(1700000000500);
    expect(timestamp(query("since=2024-01-01T00:00:00Z"), "since")).toBe(Date.parse("2024-01-01T00:00:00Z"));
    expect(timestamp(query("since=0"), "since")).toBeUndefined();
  });

  it("reads filters in both forms and refuses others", () => {
    expect(filters(query('filters={"status":["running"],"label":{"a":true,"b":false}}'))).toEqual({
      status: ["running"],
      label: ["a", "b"],
    });
    for (const bad of ["[]", "{", '{"a":1}', '{"a":[1]}', '"x"']) {
      expect(() => filters(new URLSearchParams({ filters: bad }))).toThrow("invalid filter");
    }
  });

  it("reads a filter that says yes or no", () => {
    expect(booleanFilter({ dangling: ["1"] }, "dangling")).toBe(true);
    expect(booleanFilter({ dangling: ["false"] }, "dangling")).toBe(false);
    expect(booleanFilter({}, "dangling")).toBeUndefined();
    for (const [values, shown] of [
      [["x"], "dangling=[x]"],
      [["true", "false"], "dangling=[true false]"],
      [[], "dangling"],
    ] as const) {
      expect(() => booleanFilter({ dangling: [...values] }, "dangling")).toThrow(`invalid filter '${shown}'`);
    }
  });

  it("never fails but with InvalidArgument", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          filters(new URLSearchParams({ filters: text }));
        } catch (error) {
          expect(isGantryError(error, "InvalidArgument")).toBe(true);
        }
      }),
    );
  });

  it("matches labels", () => {
    expect(labelsMatch({ a: "1" }, ["a", "a=1"])).toBe(true);
    expect(labelsMatch({ a: "1" }, ["a=2"])).toBe(false);
    expect(labelsMatch(null, ["constructor"])).toBe(false);
  });
});

describe("registry credentials", () => {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

  it("come from the header", () => {
    expect(decodeRegistryAuth(encode({ username: "u", password: "p" }))).toEqual({
      username: "u",
      password: "p",
    });
    expect(decodeRegistryAuth(encode({ auth: Buffer.from("u:p:q").toString("base64") }))).toEqual({
      username: "u",
      password: "p:q",
    });
    expect(decodeRegistryAuth(encode({ identitytoken: "t" }))).toEqual({ identityToken: "t" });
    expect(decodeRegistryAuth(encode({}))).toBeUndefined();
    expect(decodeRegistryAuth(undefined)).toBeUndefined();
    expect(decodeRegistryAuth(encode({ UserName: "u", PASSWORD: "p" }))).toEqual({
      username: "u",
      password: "p",
    });
    for (const unreadable of ["!!", encode([]), encode({ username: 5 })]) {
      expect(decodeRegistryAuth(unreadable)).toBeUndefined();
    }
  });

  it("are found by host", () => {
    const find = decodeRegistryConfig(
      encode({ "https://index.docker.io/v1/": { username: "u", password: "p" } }),
    );
    expect(find("docker.io")?.username).toBe("u");
    expect(find("quay.io")).toBeUndefined();
  });
});

describe("progress", () => {
  it("looks like Docker's", () => {
    expect(progressMessage({ id: "abc", status: "Downloading", current: 500, total: 1000 })).toEqual({
      status: "Downloading",
      progressDetail: { current: 500, total: 1000 },
      progress: "[=========================>                         ]      500B/1kB",
      id: "abc",
    });
    expect(humanSize(1234567)).toBe("1.235MB");
  });
});
