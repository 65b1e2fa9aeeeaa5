import { isGantryError } from "../../base/index.ts";
import { type ContainerInspect, type ContainerSummary, type Query, readLines } from "../docker/index.ts";
import type { ComposeContext } from "./compose-context.ts";
import { byName, findContainer, listContainers, ofServices, shortName } from "./containers.ts";
import type { LogConsumer } from "./log-consumer.ts";
import { Monitor, statusOf } from "./monitor.ts";
import { all } from "./walk-services.ts";

export interface LogOptions {
  follow: boolean;
  services: readonly string[];
  /** Services of the files; containers of others are not shown where it is known. */
  known?: readonly string[];
  index: number;
  tail?: string;
  since?: string;
  until?: string;
  timestamps: boolean;
  signal: AbortSignal;
}

/** Shows what a project's containers have said, and with `follow` what they say. */
export async function showLogs(
  context: ComposeContext,
  project: string,
  consumer: LogConsumer,
  options: LogOptions,
): Promise<void> {
  const { client } = context;
  const query = { oneOff: "exclude", all: true } as const;
  let containers =
    options.index > 0
      ? [await findContainer(client, project, options.services[0] ?? "", options.index, query)]
      : await listContainers(client, project, { ...query, services: options.services });
  const services = options.services.length > 0 ? options.services : (options.known ?? []);
  if (services.length > 0) containers = containers.filter(ofServices(services));
  containers.sort(byName);
  for (const container of containers) consumer.register(shortName(container, context.separator));
  const reading = new Set<string>();
  const read = async (id: string, source: string, more: Query = {}) => {
    reading.add(id);
    await readLogs(context, id, source, consumer, { ...queryOf(options), ...more }, options.signal);
    reading.delete(id);
  };
  const work = containers.map((container) => read(container.Id, shortName(container, context.separator)));
  if (options.follow) work.push(follow(context, project, services, consumer, options, reading, read));
  await all(work);
}

function queryOf({ follow, tail, since, until, timestamps }: LogOptions): Query {
  return { follow: follow ? 1 : undefined, tail, since, until, timestamps: timestamps ? 1 : undefined };
}

async function follow(
  context: ComposeContext,
  project: string,
  services: readonly string[],
  consumer: LogConsumer,
  options: LogOptions,
  reading: ReadonlySet<string>,
  read: (id: string, source: string, more: Query) => Promise<void>,
): Promise<void> {
  const started: Promise<void>[] = [];
  const monitor = new Monitor(context, {
    project,
    services,
    signal: options.signal,
    listener: (event) => {
      const status = statusOf(event);
      if (status) consumer.status(status.source, status.text);
      if (event.kind === "started" && !reading.has(event.id)) {
        started.push(startedAt(context, event.id).then((since) => read(event.id, event.source, { since })));
      }
    },
  });
  await monitor.run();
  await all(started);
}

export async function startedAt({ client }: ComposeContext, id: string): Promise<string> {
  const { State: state } = await client.get<ContainerInspect>(`/containers/${id}/json`);
  return state.StartedAt;
}

/** Passes the lines of one container on. */
export async function readLogs(
  context: ComposeContext,
  id: string,
  source: string,
  consumer: LogConsumer,
  query: Query,
  signal: AbortSignal,
): Promise<void> {
  const { client } = context;
  try {
    const { Config: config } = await client.get<ContainerInspect>(`/containers/${id}/json`);
    const stream = await client.stream("GET", `/containers/${id}/logs`, {
      query: { stdout: 1, stderr: 1, ...query },
      signal,
    });
    await readLines(stream, config.Tty, (line) => consumer.log(source, line));
  } catch (error) {
    if (signal.aborted) return;
    // Its log driver keeps nothing that could be read.
    if (isGantryError(error, "NotImplemented")) {
      context.warn(`Can't retrieve logs for ${JSON.stringify(source)}: ${(error as Error).message}`);
      return;
    }
    if (isGantryError(error, "NotFound")) return;
    throw error;
  }
}

/** Passes on what a container says from now on, both streams. */
export async function attachOutput(
  context: ComposeContext,
  container: ContainerSummary,
  consumer: LogConsumer,
): Promise<{ ended: Promise<void>; close(): void }> {
  const { client } = context;
  const { Config: config } = await client.get<ContainerInspect>(`/containers/${container.Id}/json`);
  const source = shortName(container, context.separator);
  const socket = await client.hijack(`/containers/${container.Id}/attach`, {
    query: { stream: 1, stdout: 1, stderr: 1 },
  });
  const ended = readLines(socket, config.Tty, (line, from) =>
    from === "stderr" ? consumer.error(source, line) : consumer.log(source, line),
  ).catch(() => {});
  return { ended, close: () => socket.destroy() };
}
