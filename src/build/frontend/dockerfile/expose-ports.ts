import { isIP } from "node:net";
import { invalidArgument } from "../../../base/index.ts";
import type { Linter } from "./lint/linter.ts";
import type { LineRange } from "./source-map.ts";

const PROTOCOLS = new Set(["tcp", "udp", "sctp"]);
const MAX_PORT = 65535;

/** Ports of EXPOSE as `80/tcp`, ranges spelled out. An address or a port of the host is read over, and told. */
export function exposedPorts(words: readonly string[], lines: LineRange, linter: Linter): string[] {
  return words.flatMap((word) => exposedPort(word, lines, linter));
}

function exposedPort(word: string, lines: LineRange, linter: Linter): string[] {
  const parts = word.split(":");
  const container = parts.pop()!;
  const hostPort = parts.pop() ?? "";
  const address = parts.join(":");
  const slash = container.indexOf("/");
  const range = slash < 0 ? container : container.slice(0, slash);
  const written = slash < 0 ? "" : container.slice(slash + 1);
  const protocol = written === "" ? "tcp" : written;
  const problem =
    range === ""
      ? "no port specified"
      : !PROTOCOLS.has(protocol.toLowerCase())
        ? `invalid proto: ${protocol}`
        : "";
  if (problem !== "") throw invalidArgument(`invalid port: ${JSON.stringify(word)}: ${problem}`);
  if (protocol !== protocol.toLowerCase()) linter.run("ExposeProtoCasing", lines, word);
  if (address !== "" || hostPort !== "") linter.run("ExposeInvalidFormat", lines, word);
  if (address !== "" && isIP(address.replace(/^\[(.*)\]$/, "$1")) === 0)
    throw invalidArgument(`invalid IP address: ${address}`);
  const ports = parseRange(range);
  if (!ports) throw invalidArgument(`invalid containerPort: ${range}`);
  if (hostPort !== "") assertFits(ports, range, hostPort);
  const { start, end } = ports;
  return Array.from({ length: end - start + 1 }, (_, at) => `${start + at}/${protocol.toLowerCase()}`);
}

interface PortRange {
  start: number;
  end: number;
}

function assertFits({ start, end }: PortRange, range: string, hostRange: string): void {
  const host = parseRange(hostRange);
  if (!host) throw invalidArgument(`invalid hostPort: ${hostRange}`);
  if (end - start !== host.end - host.start && end !== start)
    throw invalidArgument(`invalid ranges specified for container and host Ports: ${range} and ${hostRange}`);
}

function parseRange(text: string): PortRange | undefined {
  const match = /^\+?(\d{1,6})(?:-\+?(\d{1,6}))?$/.exec(text);
  if (!match) return undefined;
  const start = Number(match[1]);
  const end = Number(match[2] ?? match[1]);
  return start <= MAX_PORT && end <= MAX_PORT && end >= start ? { start, end } : undefined;
}
