import { resolve } from "node:path";
import { type OptionSpecs, parseArguments } from "./arguments.ts";
import { COMPONENTS, type Component, parseComponents, SERVER_COMPONENTS } from "./components.ts";
import { homeDirectory } from "./home.ts";
import { INGRESS_OPTIONS, ingressOptions } from "./ingress-options.ts";
import {
  absoluteKubeletArguments,
  KUBELET_OPTIONS,
  KUBELET_USAGE,
  kubeletOptions,
} from "./kubelet-options.ts";
import { networkBackend } from "./network-backend.ts";
import { nodePortAddresses } from "./node-port-addresses.ts";
import type { PlatformOptions, PlatformRunner } from "./platform-runner.ts";
import { logLevel, PORTS, START_OPTIONS, start } from "./start.ts";

const COMMON_USAGE =
  "[--home DIR] [--detach] [--wait] [--api-port N] [--store etcd://HOST:PORT[,…]] [--node-name NAME] [--node-ip ADDRESS] [--nodeport-addresses primary|CIDR,…] [--network-backend vxlan|host-gw] [--scheduler-config FILE] [--simulated-nodes N] [--log-level LEVEL] [--config FILE] [flags of kube-apiserver and kube-controller-manager, see 'gantry up --help']";
export const UP_USAGE = `gantry up [--registry-port N] [--components LIST] [--ingress=false] [--ingress-http-port N] [--ingress-https-port N] ${KUBELET_USAGE} ${COMMON_USAGE}`;
export const SERVER_USAGE = `gantry server ${COMMON_USAGE}`;
const SIMULATED_NODES = { min: 0, max: 5_000 };
const OPTIONS: OptionSpecs = {
  ...START_OPTIONS,
  "api-port": { type: "string" },
  store: { type: "string" },
  components: { type: "string" },
  config: { type: "string" },
  "network-backend": { type: "string" },
  "scheduler-config": { type: "string" },
  "simulated-nodes": { type: "string" },
};
/** What only a machine with pods has. */
const UP_OPTIONS: OptionSpecs = { ...OPTIONS, ...INGRESS_OPTIONS, ...KUBELET_OPTIONS };
const { "registry-port": _registry, components: _components, ...SERVER_OPTIONS } = OPTIONS;

/** Starts server and node in one. */
export function up(args: readonly string[], run: PlatformRunner): Promise<number> {
  const chosen = (text: string | undefined) => (text === undefined ? COMPONENTS : parseComponents(text));
  return startServer({ verb: "up", specs: UP_OPTIONS, usage: UP_USAGE, chosen }, args, run);
}

/** Starts a control plane that runs no pods. */
export function server(args: readonly string[], run: PlatformRunner): Promise<number> {
  const chosen = () => SERVER_COMPONENTS;
  return startServer({ verb: "server", specs: SERVER_OPTIONS, usage: SERVER_USAGE, chosen }, args, run);
}

interface Verb {
  verb: "up" | "server";
  specs: OptionSpecs;
  usage: string;
  chosen(components: string | undefined): readonly Component[];
}

async function startServer(
  { verb, specs, usage, chosen }: Verb,
  args: readonly string[],
  run: PlatformRunner,
): Promise<number> {
  const { own, programFlags } = await withoutProgramFlags(args, specs);
  const parsed = parseArguments(own, specs, usage);
  const configFile = parsed.text("config");
  const schedulerConfig = parsed.text("scheduler-config");
  const options: PlatformOptions = {
    home: homeDirectory(parsed.text("home")),
    role: verb,
    apiPort: parsed.integer("api-port", PORTS),
    registryPort: parsed.integer("registry-port", PORTS),
    nodeName: parsed.text("node-name"),
    nodeIp: parsed.text("node-ip"),
    nodePortAddresses: nodePortAddresses(parsed.text("nodeport-addresses"), usage),
    store: parsed.text("store"),
    components: chosen(parsed.text("components")),
    logLevel: logLevel(parsed.text("log-level"), usage),
    programFlags,
    configFile: configFile === undefined ? undefined : resolve(configFile),
    networkBackend: networkBackend(parsed.text("network-backend"), usage),
    servers: undefined,
    token: undefined,
    schedulerConfigFile: schedulerConfig === undefined ? undefined : resolve(schedulerConfig),
    kubelet: kubeletOptions(parsed),
    simulatedNodes: parsed.integer("simulated-nodes", SIMULATED_NODES) ?? 0,
    ingress: ingressOptions(parsed, usage),
  };
  // A process of its own works from elsewhere: paths are absolute there.
  const config = options.configFile === undefined ? [] : [`--config=${options.configFile}`];
  const { schedulerConfigFile } = options;
  if (schedulerConfigFile !== undefined) config.push(`--scheduler-config=${schedulerConfigFile}`);
  config.push(...absoluteKubeletArguments(options.kubelet));
  const flags = Object.values(programFlags)
    .flatMap((given) => Object.entries(given))
    .flatMap(([name, values]) => values.map((value) => `--${name}=${value}`));
  const rest = own.filter((arg) => !["--detach", "-d", "--wait"].includes(arg));
  const detached = parsed.flag("detach");
  const untilReady = parsed.flag("wait");
  return start({ command: [verb, ...rest, ...config, ...flags], options, detached, untilReady }, run);
}

/** Only who gives flags of upstream's programs waits until their tables are loaded. A flag of both is the API server's. */
async function withoutProgramFlags(
  args: readonly string[],
  specs: OptionSpecs,
): Promise<{ own: readonly string[]; programFlags: PlatformOptions["programFlags"] }> {
  const isOwn = (arg: string) =>
    !arg.startsWith("--") || Object.hasOwn(specs, arg.slice(2).split("=", 1)[0]!);
  if (args.every(isOwn)) return { own: args, programFlags: { apiServer: {}, controllerManager: {} } };
  const { apiServer, controllerManager } = await flagTables();
  const ofServer = apiServer.take(args);
  const ofManager = controllerManager.take(ofServer.rest);
  const from = process.cwd();
  return {
    own: ofManager.rest,
    programFlags: {
      apiServer: apiServer.withAbsolutePaths(ofServer.given, from),
      controllerManager: controllerManager.withAbsolutePaths(ofManager.given, from),
    },
  };
}

async function flagTables() {
  const [{ API_SERVER_FLAGS: apiServer }, { CONTROLLER_MANAGER_FLAGS: controllerManager }] =
    await Promise.all([import("../kube/apiserver/index.ts"), import("../kube/controllers/index.ts")]);
  return { apiServer, controllerManager };
}

/** The lines that `--help` has beside the usage. */
export async function upHelp(): Promise<string> {
  const { apiServer, controllerManager } = await flagTables();
  const of = (program: string, field: string, help: string) =>
    `Flags of ${program}; they may also stand in the file of --config, or in config.yaml of the home, under ${field}:\n\n${help}`;
  return [
    of("kube-apiserver", "apiServer", apiServer.help()),
    of("kube-controller-manager", "controllerManager", controllerManager.help()),
  ].join("\n");
}
