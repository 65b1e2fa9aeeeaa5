import { existsSync, readFileSync } from "node:fs";
import { type ConnectionOptions, rootCertificates } from "node:tls";
import { type Clock, errorMessage, GantryError } from "../../../base/index.ts";
import { parseGoUrl } from "../../../formats/index.ts";
import { invalidRequest } from "../../errors.ts";
import { openUdp, UnixDatagramSender } from "./datagram-sender.ts";
import { localTime, stampTime } from "./local-time.ts";
import { logTag } from "./log-tag.ts";
import { refuseUnknownOptions } from "./refuse-unknown-options.ts";
import { StreamSender } from "./stream-sender.ts";
import type { LogDriver, LogInfo, LogMessage, LogOptionValues, LogSink } from "./types.ts";

const OPTIONS = [
  ...["env", "env-regex", "labels", "labels-regex", "tag", "syslog-address", "syslog-facility"],
  ...["syslog-tls-ca-cert", "syslog-tls-cert", "syslog-tls-key", "syslog-tls-skip-verify", "syslog-format"],
];

/** In the order of their numbers (RFC 5424 §6.2.1); 12 to 15 have no names. */
const FACILITIES = [
  ...["kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp"],
  ...Array<undefined>(4).fill(undefined),
  ...["local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"],
];
const LOCAL_SOCKETS = ["/dev/log", "/var/run/syslog", "/var/run/log"];
const FORMATS = ["", "rfc3164", "rfc5424", "rfc5424micro"];
const SECURE = "tcp+tls";
const INFO = 6;
const ERROR = 3;

/** Lines to a syslog server: the machine's, or one over UDP, TCP, TLS or a Unix socket. */
export const syslogDriver: LogDriver = {
  check(options) {
    refuseUnknownOptions(options, OPTIONS, "syslog");
    parseAddress(options["syslog-address"]);
    parseFacility(options["syslog-facility"]);
    if (!FORMATS.includes(options["syslog-format"] ?? "")) throw invalidRequest("Invalid syslog format");
  },

  async open(info, clock): Promise<LogSink> {
    const address = parseAddress(info.options["syslog-address"]);
    const format = formatter(info, address?.network);
    const transport = await openTransport(address, info.options, clock);
    return {
      async write(messages) {
        const lines = messages.filter(({ line }) => line.length > 0).map(format);
        if (transport.isStream) await transport.send(Buffer.concat(lines));
        else for (const line of lines) await transport.send(line);
      },
      close: () => transport.close(),
    };
  },
};

interface Address {
  network: string;
  path?: string;
  host?: string;
  port?: number;
}

function parseAddress(text: string | undefined): Address | undefined {
  if (!text) return undefined;
  const { scheme, host, path } = parseGoUrl(text);
  if (scheme === "unix" || scheme === "unixgram") {
    if (!existsSync(path)) throw invalidRequest(`stat ${path}: no such file or directory`);
    return { network: scheme, path };
  }
  if (!["udp", "tcp", SECURE].includes(scheme)) throw invalidRequest(`unsupported scheme: '${scheme}'`);
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d*))?$/.exec(host);
  if (!match) throw invalidRequest(`address ${host}: too many colons in address`);
  const port = Number(match[3] || 514);
  if (port > 65_535) throw invalidRequest(`address ${match[3]}: invalid port`);
  return { network: scheme, host: match[1] ?? (match[2] || "127.0.0.1"), port };
}

/** Shifted to where a priority has it. */
function parseFacility(text: string | undefined): number {
  if (!text) return FACILITIES.indexOf("daemon") << 3;
  const named = FACILITIES.indexOf(text);
  if (named >= 0) return named << 3;
  if (/^\+?\d{1,9}$/.test(text) && Number(text) <= 23) return Number(text) << 3;
  throw invalidRequest("invalid syslog facility");
}

function formatter(info: LogInfo, network: string | undefined): (message: LogMessage) => Buffer {
  const { options, hostname } = info;
  const facility = parseFacility(options["syslog-facility"]);
  const tag = logTag(info);
  const kind = options["syslog-format"] ?? "";
  const { pid } = process;
  const head = (timestamp: string, priority: number): string => {
    if (kind === "") return `<${priority}>${stampTime(timestamp)} ${tag}[${pid}]: `;
    if (kind === "rfc3164") return `<${priority}>${stampTime(timestamp)} ${hostname} ${tag}[${pid}]: `;
    const time = localTime(timestamp, kind === "rfc5424micro" ? 6 : 0);
    return `<${priority}>1 ${time} ${hostname} ${tag} ${pid} ${tag} - `;
  };
  // Over TLS the newer formats say each message's length (RFC 5425 §4.3).
  const countsBytes = network === SECURE && kind.startsWith("rfc5424");
  return ({ stream, timestamp, line }) => {
    const priority = facility | (stream === "stderr" ? ERROR : INFO);
    const message = Buffer.concat([Buffer.from(head(timestamp, priority)), line, NEWLINE]);
    return countsBytes ? Buffer.concat([Buffer.from(`${message.length} `), message]) : message;
  };
}

const NEWLINE = Buffer.from("\n");

interface Transport {
  isStream: boolean;
  send(bytes: Uint8Array): Promise<void>;
  close(): void;
}

async function openTransport(
  address: Address | undefined,
  options: LogOptionValues,
  clock: Clock,
): Promise<Transport> {
  if (!address) return openLocal(clock);
  const { network, host, port, path } = address;
  if (network === "udp") return { isStream: false, ...(await openUdp(host!, port!)) };
  if (network === "unixgram") return openDatagrams(path!, clock);
  const tls = network === SECURE ? tlsOptions(options) : undefined;
  return openStream({ network: tls ? "tcp" : network, host, port, path, tls }, clock);
}

async function openStream(
  target: ConstructorParameters<typeof StreamSender>[0],
  clock: Clock,
): Promise<Transport> {
  const sender = new StreamSender(target, clock);
  await sender.connect();
  return { isStream: true, send: (bytes) => sender.write(bytes), close: () => sender.close() };
}

function openDatagrams(path: string, clock: Clock): Transport {
  const sender = new UnixDatagramSender(path, clock);
  sender.connect();
  return { isStream: false, send: (bytes) => sender.send(bytes), close: () => sender.close() };
}

/** The machine's own, wherever it listens. */
async function openLocal(clock: Clock): Promise<Transport> {
  for (const path of LOCAL_SOCKETS) {
    try {
      return openDatagrams(path, clock);
    } catch {
      // Not there, or of the other kind.
    }
    try {
      return await openStream({ network: "unix", path }, clock);
    } catch {}
  }
  throw new GantryError("Unavailable", "Unix syslog delivery error", { code: "Engine.LogConnect" });
}

function tlsOptions(options: LogOptionValues): ConnectionOptions {
  const [ca, cert, key] = [
    options["syslog-tls-ca-cert"],
    options["syslog-tls-cert"],
    options["syslog-tls-key"],
  ];
  return {
    rejectUnauthorized: options["syslog-tls-skip-verify"] === undefined,
    ...(ca ? { ca: [...rootCertificates, read(ca, `could not read CA certificate "${ca}"`)] } : {}),
    ...(cert || key
      ? {
          cert: read(cert ?? "", "could not load X509 key pair"),
          key: read(key ?? "", "could not load X509 key pair"),
        }
      : {}),
  };
}

function read(path: string, problem: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw invalidRequest(`${problem}: ${errorMessage(error)}`);
  }
}
