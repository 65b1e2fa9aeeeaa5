import { isIP } from "node:net";
import { invalidArgument } from "../../../base/index.ts";
import { CsvError, parseCsv } from "../../../formats/index.ts";

export interface ExtraHost {
  host: string;
  ip: string;
}

export interface Ulimit {
  name: string;
  soft: number;
  hard: number;
}

export interface LinuxLimits {
  memory?: number;
  memorySwap?: number;
  cpuShares?: number;
  cpuPeriod?: number;
  cpuQuota?: number;
  cpusetCpus?: string;
  cpusetMems?: string;
}

const ULIMITS = new Set(
  "core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack".split(
    " ",
  ),
);

/** `host=ip,…`, as the option `add-hosts` has it. */
export function parseExtraHosts(text: string): ExtraHost[] {
  return fields(text, "failed to parse additional hosts").map((field) => {
    const [host, ip] = splitPair(field.toLowerCase());
    const problem =
      ip === undefined
        ? `invalid key-value pair ${field}`
        : isIP(ip) === 0
          ? `failed to parse IP ${ip}`
          : undefined;
    if (problem !== undefined) throw invalidArgument(`failed to parse additional hosts: ${problem}`);
    return { host, ip: ip! };
  });
}

/** `nofile=1024:2048,…`; -1 for no limit. */
export function parseUlimits(text: string): Ulimit[] {
  return fields(text, "failed to parse ulimit").map((field) => {
    const fail = (problem: string) => invalidArgument(`failed to parse ulimit: ${problem}`);
    const [name, values] = splitPair(field);
    if (values === undefined) throw fail(`invalid ulimit argument: ${field}`);
    if (!ULIMITS.has(name)) throw fail(`invalid ulimit type: ${name}`);
    const numbers = values.split(":").map((value) => {
      if (!/^-?\d{1,16}$/.test(value))
        throw fail(`strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`);
      return Number(value);
    });
    if (numbers.length > 2)
      throw fail(`too many limit value arguments - ${values}, can only have up to two, \`soft[:hard]\``);
    const [soft, hard = soft] = numbers as [number, number | undefined];
    if (hard !== -1 && (soft === -1 || soft > hard))
      throw fail(
        `ulimit soft limit must be less than or equal to hard limit: ${soft === -1 ? "unlimited" : soft} > ${hard}`,
      );
    return { name, soft, hard };
  });
}

export function parseShmSize(text: string): number {
  if (text === "") return 0;
  if (/^[+-]?\d{1,16}$/.test(text)) return Number(text);
  throw invalidArgument(
    `failed to parse shm size: strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`,
  );
}

/** Limits of commands by the options `memory`, `memswap`, `cpushares`, `cpuperiod`, `cpuquota`, `cpusetcpus`, `cpusetmems`. */
export function parseLinuxLimits(options: Readonly<Record<string, string>>): LinuxLimits | undefined {
  const limits: LinuxLimits = {
    ...amount(options, "memory", "memory"),
    ...amount(options, "memswap", "memorySwap", "-1 (unlimited) or > 0", (n) => n >= -1 && n !== 0),
    ...amount(options, "cpushares", "cpuShares"),
    ...amount(options, "cpuperiod", "cpuPeriod"),
    ...amount(options, "cpuquota", "cpuQuota"),
    ...cpuSet(options, "cpusetcpus", "cpusetCpus"),
    ...cpuSet(options, "cpusetmems", "cpusetMems"),
  };
  return Object.keys(limits).length > 0 ? limits : undefined;
}

function amount(
  options: Readonly<Record<string, string>>,
  key: string,
  field: keyof LinuxLimits,
  demand = "> 0",
  isAllowed = (number: number) => number > 0,
): LinuxLimits {
  const text = options[key] ?? "";
  if (text === "") return {};
  const prefix = `failed to parse resource limits: invalid ${key} value: ${text}`;
  if (!/^[+-]?\d{1,16}$/.test(text))
    throw invalidArgument(`${prefix}: strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  if (!isAllowed(Number(text))) throw invalidArgument(`${prefix}: must be ${demand}`);
  return { [field]: Number(text) };
}

function cpuSet(
  options: Readonly<Record<string, string>>,
  key: string,
  field: keyof LinuxLimits,
): LinuxLimits {
  const text = options[key] ?? "";
  if (text === "") return {};
  if (/^\d{1,5}(-\d{1,5})?(,\d{1,5}(-\d{1,5})?)*$/.test(text)) return { [field]: text };
  throw invalidArgument(
    `failed to parse resource limits: invalid ${key} value: ${text}: invalid format: ${text}`,
  );
}

function fields(text: string, what: string): string[] {
  if (text === "") return [];
  try {
    return parseCsv(text)[0] ?? [];
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw invalidArgument(`${what}: ${error.message}`);
  }
}

function splitPair(field: string): [key: string, value: string | undefined] {
  const equals = field.indexOf("=");
  return equals < 0 ? [field, undefined] : [field.slice(0, equals), field.slice(equals + 1)];
}
