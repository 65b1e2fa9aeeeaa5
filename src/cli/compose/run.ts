import { readFileSync } from "node:fs";
import {
  type ContainerInspect,
  createOneOff,
  type Project,
  parsePorts,
  parseVolume,
  readEnvText,
  type Service,
  splitWords,
  withSelectedServices,
} from "../../compose/index.ts";
import type { ComposeCall } from "./compose-call.ts";
import { applyCreateFlags, createOptions } from "./create-flags.ts";
import { type Flags, usage } from "./flags.ts";
import { interact } from "./interactive.ts";
import { keyValues } from "./key-values.ts";
import type { Verb } from "./verb.ts";

const flags: Flags = {
  build: { type: "flag", help: "Build image before starting container" },
  "cap-add": { type: "list", value: "list", help: "Add Linux capabilities" },
  "cap-drop": { type: "list", value: "list", help: "Drop Linux capabilities" },
  detach: { short: "d", type: "flag", help: "Run container in background and print container ID" },
  entrypoint: { type: "text", help: "Override the entrypoint of the image" },
  env: { short: "e", type: "list", help: "Set environment variables" },
  "env-from-file": { type: "list", help: "Set environment variables from file" },
  interactive: { short: "i", type: "flag", default: true, help: "Keep STDIN open even if not attached" },
  label: { short: "l", type: "list", help: "Add or override a label" },
  name: { type: "text", help: "Assign a name to the container" },
  "no-TTY": { short: "T", type: "flag", help: "Disable pseudo-TTY allocation (default: auto-detected)" },
  "no-deps": { type: "flag", help: "Don't start linked services" },
  publish: { short: "p", type: "list", help: "Publish a container's port(s) to the host" },
  pull: { type: "text", default: "policy", help: 'Pull image before running ("always"|"missing"|"never")' },
  quiet: { short: "q", type: "flag", help: "Don't print anything to STDOUT" },
  "quiet-build": { type: "flag", help: "Suppress progress output from the build process" },
  "quiet-pull": { type: "flag", help: "Pull without printing progress information" },
  "remove-orphans": { type: "flag", help: "Remove containers for services not defined in the Compose file" },
  rm: { type: "flag", help: "Automatically remove the container when it exits" },
  "service-ports": {
    short: "P",
    type: "flag",
    help: "Run command with all service's ports enabled and mapped to the host",
  },
  tty: { short: "t", type: "flag", default: true, help: "Allocate a pseudo-TTY" },
  "use-aliases": {
    type: "flag",
    help: "Use the service's network useAliases in the network(s) the container connects to",
  },
  user: { short: "u", type: "text", help: "Run as specified username or uid" },
  volume: { short: "v", type: "list", help: "Bind mount a volume" },
  workdir: { short: "w", type: "text", help: "Working directory inside the container" },
};

export const run: Verb = {
  summary: "Run a one-off command on a service",
  usage: ["[OPTIONS] SERVICE [COMMAND] [ARGS...]"],
  interspersed: false,
  args: { min: 1 },
  flags,
  async run(call) {
    const [name = "", ...command] = call.args;
    if (call.flags.flag("service-ports") && call.flags.list("publish").length > 0) {
      throw usage("--service-ports and --publish are incompatible");
    }
    if (call.flags.flag("detach") && call.flags.flag("rm")) {
      throw usage("--rm and --detach are incompatible");
    }
    let project = call.runnable([name]);
    if (call.flags.flag("no-deps")) project = withSelectedServices(project, [name], "nothing");
    applyCreateFlags(call, project);
    const tty =
      !call.flags.flag("no-TTY") && call.terminal.isTerminal("stdout") && call.terminal.isTerminal("stdin");
    const input = call.flags.flag("interactive") && !call.flags.flag("detach");
    const create = createOptions(call, project, []);
    const id = await call.withEngine("Creating", (context) =>
      createOneOff(context, project, {
        service: name,
        name: call.flags.text("name"),
        autoRemove: call.flags.flag("rm"),
        interactive: input,
        useAliases: call.flags.flag("use-aliases"),
        noDeps: call.flags.flag("no-deps"),
        create,
        change: (service) => changed(call, project, service, command, tty),
      }),
    );
    return call.flags.flag("detach") ? startDetached(call, id) : startAttached(call, id, tty, input);
  },
};

async function startDetached(call: ComposeCall, id: string): Promise<number> {
  await call.client.post(`/containers/${id}/start`);
  call.terminal.print(`${id}\n`);
  return 0;
}

async function startAttached(call: ComposeCall, id: string, tty: boolean, input: boolean): Promise<number> {
  const { client } = call;
  const socket = await client.hijack(`/containers/${id}/attach`, {
    query: { stream: 1, stdout: 1, stderr: 1, stdin: input ? 1 : undefined },
  });
  const { HostConfig: host } = await client.get<ContainerInspect>(`/containers/${id}/json`);
  const ended = client.post<{ StatusCode: number }>(`/containers/${id}/wait`, {
    query: { condition: host.AutoRemove ? "removed" : "next-exit" },
  });
  ended.catch(() => {});
  await client.post(`/containers/${id}/start`);
  const forward = (signal: NodeJS.Signals) => {
    client.post(`/containers/${id}/kill`, { query: { signal } }).catch(() => {});
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, forward);
  try {
    const how = await interact(socket, {
      tty,
      input,
      resize: (rows, columns) =>
        void client.post(`/containers/${id}/resize`, { query: { h: rows, w: columns } }).catch(() => {}),
    });
    return how === "detached" ? 0 : (await ended).StatusCode;
  } finally {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.off(signal, forward);
  }
}

function changed(
  call: ComposeCall,
  project: Project,
  service: Service,
  command: readonly string[],
  tty: boolean,
): Service {
  const { flags: given } = call;
  const result: Service = {
    ...service,
    tty,
    stdin_open: given.flag("interactive") && !given.flag("detach"),
    ports: given.flag("service-ports") ? (service.ports ?? []) : given.list("publish").flatMap(parsePorts),
    volumes: [
      ...(service.volumes ?? []),
      ...given.list("volume").map((text) => parseVolume(text, process.cwd())),
    ],
    labels: { ...service.labels, ...labelsOf(given.list("label")) },
    environment: { ...service.environment, ...environmentOf(call, project) },
  };
  const text = (name: string) => given.text(name);
  if (command.length > 0) result.command = [...command];
  if (text("user") !== "") result.user = text("user");
  if (text("workdir") !== "") result.working_dir = text("workdir");
  if (given.has("entrypoint")) {
    result.entrypoint = splitWords(text("entrypoint"));
    if (command.length === 0) result.command = [];
  }
  const [add, drop] = [given.list("cap-add"), given.list("cap-drop")];
  if (add.length > 0 || drop.length > 0) {
    result.cap_add = [...(service.cap_add ?? []), ...add].filter((one) => !drop.includes(one));
    result.cap_drop = [...(service.cap_drop ?? []).filter((one) => !add.includes(one)), ...drop];
  }
  return result;
}

function labelsOf(entries: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    entries.map((entry) => {
      const at = entry.indexOf("=");
      if (at < 0) throw usage("label must be set as KEY=VALUE");
      return [entry.slice(0, at), entry.slice(at + 1)];
    }),
  );
}

/** Of files, and over that of options; what has no value is left out. */
function environmentOf(call: ComposeCall, project: Project): Record<string, string> {
  const own = keyValues(call.flags.list("env"), project.environment);
  const found = new Map<string, string>();
  for (const file of call.flags.list("env-from-file")) {
    readEnvText(readFileSync(file, "utf8"), found, (name) => own[name] ?? undefined);
  }
  for (const [name, value] of Object.entries(own)) if (value !== null) found.set(name, value);
  return Object.fromEntries(found);
}
