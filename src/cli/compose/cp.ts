import { statSync } from "node:fs";
import { invalidArgument, notFound } from "../../base/index.ts";
import {
  all,
  type ContainerSummary,
  containerName,
  copyFromContainer,
  copyToContainer,
  findContainer,
  LABEL,
  listContainers,
} from "../../compose/index.ts";
import type { ComposeCall } from "./compose-call.ts";
import { usage } from "./flags.ts";
import type { Verb } from "./verb.ts";

export const cp: Verb = {
  summary: "Copy files/folders between a service container and the local filesystem",
  usage: ["[OPTIONS] SERVICE:SRC_PATH DEST_PATH|-", "[OPTIONS] SRC_PATH|- SERVICE:DEST_PATH"],
  args: { min: 2, max: 2 },
  flags: {
    all: { type: "flag", help: "Include containers created by the run command" },
    archive: { short: "a", type: "flag", help: "Archive mode (copy all uid/gid information)" },
    "follow-link": { short: "L", type: "flag", help: "Always follow symbol link in SRC_PATH" },
    index: { type: "number", help: "Index of the container if service has multiple replicas" },
  },
  async run(call) {
    const [source = "", destination = ""] = call.args;
    if (source === "") throw usage("source can not be empty");
    if (destination === "") throw usage("destination can not be empty");
    const from = splitPlace(source);
    const to = splitPlace(destination);
    if (from.service !== undefined && to.service !== undefined) {
      throw usage("copying between services is not supported");
    }
    if (from.service !== undefined) return copyOut(call, from.service, from.path, to.path);
    if (to.service !== undefined) return copyIn(call, to.service, from.path, to.path);
    throw usage("unknown copy direction");
  },
};

/** `web:/etc/hosts`; what begins with `/` or `.` is a path here. */
function splitPlace(text: string): { service?: string; path: string } {
  const colon = text.indexOf(":");
  if (/^[/.]/.test(text) || colon < 0) return { path: text };
  return { service: text.slice(0, colon), path: text.slice(colon + 1) };
}

async function copyOut(
  call: ComposeCall,
  service: string,
  path: string,
  destination: string,
): Promise<number> {
  const index = call.flags.number("index") ?? 0;
  const query = { oneOff: call.flags.flag("all") ? "include" : "exclude", all: true } as const;
  const name = call.projectName();
  const own = await listContainers(call.client, name, { ...query, services: [service], number: index });
  if (own.length === 0) throw notFound(`no container found for service ${JSON.stringify(service)}`);
  const container = await findContainer(call.client, name, service, index, query);
  if (destination === "-") throw usage("copying to standard output is not implemented by gantry compose cp");
  await call.withEngine("Copying", async ({ report }) => {
    const event = `${containerName(container)}:${path} to ${destination}`;
    report.working(event, "Copying");
    await copyFromContainer(call.client, container.Id, path, destination, call.flags.flag("follow-link"));
    report.done(event, "Copied");
  });
  return 0;
}

async function copyIn(call: ComposeCall, service: string, source: string, path: string): Promise<number> {
  if (source === "-") throw usage("copying from standard input is not implemented by gantry compose cp");
  if (!statSync(source, { throwIfNoEntry: false })) {
    throw invalidArgument(`lstat ${source}: no such file or directory`);
  }
  const containers = await targets(call, service);
  await call.withEngine("Copying", async ({ report }) => {
    await all(
      containers.map(async (container) => {
        const event = `${containerName(container)}:${path} from ${source}`;
        report.working(event, "Copying");
        await copyToContainer(call.client, container.Id, source, path, {
          followLink: call.flags.flag("follow-link"),
          keepOwners: call.flags.flag("archive"),
        });
        report.done(event, "Copied");
      }),
    );
  });
  return 0;
}

/** Into all of a service's containers, unless one is chosen. */
async function targets(call: ComposeCall, service: string): Promise<ContainerSummary[]> {
  const containers = await listContainers(call.client, call.projectName(), {
    oneOff: call.flags.flag("all") ? "include" : "exclude",
    all: true,
    services: [service],
    number: call.flags.number("index") ?? 0,
  });
  if (containers.length === 0) throw notFound(`no container found for service ${JSON.stringify(service)}`);
  return containers.filter(({ Labels: labels }) => labels[LABEL.service] === service);
}
