import type { RegistryAuth } from "../../images/types.ts";
import {
  authConfig,
  authConfigs,
  type Decoded,
  decodeValue,
  type GoType,
  parseJsonText,
} from "../json/index.ts";

/** Docker's AuthConfig, as it stands in the `X-Registry-Auth` header and in the body of `POST /auth`. */
interface AuthConfig {
  username?: unknown;
  password?: unknown;
  auth?: unknown;
  identitytoken?: unknown;
  registrytoken?: unknown;
}

/** Decodes `X-Registry-Auth` (base64url JSON); undefined when there is none in it, or nothing that could be read, as in Docker. */
export function decodeRegistryAuth(header: string | string[] | undefined): RegistryAuth | undefined {
  const value = decodeJsonHeader(header, authConfig);
  return value === undefined ? undefined : toRegistryAuth(value);
}

/** Decodes `X-Registry-Config`: credentials by registry, for builds. */
export function decodeRegistryConfig(
  header: string | string[] | undefined,
): (host: string) => RegistryAuth | undefined {
  const value = decodeJsonHeader(header, authConfigs) ?? {};
  const byHost = new Map(
    Object.entries(value).map(([server, config]) => [
      registryDomain(server),
      toRegistryAuth(config as AuthConfig),
    ]),
  );
  return (host) => byHost.get(registryDomain(host));
}

export function toRegistryAuth(config: AuthConfig): RegistryAuth | undefined {
  if (typeof config !== "object" || config === null) return undefined;
  let username = asText(config.username);
  let password = asText(config.password);
  const basic = asText(config.auth);
  if (!username && basic) {
    const decoded = Buffer.from(basic, "base64").toString("utf8");
    const colon = decoded.indexOf(":");
    if (colon > 0) {
      username = decoded.slice(0, colon);
      password = decoded.slice(colon + 1);
    }
  }
  const auth: RegistryAuth = {
    ...(username ? { username, password: password ?? "" } : {}),
    ...(asText(config.identitytoken) ? { identityToken: asText(config.identitytoken)! } : {}),
    ...(asText(config.registrytoken) ? { registryToken: asText(config.registrytoken)! } : {}),
  };
  return Object.keys(auth).length > 0 ? auth : undefined;
}

function asText(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function decodeJsonHeader(header: string | string[] | undefined, type: GoType): Decoded | undefined {
  const text = Array.isArray(header) ? header[0] : header;
  if (!text) return undefined;
  try {
    return (decodeValue(type, parseJsonText(Buffer.from(text, "base64url"))) ?? undefined) as
      | Decoded
      | undefined;
  } catch {
    return undefined;
  }
}

/** Host of a registry by any of its names: `https://index.docker.io/v1/`, `docker.io` and nothing are the same. */
export function registryDomain(server: string): string {
  const host = server
    .replace(/^https?:\/\//, "")
    .replace(/\/.*$/, "")
    .toLowerCase();
  return host === "" || host === "index.docker.io" || host === "registry-1.docker.io" ? "docker.io" : host;
}
