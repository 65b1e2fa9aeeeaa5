import { errorMessage, GantryError, readRecord, writeFileDurably } from "../../base/index.ts";
import { hostInfo } from "../../kernel/index.ts";
import type { Container } from "../containers/container.ts";
import { type EngineContext, inBackground } from "../context.ts";
import { LOG_DRIVERS } from "./drivers/drivers.ts";
import type { LogDriver, LogInfo } from "./drivers/types.ts";
import { LogForwarder } from "./log-forwarder.ts";
import { timestamp } from "./timestamps.ts";

interface Progress {
  after: string;
}

const progressPath = (container: Container) => container.path("log-forwarded.json");

function driverOf(container: Container): LogDriver | undefined {
  const type = container.record.hostConfig.LogConfig?.Type ?? "";
  return Object.hasOwn(LOG_DRIVERS, type) ? LOG_DRIVERS[type] : undefined;
}

/** Before a start: the container's driver has its receiver, and misses nothing from here on. */
export async function startForwarding(context: EngineContext, container: Container): Promise<void> {
  const driver = driverOf(container);
  if (!driver) return;
  await container.forwardingEnded;
  try {
    await forward(context, container, driver, undefined);
  } catch (error) {
    if (!(error instanceof GantryError)) throw error;
    throw new GantryError(
      "Internal",
      `failed to create task for container: failed to initialize logging driver: ${error.message}`,
      { code: "Engine.LogDriver", cause: error },
    );
  }
}

/** Of a run that was going on before the program was started: from the line after the last one that was handed on. */
export function resumeForwarding(context: EngineContext, container: Container): void {
  const driver = driverOf(container);
  if (!driver) return;
  inBackground(context, "handing on a container's log", async () => {
    const file = await readRecord<Progress>(progressPath(container));
    const after = file.state === "present" ? file.record.after : container.record.state.StartedAt;
    for (
      let waitMs = 100;
      container.hasProcess && !context.shuttingDown;
      waitMs = Math.min(waitMs * 2, 5_000)
    ) {
      try {
        await forward(context, container, driver, after);
        return;
      } catch (error) {
        context.logger.warn("a container's log driver has no receiver; it is tried again", {
          container: container.id,
          error: errorMessage(error),
        });
        await context.clock.sleep(waitMs);
      }
    }
  });
}

async function forward(
  context: EngineContext,
  container: Container,
  driver: LogDriver,
  after: string | undefined,
): Promise<void> {
  const sink = await driver.open(logInfo(container), context.clock);
  const forwarder = new LogForwarder({
    logPath: container.record.logPath,
    sink,
    clock: context.clock,
    logger: context.logger,
    after,
    onProgress: (last) => saveProgress(context, container, last),
  });
  await forwarder.start();
  if (after === undefined) saveProgress(context, container, timestamp(context.clock.nowMs()));
  container.forwarder = forwarder;
}

function saveProgress(context: EngineContext, container: Container, after: string): void {
  if (container.removed) return;
  const saving = writeFileDurably(progressPath(container), JSON.stringify({ after }));
  saving.catch((error) => context.logger.debug("a log's progress was not saved", { error }));
}

/** The run has ended: what it wrote last is handed on while nobody waits for it, but for the next run. */
export function endForwarding(context: EngineContext, container: Container): void {
  const { forwarder } = container;
  if (!forwarder) return;
  container.forwarder = undefined;
  const release = container.holdFiles();
  container.forwardingEnded = forwarder.end().finally(release);
  inBackground(context, "handing on the end of a container's log", () => container.forwardingEnded);
}

/** The program ends, and the container goes on: the next one continues. */
export function leaveForwarding(container: Container): void {
  container.forwarder?.stop();
  container.forwarder = undefined;
}

function logInfo({ id, record }: Container): LogInfo {
  const { config, hostConfig } = record;
  return {
    options: hostConfig.LogConfig?.Config ?? {},
    containerId: id,
    containerName: record.name,
    entrypoint: record.path,
    args: record.args,
    imageId: record.imageId,
    imageName: config.Image,
    created: record.created,
    env: config.Env ?? [],
    labels: config.Labels ?? {},
    hostname: hostInfo().hostname,
  };
}
