import { parseImageReference } from "../../../formats/index.ts";
import type { Pod } from "../../api/index.ts";
import type { ObjectReader } from "../objects/referenced-objects.ts";

export interface Credentials {
  username: string;
  password: string;
}

interface DockerConfig {
  auths?: Record<string, { username?: string; password?: string; auth?: string }>;
}

/** Credentials for the image's registry from the pod's imagePullSecrets, the most specific address first. */
export async function pullCredentials(
  pod: Pod,
  image: string,
  objects: ObjectReader,
): Promise<Credentials[]> {
  const { domain, path } = parseImageReference(image);
  const found: { specificity: number; credentials: Credentials }[] = [];
  for (const { name } of pod.spec.imagePullSecrets ?? []) {
    const secret = name ? await objects.get("secret", pod.metadata.namespace!, name) : undefined;
    for (const [address, entry] of Object.entries(dockerConfig(secret?.data).auths ?? {})) {
      const specificity = fits(address, domain, path);
      const credentials = credentialsOf(entry);
      if (specificity > 0 && credentials) found.push({ specificity, credentials });
    }
  }
  return found.sort((a, b) => b.specificity - a.specificity).map(({ credentials }) => credentials);
}

/** Both forms of secret: `.dockerconfigjson` and the older `.dockercfg`, which is the `auths` alone. */
function dockerConfig(data: Record<string, string> | undefined): DockerConfig {
  try {
    const json = data?.[".dockerconfigjson"];
    if (json) return JSON.parse(Buffer.from(json, "base64").toString()) as DockerConfig;
    const cfg = data?.[".dockercfg"];
    if (cfg) return { auths: JSON.parse(Buffer.from(cfg, "base64").toString()) as DockerConfig["auths"] };
  } catch {
    // What is no JSON holds no credentials; the pull then says what it misses.
  }
  return {};
}

/** 0: another registry. Otherwise the longer the matching path, the better. A part `*` stands for one part of a host name. */
function fits(address: string, domain: string, path: string): number {
  const bare = address
    .replace(/^https?:\/\//, "")
    .replace(/\/v[12]\/?$/, "")
    .replace(/\/$/, "");
  const [host = "", ...rest] = bare.split("/");
  const wanted = host === "index.docker.io" ? "docker.io" : host;
  const wantedParts = wanted.split(".");
  const parts = domain.split(".");
  const sameHost =
    wantedParts.length === parts.length &&
    wantedParts.every((part, index) => part === "*" || part === parts[index]);
  if (!sameHost) return 0;
  const prefix = rest.join("/");
  return prefix === "" || path === prefix || path.startsWith(`${prefix}/`) ? 1 + prefix.length : 0;
}

function credentialsOf(entry: {
  username?: string;
  password?: string;
  auth?: string;
}): Credentials | undefined {
  if (entry.username && entry.password !== undefined)
    return { username: entry.username, password: entry.password };
  if (!entry.auth) return undefined;
  const text = Buffer.from(entry.auth, "base64").toString();
  const colon = text.indexOf(":");
  return colon < 0 ? undefined : { username: text.slice(0, colon), password: text.slice(colon + 1) };
}
