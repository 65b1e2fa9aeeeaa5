import { readFileSync } from "node:fs";
import { errorMessage, GantryError, invalidArgument } from "../base/index.ts";
import { type OptionSpecs, parseArguments } from "./arguments.ts";
import { AGENT_COMPONENTS } from "./components.ts";
import { homeDirectory } from "./home.ts";
import { type JoinToken, parseJoinToken } from "./join-token.ts";
import {
  absoluteKubeletArguments,
  KUBELET_OPTIONS,
  KUBELET_USAGE,
  kubeletOptions,
} from "./kubelet-options.ts";
import { nodePortAddresses } from "./node-port-addresses.ts";
import type { PlatformOptions, PlatformRunner } from "./platform-runner.ts";
import { logLevel, PORTS, START_OPTIONS, start } from "./start.ts";

export const AGENT_USAGE = `gantry agent [--server https://HOST:6443]… [--token TOKEN | --token-file FILE] [--home DIR] [--detach] [--wait] [--node-name NAME] [--node-ip ADDRESS] [--nodeport-addresses primary|CIDR,…] [--registry-port N] ${KUBELET_USAGE} [--log-level LEVEL]`;
const OPTIONS: OptionSpecs = {
  ...START_OPTIONS,
  ...KUBELET_OPTIONS,
  server: { type: "string", multiple: true },
  token: { type: "string" },
  "token-file": { type: "string" },
};
/** How a process of its own gets the token: others can read command lines. */
const TOKEN_VARIABLE = "GANTRY_TOKEN";

/** Starts a node that joins a cluster; server and token are needed the first time only. */
export async function agent(args: readonly string[], run: PlatformRunner): Promise<number> {
  const parsed = parseArguments(args, OPTIONS, AGENT_USAGE);
  const servers = parsed.list("server").map(serverAddress);
  const tokenText = tokenOf(parsed.text("token"), parsed.text("token-file"));
  const token: JoinToken | undefined = tokenText === undefined ? undefined : parseJoinToken(tokenText);
  const options: PlatformOptions = {
    home: homeDirectory(parsed.text("home")),
    role: "agent",
    apiPort: undefined,
    registryPort: parsed.integer("registry-port", PORTS),
    nodeName: parsed.text("node-name"),
    nodeIp: parsed.text("node-ip"),
    nodePortAddresses: nodePortAddresses(parsed.text("nodeport-addresses"), AGENT_USAGE),
    store: undefined,
    components: AGENT_COMPONENTS,
    logLevel: logLevel(parsed.text("log-level"), AGENT_USAGE),
    programFlags: { apiServer: {}, controllerManager: {} },
    configFile: undefined,
    schedulerConfigFile: undefined,
    simulatedNodes: 0,
    kubelet: kubeletOptions(parsed),
    ingress: { isEnabled: undefined, httpPort: undefined, httpsPort: undefined },
    networkBackend: undefined,
    servers: servers.length > 0 ? servers : undefined,
    token,
  };
  return start(
    {
      command: ["agent", ...withoutTokens(args), ...absoluteKubeletArguments(options.kubelet)],
      env: { [TOKEN_VARIABLE]: tokenText },
      options,
      detached: parsed.flag("detach"),
      untilReady: parsed.flag("wait"),
    },
    run,
  );
}

/** `https://host:port`, with the port that servers have if none is named. */
function serverAddress(text: string): string {
  const usage = { hint: `usage: ${AGENT_USAGE}`, code: "Cli.Usage" };
  let url: URL;
  try {
    url = new URL(text.includes("://") ? text : `https://${text}`);
  } catch {
    throw invalidArgument(`--server takes the address of a server, not "${text}"`, usage);
  }
  if (url.protocol !== "https:" || url.pathname !== "/" || url.username !== "" || url.search !== "")
    throw invalidArgument(`--server takes https://HOST:PORT, not "${text}"`, usage);
  return `https://${url.hostname}:${url.port || (/:443\/?$/.test(text) ? 443 : 6443)}`;
}

function tokenOf(given: string | undefined, file: string | undefined): string | undefined {
  if (given !== undefined && file !== undefined) {
    throw invalidArgument("--token and --token-file are two ways to say the same: give one of them", {
      hint: `usage: ${AGENT_USAGE}`,
      code: "Cli.Usage",
    });
  }
  if (file === undefined) return given ?? process.env[TOKEN_VARIABLE];
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new GantryError("InvalidArgument", `--token-file: ${errorMessage(error)}`, { cause: error });
  }
}

function withoutTokens(args: readonly string[]): string[] {
  const rest: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    if (arg === "--token" || arg === "--token-file") at++;
    else if (!/^--token(-file)?=/.test(arg) && !["--detach", "-d", "--wait"].includes(arg)) rest.push(arg);
  }
  return rest;
}
