import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { errorMessage, invalidArgument } from "../../../base/index.ts";
import { parseStrictYaml } from "../../api/index.ts";

/** Where a webhook is, and how this server shows it who it is. PEM texts. */
export interface KubeconfigTarget {
  url: string;
  ca: string | undefined;
  cert: string | undefined;
  key: string | undefined;
  /** Value of the header `Authorization`. */
  authorization: string | undefined;
  serverName: string | undefined;
  isVerified: boolean;
}

type Fields = Record<string, unknown>;

/**
 * Reads the kubeconfig of a webhook: its current context, or the only cluster and user that there are. Files that it names lie
 * relative to it. Throws InvalidArgument.
 */
export async function readKubeconfigTarget(path: string): Promise<KubeconfigTarget> {
  try {
    const config = fieldsOf(parseStrictYaml(await readFile(path)), "the file");
    const { cluster, user } = chosen(config);
    const file = (fields: Fields, name: string) => pemOf(fields, name, dirname(path));
    return {
      url: urlOf(text(cluster, "server")).href,
      ca: await file(cluster, "certificate-authority"),
      cert: await file(user, "client-certificate"),
      key: await file(user, "client-key"),
      authorization: await authorizationOf(user, dirname(path)),
      serverName: text(cluster, "tls-server-name") || undefined,
      isVerified: cluster["insecure-skip-tls-verify"] !== true,
    };
  } catch (error) {
    throw invalidArgument(`webhook's kubeconfig ${path}: ${errorMessage(error)}`, { cause: error });
  }
}

function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw invalidArgument(`${what} is not an object`);
}

function text(fields: Fields, name: string): string {
  const value = fields[name] ?? "";
  if (typeof value === "string") return value;
  throw invalidArgument(`${name} is not a text`);
}

function chosen(config: Fields): { cluster: Fields; user: Fields } {
  const current = text(config, "current-context");
  const context = current === "" ? {} : named(config, "contexts", "context", current);
  const cluster = named(config, "clusters", "cluster", text(context, "cluster"));
  const users = listOf(config, "users");
  const userName = text(context, "user");
  const user = users.length === 0 && userName === "" ? {} : named(config, "users", "user", userName);
  return { cluster, user };
}

function listOf(config: Fields, list: string): Fields[] {
  const value = config[list] ?? [];
  if (!Array.isArray(value)) throw invalidArgument(`${list} is not a list`);
  return value.map((one) => fieldsOf(one, `an element of ${list}`));
}

/** Without a name the only one. */
function named(config: Fields, list: string, of: string, name: string): Fields {
  const all = listOf(config, list);
  const found = name === "" && all.length === 1 ? all[0] : all.find((one) => one.name === name);
  if (!found) throw invalidArgument(`${of} ${JSON.stringify(name)} does not exist`);
  return fieldsOf(found[of] ?? {}, `${of} ${JSON.stringify(name)}`);
}

function urlOf(server: string): URL {
  try {
    return new URL(server.includes("://") ? server : `http://${server}`);
  } catch {
    throw invalidArgument(`server ${JSON.stringify(server)} is no URL`);
  }
}

async function pemOf(fields: Fields, name: string, dir: string): Promise<string | undefined> {
  const data = text(fields, `${name}-data`);
  if (data !== "") return Buffer.from(data, "base64").toString("utf8");
  const file = text(fields, name);
  return file === "" ? undefined : readFile(resolve(dir, file), "utf8");
}

async function authorizationOf(user: Fields, dir: string): Promise<string | undefined> {
  const tokenFile = text(user, "tokenFile");
  const token = tokenFile === "" ? text(user, "token") : await readFile(resolve(dir, tokenFile), "utf8");
  if (token.trim() !== "") return `Bearer ${token.trim()}`;
  const name = text(user, "username");
  if (name === "") return undefined;
  return `Basic ${Buffer.from(`${name}:${text(user, "password")}`).toString("base64")}`;
}
