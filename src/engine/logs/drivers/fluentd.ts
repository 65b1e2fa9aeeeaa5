import { randomBytes } from "node:crypto";
import { type Clock, GantryError } from "../../../base/index.ts";
import {
  encodeMsgpack,
  goBoolProblem,
  goDurationProblem,
  MsgpackExtension,
  type MsgpackValue,
  parseGoBool,
  parseGoDuration,
  parseGoUrl,
  parseSizeText,
} from "../../../formats/index.ts";
import { timestampMs } from "../../../runtime/index.ts";
import { invalidRequest } from "../../errors.ts";
import { extraAttributes } from "./extra-attributes.ts";
import { logTag } from "./log-tag.ts";
import { refuseUnknownOptions } from "./refuse-unknown-options.ts";
import { StreamSender, type StreamTarget } from "./stream-sender.ts";
import type { LogDriver, LogInfo, LogMessage, LogOptionValues, LogSink } from "./types.ts";

const OPTIONS = [
  ...["env", "env-regex", "labels", "labels-regex", "tag", "fluentd-address", "fluentd-async"],
  ...[
    "fluentd-async-reconnect-interval",
    "fluentd-buffer-limit",
    "fluentd-max-retries",
    "fluentd-request-ack",
  ],
  ...["fluentd-retry-wait", "fluentd-sub-second-precision", "fluentd-write-timeout"],
];
const DEFAULT_PORT = 24_224;
const ACK_TIMEOUT_MS = 10_000;

/** Lines to Fluentd or Fluent Bit by the forward protocol, a message each (Fluentd's Forward Protocol Specification v1). */
export const fluentdDriver: LogDriver = {
  check(options) {
    refuseUnknownOptions(options, OPTIONS, "fluentd");
    parseAddress(options["fluentd-address"]);
    checkValues(options);
  },

  async open(info, clock): Promise<LogSink> {
    const { options } = info;
    const acknowledgements = new Acknowledgements(clock);
    const sender = new StreamSender(parseAddress(options["fluentd-address"]), clock, (chunk) =>
      acknowledgements.hear(chunk),
    );
    if (!isOn(options, "fluentd-async")) await sender.connect();
    const entryOf = entries(info);
    return {
      async write(messages) {
        if (!isOn(options, "fluentd-request-ack")) {
          return sender.write(Buffer.concat(messages.map((message) => encodeMsgpack(entryOf(message)))));
        }
        for (const message of messages) {
          const chunk = randomBytes(16).toString("base64");
          const acknowledged = acknowledgements.of(chunk);
          acknowledged.catch(() => {});
          await sender.write(encodeMsgpack([...entryOf(message), { chunk }]));
          await acknowledged;
        }
      },
      close: () => sender.close(),
    };
  },
};

const isOn = (options: LogOptionValues, name: string) => parseGoBool(options[name] || "false") === true;

function checkValues(options: LogOptionValues): void {
  const value = (name: string) => options[`fluentd-${name}`] || undefined;
  const limit = value("buffer-limit");
  if (limit && parseSizeText(limit) === undefined) throw invalidRequest(`invalid size: '${limit}'`);
  const wait = value("retry-wait");
  const waitProblem = wait && goDurationProblem(wait);
  if (waitProblem) throw invalidRequest(waitProblem);
  const retries = value("max-retries");
  if (retries && !/^\d+$/.test(retries)) {
    throw invalidRequest(`strconv.ParseUint: parsing ${JSON.stringify(retries)}: invalid syntax`);
  }
  if (Number(retries ?? 0) > 2 ** 31 - 1)
    throw invalidRequest("invalid fluentd-max-retries: value out of range");
  for (const name of ["async", "sub-second-precision", "request-ack"]) {
    const text = value(name);
    if (text && parseGoBool(text) === undefined) throw invalidRequest(goBoolProblem(text));
  }
  checkDurations(value("async-reconnect-interval"), value("write-timeout"));
}

function checkDurations(interval: string | undefined, timeout: string | undefined): void {
  const name = "fluentd-async-reconnect-interval";
  if (interval) {
    const problem = goDurationProblem(interval);
    if (problem) throw invalidRequest(`invalid value for ${name}: ${problem}`);
    const ns = parseGoDuration(interval)!;
    if (ns !== 0 && (ns < 100e6 || ns > 10e9)) {
      throw invalidRequest(
        `invalid value for ${name}: value (${JSON.stringify(interval)}) must be between 100ms and 10s`,
      );
    }
  }
  if (!timeout) return;
  const problem = goDurationProblem(timeout);
  if (problem) {
    throw invalidRequest(`invalid value for fluentd-write-timeout: value must be a duration: ${problem}`);
  }
  if (parseGoDuration(timeout)! < 0) {
    throw invalidRequest(
      "invalid value for fluentd-write-timeout: value must be a duration that is non-negative",
    );
  }
}

function parseAddress(text = ""): StreamTarget {
  const fail = (why: string) => invalidRequest(`invalid fluentd-address (${text}): ${why}`);
  if (text === "") return { network: "tcp", host: "127.0.0.1", port: DEFAULT_PORT };
  const { scheme, host, path } = parsed(text.includes("://") ? text : `tcp://${text}`, fail);
  if (scheme === "unix") {
    if (path.replace(/^\/+/, "") === "") throw fail("path is empty");
    return { network: "unix", path };
  }
  if (scheme !== "tcp" && scheme !== "tls") throw fail(`unsupported scheme: '${scheme}'`);
  if (path !== "") throw fail("should not contain a path element");
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d*))?$/.exec(host);
  if (!match) throw fail(`address ${host}: too many colons in address`);
  const port = Number(match[3] || DEFAULT_PORT);
  if (port > 65_535) throw fail(`invalid port: strconv.ParseUint: parsing "${match[3]}": value out of range`);
  const name = match[1] ?? (match[2] || "127.0.0.1");
  return { network: "tcp", host: name, port, ...(scheme === "tls" ? { tls: {} } : {}) };
}

function parsed(text: string, fail: (why: string) => Error) {
  try {
    return parseGoUrl(text);
  } catch (error) {
    throw error instanceof GantryError ? fail(error.message) : error;
  }
}

function entries(info: LogInfo): (message: LogMessage) => MsgpackValue[] {
  const tag = logTag(info);
  const extra = extraAttributes(info);
  const isPrecise = isOn(info.options, "fluentd-sub-second-precision");
  return ({ stream, timestamp, line, part }) => [
    tag,
    isPrecise ? eventTime(timestamp) : Math.floor(timestampMs(timestamp) / 1000),
    {
      container_id: info.containerId,
      container_name: `/${info.containerName}`,
      source: stream,
      log: line.toString(),
      ...extra,
      ...(part
        ? {
            partial_message: "true",
            partial_id: part.id,
            partial_ordinal: String(part.ordinal),
            partial_last: String(part.isLast),
          }
        : {}),
    },
  ];
}

/** Extension 0: seconds and nanoseconds, four bytes each. */
function eventTime(timestamp: string): MsgpackExtension {
  const data = Buffer.alloc(8);
  data.writeUInt32BE(Math.floor(Date.parse(`${timestamp.slice(0, 19)}Z`) / 1000), 0);
  data.writeUInt32BE(Number((/\.(\d+)/.exec(timestamp)?.[1] ?? "").padEnd(9, "0").slice(0, 9)), 4);
  return new MsgpackExtension(0, data);
}

/** A server says `{"ack": <chunk>}` of each message that it has taken. */
class Acknowledgements {
  readonly #clock: Clock;
  #waiting: { chunk: string; resolve: () => void } | undefined;
  #heard = "";

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  of(chunk: string): Promise<void> {
    this.#heard = "";
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.after(ACK_TIMEOUT_MS, () =>
        reject(
          new GantryError("DeadlineExceeded", "fluentd: no acknowledgement came", { code: "Engine.LogSend" }),
        ),
      );
      this.#waiting = {
        chunk,
        resolve: () => {
          cancel();
          resolve();
        },
      };
    });
  }

  hear(bytes: Buffer): void {
    this.#heard = (this.#heard + bytes.toString("latin1")).slice(-256);
    if (this.#waiting && this.#heard.includes(this.#waiting.chunk)) this.#waiting.resolve();
  }
}
