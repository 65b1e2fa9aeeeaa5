import { goBoolProblem, parseGoBool } from "../../formats/index.ts";
import type { LogLimits } from "../../runtime/index.ts";
import type { Container } from "../containers/container.ts";
import type { EngineContext } from "../context.ts";
import { invalidRequest } from "../errors.ts";
import type { HostConfig } from "../types.ts";
import { LOG_DRIVERS } from "./drivers/drivers.ts";

/** The kubelet's defaults, containerLogMaxSize and containerLogMaxFiles. */
const CRI_LIMITS: LogLimits = { maxBytes: 10 * 1024 ** 2, maxFiles: 5 };
/** Those of the driver "local"; json-file has none. */
const LOCAL_LIMITS: LogLimits = { maxBytes: 20 * 1024 ** 2, maxFiles: 5 };

const invalidLogging = (why: string) => invalidRequest(`failed to initialize logging driver: ${why}`);

/** `--log-opt max-size=10m --log-opt max-file=3`; undefined when the log may grow without end, json-file's default. */
export function logLimits(hostConfig: HostConfig): LogLimits | undefined {
  const { Type = "json-file", Config } = hostConfig.LogConfig ?? {};
  const isHandedOn = Object.hasOwn(LOG_DRIVERS, Type);
  const defaults = Type === "local" || isHandedOn ? LOCAL_LIMITS : undefined;
  // What stands beside a driver that hands lines on has the limits of the driver "local".
  const option = (name: string) => Config?.[isHandedOn ? `cache-${name}` : name];
  const [size, files, compress] = [option("max-size"), option("max-file"), option("compress")];
  const maxBytes = size === undefined ? defaults?.maxBytes : sizeBytes(size);
  const maxFiles = files === undefined ? (defaults?.maxFiles ?? 1) : fileCount(files);
  if (compress !== undefined) checkCompress(compress, Type, maxBytes, maxFiles);
  return maxBytes === undefined ? undefined : { maxBytes, maxFiles };
}

const UNITS = ["", "k", "m", "g", "t", "p"];

/** As units.FromHumanSize reads it: in steps of 1000, whatever the suffix. */
function sizeBytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?) ?(?:b|([kmgtp])(?:i?b)?)?$/i.exec(text);
  if (!match) throw invalidLogging(`invalid size: '${text}'`);
  const bytes = Math.trunc(Number(match[1]) * 1000 ** UNITS.indexOf((match[2] ?? "").toLowerCase()));
  if (bytes <= 0) throw invalidLogging("max-size must be a positive number");
  return bytes;
}

function fileCount(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw invalidLogging(`strconv.Atoi: parsing "${text}": invalid syntax`);
  if (Number(text) < 1) throw invalidLogging("max-file cannot be less than 1");
  return Number(text);
}

/** Checked as the original does; rotated files are kept as they are. */
function checkCompress(
  text: string,
  type: string | undefined,
  maxBytes: number | undefined,
  maxFiles: number,
): void {
  const isWanted = parseGoBool(text);
  if (isWanted === undefined) throw invalidLogging(goBoolProblem(text));
  if (!isWanted) return;
  if (type === "local" && maxFiles <= 1)
    throw invalidLogging("compression cannot be enabled when max file count is 1");
  if (type !== "local" && (maxFiles === 1 || maxBytes === undefined)) {
    throw invalidLogging("compress cannot be true when max-file is less than 2 or max-size is not set");
  }
}

/** From a start (or its adoption) on, until its end: keeps the log within its limits. */
export function keepLog(context: EngineContext, container: Container): void {
  const limits = limitsOf(container);
  if (limits) context.runtime.keepLog(container.id, container.record.logPath, limits);
}

/** The container has ended: its log is whole and in its place when this resolves. */
export async function settleLog(context: EngineContext, container: Container): Promise<void> {
  if (!limitsOf(container)) return;
  try {
    await context.runtime.settleLog(container.id, container.record.logPath);
  } catch (error) {
    context.logger.warn("a log could not be put in its place", { container: container.id, error });
  }
}

function limitsOf(container: Container): LogLimits | undefined {
  return container.isCri ? CRI_LIMITS : logLimits(container.record.hostConfig);
}
