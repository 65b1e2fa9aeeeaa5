import { isIP } from "node:net";
import { invalidArgument } from "../../../base/index.ts";
import { newMap, type TreeMap } from "../tree/index.ts";

interface Range {
  first: number;
  last: number;
}

/** `[[host:]published:]target[/protocol]`, each a range where wanted, as long forms (docker/go-connections, nat.ParsePortSpec). */
export function parsePortSpec(spec: string): TreeMap[] {
  const slash = spec.lastIndexOf("/");
  const rawPort = slash < 0 ? spec : spec.slice(0, slash);
  const protocol = slash < 0 || slash === spec.length - 1 ? "tcp" : spec.slice(slash + 1);
  const { host, published, target } = splitParts(rawPort);
  const address = host.startsWith("[") ? bracketed(host, spec) : host;
  if (address !== "" && isIP(address) === 0) throw invalidArgument(`Invalid ip address: ${address}`);
  if (target === "") throw invalidArgument(`No port specified: ${spec}<empty>`);
  const targets = parseRange(target, "containerPort");
  const hosts = published === "" ? undefined : parseRange(published, "hostPort");
  const one = (range: Range) => range.last - range.first;
  if (hosts && one(hosts) !== one(targets)) {
    // One port in the container may be any of several on the host.
    if (one(targets) !== 0)
      throw invalidArgument(
        `Invalid ranges specified for container and host Ports: ${target} and ${published}`,
      );
  }
  if (!["tcp", "udp", "sctp"].includes(protocol.toLowerCase()))
    throw invalidArgument(`Invalid proto: ${protocol}`);
  const ports: TreeMap[] = [];
  for (let offset = 0; offset <= one(targets); offset++) {
    const port = newMap([["mode", "ingress"]]);
    if (address !== "") port.host_ip = address;
    port.target = targets.first + offset;
    if (hosts) port.published = publishedPort(hosts, targets, offset);
    port.protocol = protocol.toLowerCase();
    ports.push(port);
  }
  return ports.sort((a, b) =>
    String(a.target) < String(b.target) ? -1 : String(a.target) > String(b.target) ? 1 : 0,
  );
}

function publishedPort(hosts: Range, targets: Range, offset: number): string {
  if (targets.first === targets.last && hosts.first !== hosts.last) return `${hosts.first}-${hosts.last}`;
  return String(hosts.first + offset);
}

function splitParts(raw: string): { host: string; published: string; target: string } {
  const parts = raw.split(":");
  const target = parts.pop() ?? "";
  const published = parts.pop() ?? "";
  return { host: parts.join(":"), published, target };
}

function bracketed(host: string, spec: string): string {
  const address = /^\[([^\]]*)\]$/.exec(host)?.[1];
  if (address === undefined) throw invalidArgument(`Invalid ip address: ${spec}`);
  return address;
}

function parseRange(text: string, what: string): Range {
  const [from = "", to, ...more] = text.split("-");
  const first = parsePort(from);
  const last = to === undefined ? first : parsePort(to);
  if (first === undefined || last === undefined || more.length > 0 || last < first)
    throw invalidArgument(`Invalid ${what}: ${text}`);
  return { first, last };
}

function parsePort(text: string): number | undefined {
  if (!/^\d{1,6}$/.test(text)) return undefined;
  const port = Number(text);
  return port <= 65_535 ? port : undefined;
}
