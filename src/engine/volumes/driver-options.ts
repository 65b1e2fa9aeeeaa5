import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { constants } from "node:os";
import { getSystemErrorMessage } from "node:util";
import { GantryError } from "../../base/index.ts";
import { mountDescribed } from "../../kernel/index.ts";
import { invalidRequest } from "../errors.ts";

/** Options of the driver "local" (`docker volume create -o`): what is mounted as the volume's data. */
export type DriverOptions = Record<string, string>;

const KNOWN = ["type", "o", "device", "size"];
const NEEDED: Record<string, readonly string[]> = {
  device: ["type"],
  type: ["device"],
  o: ["device", "type"],
};

/** Refuses what cannot be, in moby's words (volume/local, validateOpts). */
export function checkDriverOptions(volume: string, options: DriverOptions): void {
  const fail = (reason: string) => invalidRequest(`create ${volume}: ${reason}`);
  for (const name of Object.keys(options)) {
    if (!KNOWN.includes(name)) throw fail(`invalid option: ${JSON.stringify(name)}`);
  }
  const { type, device, size } = options;
  if (type === "cifs" && device && /^[^/]*\/\/[^/]*:\d+(\/|$)/.test(device)) {
    throw fail("port not allowed in CIFS device URL, include 'port' in 'o='");
  }
  if (size !== undefined) {
    const match = /^(\d+(?:\.\d+)?) ?(?:b|[kmgtp](?:i?b)?)?$/i.exec(size);
    if (!match) throw fail(`invalid size: '${size}'`);
    // A limit of a directory takes project quotas of the file system below.
    if (Number(match[1]) > 0) throw fail("quota size requested but no quota support");
  }
  for (const [name, needed] of Object.entries(NEEDED)) {
    if (options[name] === undefined) continue;
    const missing = needed.find((other) => options[other] === undefined);
    if (missing) throw fail(`missing required option: ${JSON.stringify(missing)}`);
  }
}

export function needsMount(options: DriverOptions | null): options is DriverOptions {
  return Boolean(options && (options.device || options.type));
}

/** Mounts what the options say at `target`. Errors are in moby's words, without a password that was among the options. */
export async function mountVolume(options: DriverOptions, target: string): Promise<void> {
  const { device = "", type = "", o = "" } = options;
  if (device === "") throw failed("missing device in volume options");
  const resolved = await resolveNames(type, device, o);
  try {
    await mountDescribed(resolved.device, target, type, resolved.o);
  } catch (error) {
    throw mountFailed(error, o);
  }
}

const failed = (message: string, cause?: unknown) =>
  new GantryError("Internal", message, { code: "Engine.VolumeMount", cause });

function mountFailed(error: unknown, o: string): unknown {
  if (!(error instanceof GantryError) || error.code !== "Kernel.Mount") return error;
  const { call, errno } = error.details as { call: string; errno: keyof typeof constants.errno };
  const number = constants.errno[errno];
  const reason = number ? getSystemErrorMessage(-number) : errno;
  const password = option(o, "password");
  const words = password ? call.replace(`password=${password}`, "password=********") : call;
  return failed(`failed to mount local volume: ${words}: ${reason}`, error);
}

/** The kernel knows addresses only: names of servers are looked up here. */
async function resolveNames(type: string, device: string, o: string): Promise<{ device: string; o: string }> {
  if (type !== "nfs" && type !== "cifs") return { device, o };
  const address = option(o, "addr");
  if (address && isIP(address) !== 4) {
    return { device, o: o.replace(`addr=${address}`, `addr=${await resolve(address)}`) };
  }
  const host = /^\/\/([^/]+)/.exec(device)?.[1];
  if (type !== "cifs" || !host || isIP(host)) return { device, o };
  return { device: device.replace(host, await resolve(host)), o };
}

async function resolve(name: string): Promise<string> {
  try {
    return (await lookup(name)).address;
  } catch (error) {
    throw failed(`error resolving passed in network volume address: lookup ${name}: no such host`, error);
  }
}

function option(o: string, name: string): string | undefined {
  const found = o.split(",").find((word) => word.startsWith(`${name}=`));
  return found?.slice(name.length + 1);
}
