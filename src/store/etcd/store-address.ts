import { readFileSync } from "node:fs";
import { errorMessage, invalidArgument } from "../../base/index.ts";
import type { EtcdStoreOptions } from "./index.ts";

const USAGE =
  "etcd://[USER[:PASSWORD]@]HOST[:PORT][,HOST[:PORT]…][/PREFIX][?ca=FILE&cert=FILE&key=FILE&password-file=FILE]";
const FILE_PARAMETERS = ["ca", "cert", "key", "password-file"];
const DEFAULT_PORT = 2379;
const DEFAULT_PREFIX = "/gantry/";

export type EtcdAddress = Pick<EtcdStoreOptions, "endpoints" | "prefix" | "tls" | "user">;

/**
 * What `--store etcd://…` says, with the files that it names read. `etcds://` is TLS with the system's authorities; any TLS file
 * makes it TLS as well. The prefix is `/gantry/` where none is given. Throws InvalidArgument (`Store.BadAddress`).
 */
export function parseEtcdAddress(text: string): EtcdAddress {
  const match = /^(etcds?):\/\/(?:([^@/?]*)@)?([^/?@]+)(\/[^?]*)?(?:\?(.*))?$/.exec(text);
  if (!match) throw badAddress("it is not of the form that is expected");
  const [, scheme, userInfo, hosts, path, query] = match;
  const files = readFiles(new URLSearchParams(query ?? ""));
  const { ca, cert, key } = files;
  const usesTls = scheme === "etcds" || ca !== undefined || cert !== undefined;
  const user = parseUser(userInfo, files["password-file"]);
  return {
    endpoints: hosts!.split(",").map((host) => (/:\d+$/.test(host) ? host : `${host}:${DEFAULT_PORT}`)),
    prefix: path && path !== "/" ? decode(path.endsWith("/") ? path : `${path}/`) : DEFAULT_PREFIX,
    ...(usesTls
      ? { tls: { ...(ca ? { ca } : {}), ...(cert ? { cert } : {}), ...(key ? { key } : {}) } }
      : {}),
    ...(user ? { user } : {}),
  };
}

function readFiles(parameters: URLSearchParams): Record<string, string> {
  const files: Record<string, string> = {};
  for (const [name, path] of parameters) {
    if (!FILE_PARAMETERS.includes(name)) throw badAddress(`"${name}" is no parameter of it`);
    try {
      files[name] = readFileSync(path, "utf8");
    } catch (error) {
      throw badAddress(`the file of ${name} cannot be read: ${errorMessage(error)}`);
    }
  }
  return files;
}

function parseUser(userInfo: string | undefined, passwordFile: string | undefined): EtcdAddress["user"] {
  if (!userInfo) return undefined;
  const [name, password] = userInfo.split(":").map(decode);
  const known = password ?? passwordFile?.trimEnd();
  if (!name || known === undefined) throw badAddress("a user needs a password");
  return { name, password: known };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw badAddress(`"${text}" has a wrong percent sign`);
  }
}

/** The address itself is not repeated: it may hold a password. */
function badAddress(why: string) {
  return invalidArgument(`the address of the store is wrong: ${why}`, {
    code: "Store.BadAddress",
    hint: `Write ${USAGE}`,
  });
}
