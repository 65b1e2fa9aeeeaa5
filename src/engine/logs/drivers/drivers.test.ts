import { createSocket } from "node:dgram";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, inflateSync } from "node:zlib";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../../base/index.ts";
import { encodeMsgpack, MsgpackExtension } from "../../../formats/index.ts";
import { receiveDatagrams } from "../../../kernel/testing/datagram-receiver.ts";
import { until } from "../../testing/test-home.ts";
import { checkLogOptions, isLogReadable, LOG_DRIVERS } from "./drivers.ts";
import { inChunks } from "./gelf.ts";
import { journaldDriver } from "./journald.ts";
import { logTag } from "./log-tag.ts";
import type { LogDriver, LogInfo, LogMessage, LogOptionValues } from "./types.ts";

const dir = mkdtempSync(join(tmpdir(), "gantry-log-drivers-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const info = (options: LogOptionValues = {}): LogInfo => ({
  options,
  containerId: "0123456789abcdef".repeat(4),
  containerName: "web",
  entrypoint: "sh",
  args: ["-c", "true"],
  imageId: `sha256:${"ab".repeat(32)}`,
  imageName: "shop/web:1",
  created: "2026-01-02T03:04:05.678Z",
  env: ["STAGE=test", "SECRET=x"],
  labels: { team: "red", "app.kind": "shop" },
  hostname: "host1",
});

const message = (line: string, more: Partial<LogMessage> = {}): LogMessage => ({
  stream: "stdout",
  timestamp: "2026-01-02T03:04:05.678901234Z",
  line: Buffer.from(line),
  ...more,
});

/** A server that keeps what each of its clients sends. */
async function listen(where: { path: string } | { port: number } = { port: 0 }) {
  let received = Buffer.alloc(0);
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
    });
  });
  await new Promise<void>((resolve) => server.listen({ host: "127.0.0.1", ...where }, resolve));
  const close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  closing.push(close);
  const address = server.address();
  return { port: (address as AddressInfo).port, bytes: () => received, sockets, close };
}

async function send(driver: LogDriver, options: LogOptionValues, messages: LogMessage[]): Promise<void> {
  driver.check(options);
  const sink = await driver.open(info(options), systemClock);
  closing.push(() => sink.close());
  await sink.write(messages);
}

async function listenUdp(): Promise<{ port: number; datagrams: Buffer[] }> {
  const socket = createSocket("udp4");
  const datagrams: Buffer[] = [];
  socket.on("message", (datagram) => datagrams.push(datagram));
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  closing.push(() => socket.close());
  return { port: socket.address().port, datagrams };
}

describe("options", () => {
  it.each<[string, LogOptionValues, string | undefined]>([
    ["json-file", { "max-size": "1m", mode: "non-blocking", "max-buffer-size": "2m" }, undefined],
    ["json-file", { colour: "red" }, "unknown log opt 'colour' for json-file log driver"],
    ["none", { colour: "red" }, undefined],
    ["nosuch", {}, 'error looking up logging plugin nosuch: plugin "nosuch" not found'],
    ["local", { mode: "fast" }, "logger: logging mode not supported: fast"],
    [
      "local",
      { "max-buffer-size": "1m" },
      "logger: max-buffer-size option is only supported with 'mode=non-blocking'",
    ],
    ["syslog", { "cache-disabled": "maybe" }, "invalid value for option cache-disabled: maybe"],
    ["syslog", { "syslog-address": "tcp://127.0.0.1", "syslog-facility": "23", tag: "x" }, undefined],
    ["syslog", { "syslog-address": "http://x" }, "unsupported scheme: 'http'"],
    ["syslog", { "syslog-address": "unix:///no/such" }, "stat /no/such: no such file or directory"],
    ["syslog", { "syslog-facility": "24" }, "invalid syslog facility"],
    ["syslog", { "syslog-format": "rfc1" }, "Invalid syslog format"],
    ["syslog", { "max-size": "1m" }, "unknown log opt 'max-size' for syslog log driver"],
    ["journald", { a: "b" }, "unknown log opt 'a' for journald log driver"],
    ["gelf", {}, "gelf-address is a required parameter"],
    ["gelf", { "gelf-address": "http://x:1" }, "gelf: endpoint needs to be TCP or UDP"],
    ["gelf", { "gelf-address": "udp://x" }, "gelf: please provide gelf-address as proto://host:port"],
    [
      "gelf",
      { "gelf-address": "tcp://x:1", "gelf-compression-type": "gzip" },
      "compression is only supported on UDP",
    ],
    [
      "gelf",
      { "gelf-address": "udp://x:1", "gelf-compression-level": "10" },
      'unknown value "10" for log opt "gelf-compression-level" for gelf log driver',
    ],
    [
      "gelf",
      { "gelf-address": "tcp://x:1", "gelf-tcp-max-reconnect": "-1" },
      '"gelf-tcp-max-reconnect" must be a positive integer',
    ],
    [
      "fluentd",
      { "fluentd-address": "localhost:1234/x" },
      "invalid fluentd-address (localhost:1234/x): should not contain a path element",
    ],
    [
      "fluentd",
      { "fluentd-address": "udp://x" },
      "invalid fluentd-address (udp://x): unsupported scheme: 'udp'",
    ],
    ["fluentd", { "fluentd-address": "unix://" }, "invalid fluentd-address (unix://): path is empty"],
    ["fluentd", { "fluentd-async": "maybe" }, 'strconv.ParseBool: parsing "maybe": invalid syntax'],
    ["fluentd", { "fluentd-retry-wait": "1" }, 'time: missing unit in duration "1"'],
    [
      "fluentd",
      { "fluentd-async-reconnect-interval": "1ms" },
      'invalid value for fluentd-async-reconnect-interval: value ("1ms") must be between 100ms and 10s',
    ],
  ])("of %s: %j", (driver, options, problem) => {
    if (problem === undefined) checkLogOptions(driver, options);
    else expect(() => checkLogOptions(driver, options)).toThrow(problem);
  });

  it("say whether the log can be read", () => {
    expect(isLogReadable("json-file", {})).toBe(true);
    expect(isLogReadable("none", {})).toBe(false);
    expect(isLogReadable("syslog", {})).toBe(true);
    expect(isLogReadable("syslog", { "cache-disabled": "true" })).toBe(false);
  });
});

describe("a tag", () => {
  it.each([
    ["", "0123456789ab"],
    ["{{.Name}}/{{ .ID }}", "web/0123456789ab"],
    ["a {{- .ImageName -}} b", "ashop/web:1b"],
    ["{{.ImageID}} {{.Command}} {{.DaemonName}}", "sha256:ababa sh -c true docker"],
  ])("%s is %s", (tag, text) => {
    expect(logTag(info({ tag }))).toBe(text);
  });

  it("refuses what it cannot be", () => {
    expect(() => logTag(info({ tag: "{{.Nope}}" }))).toThrow(
      "can't evaluate field Nope in type *logger.Info",
    );
    expect(() => logTag(info({ tag: "{{upper .Name}}" }))).toThrow("only fields ({{.Name}}) are supported");
    expect(() => logTag(info({ tag: "{{.Name" }))).toThrow("unclosed action");
  });
});

describe("syslog", () => {
  const { syslog } = LOG_DRIVERS as { syslog: LogDriver };
  const pid = process.pid;

  it("speaks its formats over TCP, and connects anew", async () => {
    const server = await listen();
    const address = { "syslog-address": `tcp://127.0.0.1:${server.port}`, tag: "web" };
    await send(syslog, address, [message("one"), message("bad", { stream: "stderr" }), message("")]);
    await until(() => server.bytes().toString().split("\n").length === 3);
    expect(server.bytes().toString()).toMatch(
      new RegExp(`^<30>Jan  [123] \\d\\d:04:05 web\\[${pid}\\]: one\n<27>Jan .* web\\[${pid}\\]: bad\n$`),
    );
    const sink = await syslog.open(
      info({ ...address, "syslog-format": "rfc5424micro", "syslog-facility": "local7" }),
      systemClock,
    );
    closing.push(() => sink.close());
    await sink.write([message("x")]);
    for (const socket of server.sockets) socket.destroy();
    await until(async () => {
      await sink.write([message("again")]).catch(() => {});
      return server.bytes().includes("again");
    });
    expect(server.bytes().toString()).toMatch(
      new RegExp(
        `<190>1 2026-01-0\\dT\\d\\d:04:05\\.678901(Z|[+-]\\d\\d:\\d\\d) host1 web ${pid} web - again\n`,
      ),
    );
  });

  it("speaks to Unix sockets of both kinds, and over UDP", async () => {
    const path = join(dir, "stream");
    const server = await listen({ path });
    await send(syslog, { "syslog-address": `unix://${path}`, "syslog-format": "rfc3164" }, [message("s")]);
    await until(() => server.bytes().includes(`host1 0123456789ab[${pid}]: s\n`));
    const datagrams = receiveDatagrams(join(dir, "datagrams"));
    closing.push(() => datagrams.close());
    await send(syslog, { "syslog-address": `unixgram://${join(dir, "datagrams")}` }, [message("d")]);
    expect(datagrams.take()).toEqual([expect.stringMatching(/^<30>.*: d\n$/)]);
    const udp = await listenUdp();
    await send(syslog, { "syslog-address": `udp://127.0.0.1:${udp.port}` }, [message("u")]);
    await until(() => udp.datagrams.length === 1);
    expect(udp.datagrams.toString()).toMatch(/: u\n$/);
  });

  it("says what keeps it from its server", async () => {
    const { port, close } = await listen();
    close();
    await expect(
      syslog.open(info({ "syslog-address": `tcp://127.0.0.1:${port}` }), systemClock),
    ).rejects.toThrow(`dial tcp 127.0.0.1:${port}: connect: connection refused`);
  });
});

describe("gelf", () => {
  const { gelf } = LOG_DRIVERS as { gelf: LogDriver };
  const expected = {
    version: "1.1",
    host: "host1",
    short_message: "hello",
    timestamp: 1767323045.678,
    level: 6,
    _container_name: "web",
    _command: "sh -c true",
    _tag: "0123456789ab",
    _team: "red",
    _STAGE: "test",
  };
  const attributes = { labels: "team", "env-regex": "^ST" };

  it("sends compressed datagrams, in chunks where they are long", async () => {
    const udp = await listenUdp();
    const address = { "gelf-address": `udp://127.0.0.1:${udp.port}`, ...attributes };
    await send(gelf, address, [message("hello")]);
    await until(() => udp.datagrams.length === 1);
    const sent = JSON.parse(gunzipSync(udp.datagrams[0]!).toString());
    expect(sent).toMatchObject(expected);
    expect(sent).not.toHaveProperty("_SECRET");
    await send(gelf, { ...address, "gelf-compression-type": "zlib" }, [message("zipped")]);
    await until(() => udp.datagrams.length === 2);
    expect(inflateSync(udp.datagrams[1]!).toString()).toContain("zipped");
    await send(gelf, { ...address, "gelf-compression-type": "none" }, [message("x".repeat(4000))]);
    await until(() => udp.datagrams.length >= 5);
    const chunks = udp.datagrams.slice(2);
    expect(chunks.map((chunk) => [chunk[0], chunk[1], chunk[10], chunk[11]])).toEqual(
      chunks.map((_, index) => [0x1e, 0x0f, index, chunks.length]),
    );
    expect(
      JSON.parse(Buffer.concat(chunks.map((chunk) => chunk.subarray(12))).toString()).short_message,
    ).toHaveLength(4000);
    expect(inChunks(Buffer.alloc(200_000))).toEqual([]);
  });

  it("ends messages with a zero over TCP", async () => {
    const server = await listen();
    await send(gelf, { "gelf-address": `tcp://127.0.0.1:${server.port}`, ...attributes }, [
      message("hello"),
      message("bad", { stream: "stderr" }),
    ]);
    await until(() => server.bytes().filter((byte) => byte === 0).length === 2);
    const [first, second] = server.bytes().toString().split("\0");
    expect(JSON.parse(first!)).toMatchObject(expected);
    expect(JSON.parse(second!).level).toBe(3);
  });

  it("says what keeps it from its server", async () => {
    const { port, close } = await listen();
    close();
    const where = `127.0.0.1:${port}`;
    await expect(gelf.open(info({ "gelf-address": `tcp://${where}` }), systemClock)).rejects.toThrow(
      `gelf: cannot connect to GELF endpoint: ${where} dial tcp ${where}: connect: connection refused`,
    );
  });
});

describe("fluentd", () => {
  const { fluentd } = LOG_DRIVERS as { fluentd: LogDriver };
  const record = {
    container_id: info().containerId,
    container_name: "/web",
    source: "stdout",
    log: "hello",
  };

  it("sends entries of the forward protocol", async () => {
    const server = await listen();
    const part = { id: "p", ordinal: 2, isLast: true };
    await send(
      fluentd,
      { "fluentd-address": `127.0.0.1:${server.port}`, tag: "t.{{.Name}}", labels: "team" },
      [message("hello"), message("hello", { part })],
    );
    const first = encodeMsgpack(["t.web", 1_767_323_045, { ...record, team: "red" }]);
    const partial = { partial_message: "true", partial_id: "p", partial_ordinal: "2", partial_last: "true" };
    const second = encodeMsgpack(["t.web", 1_767_323_045, { ...record, team: "red", ...partial }]);
    await until(() => server.bytes().length >= first.length + second.length);
    expect(server.bytes()).toEqual(Buffer.concat([first, second]));
  });

  it("has exact times and acknowledgements where they are asked for", async () => {
    const path = join(dir, "fluentd");
    const server = await listen({ path });
    const sending = send(
      fluentd,
      {
        "fluentd-address": `unix://${path}`,
        "fluentd-sub-second-precision": "true",
        "fluentd-request-ack": "true",
      },
      [message("hello")],
    );
    const time = Buffer.alloc(8);
    time.writeUInt32BE(1_767_323_045, 0);
    time.writeUInt32BE(678_901_234, 4);
    const head = encodeMsgpack(["0123456789ab", new MsgpackExtension(0, time), record, {}]);
    await until(() => server.bytes().length > head.length);
    expect(server.bytes().subarray(0, head.length - 1)).toEqual(head.subarray(0, -1));
    const chunk = server.bytes().toString("latin1").slice(-24);
    for (const socket of server.sockets) socket.write(encodeMsgpack({ ack: chunk }));
    await sending;
  });

  it("needs its server at the start, unless it is to send later", async () => {
    const { port, close } = await listen();
    close();
    const address = { "fluentd-address": `127.0.0.1:${port}` };
    await expect(fluentd.open(info(address), systemClock)).rejects.toThrow("connect: connection refused");
    const sink = await fluentd.open(info({ ...address, "fluentd-async": "true" }), systemClock);
    sink.close();
  });
});

it("journald gets its fields, long and short", async () => {
  const path = join(dir, "journal");
  const journal = receiveDatagrams(path);
  closing.push(() => journal.close());
  await send(journaldDriver(path), { "labels-regex": "^app" }, [message("two\nlines", { stream: "stderr" })]);
  const [entry] = journal.take();
  expect(entry).toContain("MESSAGE\n\t\0\0\0\0\0\0\0two\nlines\nPRIORITY=3\nCONTAINER_ID=0123456789ab\n");
  expect(entry).toContain("\nAPP_KIND=shop\nSYSLOG_TIMESTAMP=2026-01-02T03:04:05.678901234Z\n");
  await expect(journaldDriver(join(dir, "none")).open(info(), systemClock)).rejects.toThrow(
    "journald is not enabled on this host",
  );
});
