import { rotateLog } from "../../runtime/index.ts";
import type { Container } from "../containers/container.ts";
import { type EngineContext, inBackground } from "../context.ts";
import { invalidRequest } from "../errors.ts";
import type { HostConfig } from "../types.ts";

const LOOK_EVERY_MS = 1000;
/** The kubelet's defaults. */
const CRI_MAX_BYTES = 10 * 1024 * 1024;
const CRI_MAX_FILES = 5;

export interface LogLimits {
  maxBytes: number;
  maxFiles: number;
}

const UNITS: Record<string, number> = { "": 1, b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** `--log-opt max-size=10m --log-opt max-file=3`; undefined when the log may grow without end, Docker's default. */
export function logLimits(hostConfig: HostConfig): LogLimits | undefined {
  const { "max-size": size, "max-file": files } = hostConfig.LogConfig?.Config ?? {};
  if (files !== undefined && !/^[1-9]\d*$/.test(files))
    throw invalidRequest("failed to initialize logging driver: max-file cannot be less than 1");
  if (size === undefined || size === "-1") return undefined;
  const match = /^(\d+)\s*([bkmg]?)b?$/i.exec(size);
  if (!match) throw invalidRequest(`failed to initialize logging driver: invalid size: '${size}'`);
  return { maxBytes: Number(match[1]) * UNITS[match[2]!.toLowerCase()]!, maxFiles: Number(files ?? 1) };
}

/** Keeps the logs of running containers within their limits. Returns how to stop. */
export function rotateLogs(context: EngineContext): () => void {
  let busy = false;
  return context.clock.every(
    LOOK_EVERY_MS,
    () => {
      if (busy) return;
      busy = true;
      inBackground(context, "rotating logs", async () => {
        try {
          for (const container of context.containers.all()) await rotate(context, container);
        } finally {
          busy = false;
        }
      });
    },
    { unref: true },
  );
}

async function rotate(context: EngineContext, container: Container): Promise<void> {
  if (!container.hasProcess) return;
  const limits = container.isCri
    ? { maxBytes: CRI_MAX_BYTES, maxFiles: CRI_MAX_FILES }
    : logLimits(container.record.hostConfig);
  if (!limits) return;
  try {
    await rotateLog(container.record.logPath, limits, () => context.runtime.reopenLog(container.id));
  } catch (error) {
    if (container.hasProcess)
      context.logger.warn("a log could not be rotated", { container: container.id, error });
  }
}
