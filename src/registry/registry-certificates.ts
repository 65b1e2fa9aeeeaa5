import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { errnoCode, invalidArgument } from "../base/index.ts";

export interface RegistryCertificates {
  /** Authorities that count for this registry beside the machine's. */
  ca: string[];
  /** By which this client says who it is. */
  pairs: { cert: string; key: string }[];
}

/**
 * What dockerd's `certs.d/<host[:port]>/` has for a registry: authorities in `*.crt`, and certificates of this client's in
 * `*.cert` with their `*.key`. Undefined where there is no such directory.
 */
export function readRegistryCertificates(certsDir: string, host: string): RegistryCertificates | undefined {
  // A host with a slash, or dots alone, is none.
  if (!/^[\w.[\]:-]+$/.test(host) || /^\.+$/.test(host)) return undefined;
  const dir = join(certsDir, host);
  const names = namesIn(dir);
  if (!names) return undefined;
  const read = (name: string) => readFileSync(join(dir, name), "utf8");
  const found: RegistryCertificates = { ca: [], pairs: [] };
  for (const name of names.sort()) {
    if (name.endsWith(".crt")) found.ca.push(read(name));
    else if (name.endsWith(".cert")) {
      const key = name.replace(/cert$/, "key");
      if (!names.includes(key)) {
        throw unusable(
          `missing key ${key} for client certificate ${name}. CA certificates must use the extension .crt`,
        );
      }
      found.pairs.push({ cert: read(name), key: read(key) });
    } else if (name.endsWith(".key")) {
      const cert = name.replace(/key$/, "cert");
      if (!names.includes(cert)) throw unusable(`missing client certificate ${cert} for key ${name}`);
    }
  }
  return found;
}

const unusable = (message: string) => invalidArgument(message, { code: "Registry.Certificates" });

function namesIn(dir: string): string[] | undefined {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errnoCode(error) ?? "")) return undefined;
    throw error;
  }
}
