import { randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { deflate, gzip } from "node:zlib";
import { type Clock, GantryError } from "../../../base/index.ts";
import { parseGoUrl } from "../../../formats/index.ts";
import { timestampMs } from "../../../runtime/index.ts";
import { invalidRequest } from "../../errors.ts";
import { openUdp } from "./datagram-sender.ts";
import { extraAttributes } from "./extra-attributes.ts";
import { logTag } from "./log-tag.ts";
import { StreamSender } from "./stream-sender.ts";
import type { LogDriver, LogInfo, LogMessage, LogOptionValues, LogSink } from "./types.ts";

const INFO = 6;
const ERROR = 3;
const CHUNK_BYTES = 1420;
const CHUNK_HEAD_BYTES = 12;
const MAX_CHUNKS = 128;

/** Lines to Graylog (GELF 1.1): compressed datagrams, in chunks where they are long, or messages that end in a zero over TCP. */
export const gelfDriver: LogDriver = {
  check(options) {
    const { scheme } = parseAddress(options["gelf-address"]);
    for (const [name, value] of Object.entries(options)) checkOption(name, value, scheme);
  },

  async open(info, clock): Promise<LogSink> {
    const { scheme, host, port, text } = parseAddress(info.options["gelf-address"]);
    const encode = encoder(info);
    try {
      if (scheme === "tcp") return await overTcp(host, port, encode, clock);
      return await overUdp(host, port, encode, info.options);
    } catch (error) {
      if (!(error instanceof GantryError)) throw error;
      throw new GantryError(error.kind, `gelf: cannot connect to GELF endpoint: ${text} ${error.message}`, {
        code: error.code,
        cause: error,
      });
    }
  },
};

const PLAIN_OPTIONS = ["gelf-address", "tag", "labels", "labels-regex", "env", "env-regex"];

function checkOption(name: string, value: string, scheme: string): void {
  const unknown = () =>
    invalidRequest(
      `unknown value ${JSON.stringify(value)} for log opt ${JSON.stringify(name)} for gelf log driver`,
    );
  if (PLAIN_OPTIONS.includes(name)) return;
  if (name === "gelf-compression-level" || name === "gelf-compression-type") {
    if (scheme !== "udp") throw invalidRequest("compression is only supported on UDP");
    const isKnown = name.endsWith("type") ? /^(gzip|zlib|none)$/.test(value) : /^([+]?\d|-1)$/.test(value);
    if (!isKnown) throw unknown();
  } else if (name === "gelf-tcp-max-reconnect" || name === "gelf-tcp-reconnect-delay") {
    if (scheme !== "tcp") throw invalidRequest(`${JSON.stringify(name)} is only valid for TCP`);
    if (!/^\+?\d+$/.test(value)) throw invalidRequest(`${JSON.stringify(name)} must be a positive integer`);
  } else throw invalidRequest(`unknown log opt ${JSON.stringify(name)} for gelf log driver`);
}

function parseAddress(text: string | undefined): {
  scheme: string;
  host: string;
  port: number;
  text: string;
} {
  if (!text) throw invalidRequest("gelf-address is a required parameter");
  const { scheme, host } = parseGoUrl(text);
  if (scheme !== "udp" && scheme !== "tcp") throw invalidRequest("gelf: endpoint needs to be TCP or UDP");
  const match = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(host);
  if (!match || Number(match[3]) > 65_535) {
    throw invalidRequest("gelf: please provide gelf-address as proto://host:port");
  }
  return { scheme, host: match[1] ?? (match[2] || "127.0.0.1"), port: Number(match[3]), text: host };
}

function encoder(info: LogInfo): (message: LogMessage) => string {
  const extra = {
    _container_id: info.containerId,
    _container_name: info.containerName,
    _image_id: info.imageId,
    _image_name: info.imageName,
    _command: [info.entrypoint, ...info.args].join(" "),
    _tag: logTag(info),
    _created: info.created,
    ...extraAttributes(info, (name) => (name.startsWith("_") ? name : `_${name}`)),
  };
  return ({ stream, timestamp, line }) =>
    JSON.stringify({
      version: "1.1",
      host: info.hostname,
      short_message: line.toString(),
      timestamp: Math.trunc(timestampMs(timestamp)) / 1000,
      level: stream === "stderr" ? ERROR : INFO,
      ...extra,
    });
}

async function overTcp(
  host: string,
  port: number,
  encode: (message: LogMessage) => string,
  clock: Clock,
): Promise<LogSink> {
  const sender = new StreamSender({ network: "tcp", host, port }, clock);
  await sender.connect();
  return {
    write: (messages) =>
      sender.write(
        Buffer.from(
          spoken(messages)
            .map((one) => `${encode(one)}\0`)
            .join(""),
        ),
      ),
    close: () => sender.close(),
  };
}

async function overUdp(
  host: string,
  port: number,
  encode: (message: LogMessage) => string,
  options: LogOptionValues,
): Promise<LogSink> {
  const socket = await openUdp(host, port);
  const compress = compressor(options);
  return {
    async write(messages) {
      for (const message of spoken(messages)) {
        for (const datagram of inChunks(await compress(Buffer.from(encode(message)))))
          await socket.send(datagram);
      }
    },
    close: () => socket.close(),
  };
}

const spoken = (messages: readonly LogMessage[]) => messages.filter(({ line }) => line.length > 0);

function compressor(options: LogOptionValues): (bytes: Buffer) => Promise<Buffer> {
  const level = Number(options["gelf-compression-level"] ?? 1);
  switch (options["gelf-compression-type"]) {
    case "none":
      return async (bytes) => bytes;
    case "zlib":
      return (bytes) => promisify<Buffer, object, Buffer>(deflate)(bytes, { level });
    default:
      return (bytes) => promisify<Buffer, object, Buffer>(gzip)(bytes, { level });
  }
}

/** GELF's chunks: 1e 0f, eight bytes of the message, its number, their count. What takes too many is lost, as GELF has it. */
export function inChunks(bytes: Buffer): Buffer[] {
  if (bytes.length <= CHUNK_BYTES) return [bytes];
  const size = CHUNK_BYTES - CHUNK_HEAD_BYTES;
  const count = Math.ceil(bytes.length / size);
  if (count > MAX_CHUNKS) return [];
  const id = randomBytes(8);
  return Array.from({ length: count }, (_, index) =>
    Buffer.concat([
      Buffer.from([0x1e, 0x0f]),
      id,
      Buffer.from([index, count]),
      bytes.subarray(index * size, (index + 1) * size),
    ]),
  );
}
