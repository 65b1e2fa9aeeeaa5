import { invalidArgument } from "../../base/index.ts";

const PROTOCOLS = ["tcp", "udp", "sctp"];
/** A range may not name more ports than there are. */
const MAX_PORT = 65535;

/** `80`, `53/udp`, `7000-7002/tcp` as the keys of ExposedPorts: `80/tcp`, … in order, each once. */
export function parsePorts(words: readonly string[]): string[] {
  const ports = new Set<string>();
  for (const word of words) for (const port of parsePort(word)) ports.add(port);
  return [...ports].sort();
}

function parsePort(word: string): string[] {
  const [range = "", protocol = "tcp", ...more] = word.split("/");
  const name = protocol.toLowerCase();
  if (more.length > 0) throw invalid(word);
  if (!PROTOCOLS.includes(name)) throw invalidArgument(`invalid proto: ${protocol}`);
  // A host part (`8080:80`) has no meaning in an image and is dropped, as Docker does.
  const container = range.slice(range.lastIndexOf(":") + 1);
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(container);
  if (!match) throw invalid(word);
  const first = Number(match[1]);
  const last = Number(match[2] ?? match[1]);
  if (first > MAX_PORT || last > MAX_PORT || last < first) {
    throw invalidArgument(`invalid range specified for port: ${container}`);
  }
  return Array.from({ length: last - first + 1 }, (_, index) => `${first + index}/${name}`);
}

function invalid(word: string): Error {
  return invalidArgument(`invalid containerPort: ${word}`, { code: "Build.Port" });
}
