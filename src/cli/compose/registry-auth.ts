import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { tryParseImageReference } from "../../formats/index.ts";

interface ClientConfig {
  auths?: Record<string, { auth?: string; identitytoken?: string }>;
  credsStore?: string;
  credHelpers?: Record<string, string>;
}

const HUB = "https://index.docker.io/v1/";
const HELPER_TIMEOUT_MS = 30_000;

/** What `docker login` has kept for the registry of an image, as the engine wants it (`X-Registry-Auth`); `{}` where nothing is kept. */
export function registryAuth(image: string): string {
  const domain = tryParseImageReference(image)?.domain ?? "docker.io";
  const server = domain === "docker.io" ? HUB : domain;
  return Buffer.from(JSON.stringify(credentialsOf(server) ?? {})).toString("base64url");
}

/** The same for a host that a builder asks about; an empty name stands for a token. */
export function registryLogin(host: string): { username: string; secret: string } | undefined {
  const isHub = /^(?:registry-1\.docker\.io|(?:index\.)?docker\.io)$/.test(host);
  const { username = "", password, identitytoken } = credentialsOf(isHub ? HUB : host) ?? {};
  if (identitytoken) return { username: "", secret: identitytoken };
  return password === undefined ? undefined : { username, secret: password };
}

function credentialsOf(server: string): Record<string, string> | undefined {
  const config = readConfig();
  const helper = config.credHelpers?.[server] ?? config.credsStore;
  if (helper) return askHelper(helper, server);
  const { auth, identitytoken } = config.auths?.[server] ?? config.auths?.[`https://${server}`] ?? {};
  if (identitytoken) return { identitytoken, serveraddress: server };
  if (!auth) return undefined;
  const [username = "", ...password] = Buffer.from(auth, "base64").toString("utf8").split(":");
  return { username, password: password.join(":"), serveraddress: server };
}

function readConfig(): ClientConfig {
  const directory = process.env.DOCKER_CONFIG ?? join(process.env.HOME ?? homedir(), ".docker");
  try {
    return JSON.parse(readFileSync(join(directory, "config.json"), "utf8")) as ClientConfig;
  } catch {
    // Without it nobody has logged in.
    return {};
  }
}

/** docker-credential-helpers: the server goes in, user and secret come out as JSON. */
function askHelper(helper: string, server: string): Record<string, string> | undefined {
  const { status, stdout } = spawnSync(`docker-credential-${helper}`, ["get"], {
    input: server,
    encoding: "utf8",
    timeout: HELPER_TIMEOUT_MS,
  });
  if (status !== 0) return undefined;
  const { Username: username = "", Secret: secret = "" } = JSON.parse(stdout) as Record<string, string>;
  return username === "<token>"
    ? { identitytoken: secret, serveraddress: server }
    : { username, password: secret, serveraddress: server };
}
