const MINUTE = 60;
const HOUR = 3600;
const DAY = 24 * HOUR;

/** `5 minutes`, `About an hour`, `3 weeks` (docker/go-units, HumanDuration). */
export function humanDuration(seconds: number): string {
  const whole = Math.floor(seconds);
  if (whole < 1) return "Less than a second";
  if (whole === 1) return "1 second";
  if (whole < MINUTE) return `${whole} seconds`;
  const minutes = Math.floor(whole / MINUTE);
  if (minutes === 1) return "About a minute";
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.round(whole / HOUR);
  if (hours === 1) return "About an hour";
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 7 * 2) return `${Math.floor(hours / 24)} days`;
  if (hours < 24 * 30 * 2) return `${Math.floor(hours / 24 / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.floor(hours / 24 / 30)} months`;
  return `${Math.floor(whole / DAY / 365)} years`;
}

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];
const BINARY_UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** `4.26MB`: three digits, powers of 1000 (docker/go-units, HumanSizeWithPrecision). */
export const humanSize = (bytes: number): string => scaled(bytes, 1000, UNITS, 3);
/** `3.9MiB`: powers of 1024. */
export const humanBytes = (bytes: number): string => scaled(bytes, 1024, BINARY_UNITS, 4);

function scaled(bytes: number, base: number, units: readonly string[], digits: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= base && unit < units.length - 1) {
    value /= base;
    unit++;
  }
  return `${Number(value.toPrecision(digits))}${units[unit]}`;
}

/** `0.0.0.0:8080->80/tcp`, ranges together (docker/cli, formatter.DisplayablePorts). */
export function displayPorts(
  ports: readonly { IP?: string; PrivatePort: number; PublicPort?: number; Type: string }[],
): string {
  const sorted = [...ports].sort(
    (a, b) =>
      a.PrivatePort - b.PrivatePort ||
      (a.IP ?? "").localeCompare(b.IP ?? "") ||
      (a.PublicPort ?? 0) - (b.PublicPort ?? 0) ||
      a.Type.localeCompare(b.Type),
  );
  const groups: { ip: string; type: string; from: number; to: number; publicFrom: number }[] = [];
  for (const { IP: ip = "", PrivatePort: port, PublicPort: published = 0, Type: type } of sorted) {
    const last = groups.findLast((group) => group.ip === ip && group.type === type);
    const goesOn =
      last?.to === port - 1 &&
      (published === 0 ? last.publicFrom === 0 : last.publicFrom + (port - last.from) === published);
    if (last && goesOn) last.to = port;
    else groups.push({ ip, type, from: port, to: port, publicFrom: published });
  }
  return groups
    .map(({ ip, type, from, to, publicFrom }) => {
      const range = (first: number) => (to > from ? `${first}-${first + to - from}` : String(first));
      const address = ip.includes(":") ? `[${ip}]` : ip;
      return publicFrom
        ? `${address}:${range(publicFrom)}->${range(from)}/${type}`
        : `${range(from)}/${type}`;
    })
    .join(", ");
}
