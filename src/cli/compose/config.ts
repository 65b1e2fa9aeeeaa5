import { writeFileSync } from "node:fs";
import { invalidArgument } from "../../base/index.ts";
import {
  checkContainerNames,
  emitYaml,
  findVariables,
  imageOf,
  indentJson,
  type LoadProjectOptions,
  loadTree,
  type Project,
  projectToJson,
  projectToYaml,
  serviceHash,
  withEnvironmentResolved,
} from "../../compose/index.ts";
import type { ComposeCall } from "./compose-call.ts";
import type { Flags } from "./flags.ts";
import { COMPOSE_WIDTH, formatTable } from "./table.ts";
import type { Verb } from "./verb.ts";

const flags: Flags = {
  environment: { type: "flag", help: "Print environment used for interpolation." },
  format: { type: "text", help: "Format the output. Values: [yaml | json]" },
  hash: { type: "text", help: "Print the service config hash, one per line." },
  images: { type: "flag", help: "Print the image names, one per line." },
  models: { type: "flag", help: "Print the model names, one per line." },
  networks: { type: "flag", help: "Print the network names, one per line." },
  "no-consistency": {
    type: "flag",
    help: "Don't check model consistency - warning: may produce invalid Compose output",
  },
  "no-env-resolution": { type: "flag", help: "Don't resolve service env files" },
  "no-interpolate": { type: "flag", help: "Don't interpolate environment variables" },
  "no-normalize": { type: "flag", help: "Don't normalize compose model" },
  "no-path-resolution": { type: "flag", help: "Don't resolve file paths" },
  output: { short: "o", type: "text", help: "Save to file (default to stdout)" },
  profiles: { type: "flag", help: "Print the profile names, one per line." },
  quiet: { short: "q", type: "flag", help: "Only validate the configuration, don't print anything" },
  services: { type: "flag", help: "Print the service names, one per line." },
  variables: { type: "flag", help: "Print model variables and default values." },
  volumes: { type: "flag", help: "Print the volume names, one per line." },
};

export const config: Verb = {
  summary: "Parse, resolve and render compose file in canonical format",
  usage: ["[OPTIONS] [SERVICE...]"],
  flags,
  async run(call) {
    const text = output(call);
    if (call.flags.flag("quiet")) return 0;
    const file = call.flags.text("output");
    if (file !== "") writeFileSync(file, text);
    else call.terminal.print(text);
    return 0;
  },
};

const lines = (all: readonly string[]) => all.map((line) => `${line}\n`).join("");

function output(call: ComposeCall): string {
  const { flags: given } = call;
  const services = call.args;
  if (given.flag("services")) return lines(serviceNames(call));
  if (given.flag("volumes")) return lines(Object.keys(load(call).volumes).sort());
  if (given.flag("networks")) return lines(Object.keys(load(call).networks).sort());
  if (given.flag("models")) return lines(Object.values(load(call).models).map(({ model }) => model ?? ""));
  if (given.text("hash") !== "") return lines(hashes(call, given.text("hash")));
  if (given.flag("profiles")) return lines(profiles(load(call, services)));
  if (given.flag("images")) {
    const project = load(call, services);
    return lines(Object.values(project.services).map((service) => imageOf(service, project)));
  }
  if (given.flag("variables")) return variables(call);
  if (given.flag("environment")) {
    const { environment } = load(call, services, { resolveEnvironment: true, discardEnvFiles: true });
    return lines([...environment].map(([name, value]) => `${name}=${value}`).sort());
  }
  return model(call);
}

function model(call: ComposeCall): string {
  const format = call.flags.text("format") || "yaml";
  if (format !== "yaml" && format !== "json")
    throw invalidArgument(`unsupported format ${JSON.stringify(format)}`);
  if (call.flags.flag("no-interpolate")) {
    const tree = loadTree(call.source(), loadOptions(call));
    return format === "json" ? indentJson(JSON.stringify(tree)) : emitYaml(tree);
  }
  let project = load(call, call.args, {
    resolveEnvironment: true,
    discardEnvFiles: true,
  });
  if (!call.flags.flag("no-env-resolution"))
    project = withEnvironmentResolved(project, call.source().machine);
  if (!call.flags.flag("no-consistency")) checkContainerNames(project);
  const text = format === "json" ? projectToJson(project) : projectToYaml(project);
  // Read again, it must say the same.
  return text.replaceAll("$", "$$$$");
}

function loadOptions(call: ComposeCall): LoadProjectOptions {
  const { flags: given, globals } = call;
  return {
    interpolate: !given.flag("no-interpolate"),
    resolvePaths: !given.flag("no-path-resolution"),
    normalize: !given.flag("no-normalize") && !globals.flag("compatibility"),
    checkConsistency: !given.flag("no-consistency"),
  };
}

const load = (call: ComposeCall, services: readonly string[] = [], more: LoadProjectOptions = {}): Project =>
  call.project(services, { ...loadOptions(call), ...more });

/** What a service needs stands before it. */
function serviceNames(call: ComposeCall): string[] {
  const project = load(call);
  const names = new Set<string>();
  const visit = (name: string) => {
    if (names.has(name) || !(name in project.services)) return;
    for (const dependency of Object.keys(project.services[name]!.depends_on ?? {}).sort()) visit(dependency);
    names.add(name);
  };
  for (const name of Object.keys(project.services).sort()) visit(name);
  return [...names];
}

function hashes(call: ComposeCall, wanted: string): string[] {
  const project = load(call);
  const names = wanted === "*" ? Object.keys(project.services) : wanted.split(",");
  return names.sort().map((name) => {
    const service = project.services[name];
    if (!service) throw invalidArgument(`no such service: ${name}: not found`);
    return `${name} ${serviceHash(service)}`;
  });
}

function profiles(project: Project): string[] {
  const all = [...Object.values(project.services), ...Object.values(project.disabledServices)];
  return [...new Set(all.flatMap((service) => service.profiles ?? []))].sort();
}

function variables(call: ComposeCall): string {
  const tree = loadTree(call.source(), { ...loadOptions(call), interpolate: false });
  const found = [...findVariables(tree).values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const format = call.flags.text("format");
  if (format === "json") {
    const entries = found.map(({ name, defaultValue, required, presenceValue }) => [
      name,
      { Name: name, DefaultValue: defaultValue, PresenceValue: presenceValue, Required: required },
    ]);
    return `${JSON.stringify(Object.fromEntries(entries))}\n`;
  }
  if (format === "yaml") {
    return emitYaml(
      Object.fromEntries(
        found.map(({ name, defaultValue, presenceValue, required }) => [
          name,
          { name, defaultvalue: defaultValue, presencevalue: presenceValue, required },
        ]),
      ),
    );
  }
  return formatTable(
    ["NAME", "REQUIRED", "DEFAULT VALUE", "ALTERNATE VALUE"],
    found.map(({ name, required, defaultValue, presenceValue }) => [
      name,
      String(required),
      defaultValue,
      presenceValue,
    ]),
    COMPOSE_WIDTH,
  );
}
