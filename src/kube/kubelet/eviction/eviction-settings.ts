import { invalidArgument } from "../../../base/index.ts";
import { goDurationProblem, parseGoDuration, parseQuantity, quantityValue } from "../../../formats/index.ts";
import { DEFAULT_THRESHOLDS, type EvictionThreshold, SIGNALS } from "./thresholds.ts";

/** The kubelet's flags about eviction, without their dashes, and their texts. */
export type EvictionFlags = Partial<Record<EvictionFlag, string>>;
type EvictionFlag = (typeof EVICTION_FLAGS)[number];

export const EVICTION_FLAGS = [
  "eviction-hard",
  "eviction-soft",
  "eviction-soft-grace-period",
  "eviction-max-pod-grace-period",
  "eviction-pressure-transition-period",
] as const;

export interface EvictionSettings {
  thresholds: readonly EvictionThreshold[];
  /** The most that a pod gets that is ended for a soft threshold. */
  maxPodGraceSeconds: number;
  /** How long a node says that it is under pressure after it was. */
  transitionMs: number;
}

export const DEFAULT_EVICTION: EvictionSettings = {
  thresholds: DEFAULT_THRESHOLDS,
  maxPodGraceSeconds: 0,
  transitionMs: 5 * 60_000,
};

/** Throws InvalidArgument with upstream's words where the kubelet would not start. */
export function readEvictionSettings(flags: EvictionFlags): EvictionSettings {
  const hard = flags["eviction-hard"];
  const graces = gracePeriods(pairs("eviction-soft-grace-period", flags, "="));
  const soft = thresholdsOf(pairs("eviction-soft", flags, "<")).map((threshold) => {
    const graceMs = graces.get(threshold.signal);
    if (graceMs !== undefined) return { ...threshold, graceMs };
    throw refused(`grace period must be specified for the soft eviction threshold ${threshold.signal}`);
  });
  const hardThresholds =
    hard === undefined ? DEFAULT_THRESHOLDS : thresholdsOf(pairs("eviction-hard", flags, "<"));
  const transition = flags["eviction-pressure-transition-period"];
  return {
    thresholds: [...hardThresholds, ...soft],
    maxPodGraceSeconds: maxPodGrace(flags["eviction-max-pod-grace-period"]),
    transitionMs: transition === undefined ? DEFAULT_EVICTION.transitionMs : durationMs(transition),
  };
}

function refused(message: string) {
  return invalidArgument(message, { code: "Kubelet.Eviction" });
}

/** `memory.available<100Mi,nodefs.available<10%`. */
function pairs(flag: EvictionFlag, flags: EvictionFlags, separator: "<" | "="): [string, string][] {
  return (flags[flag] ?? "")
    .split(",")
    .filter((text) => text.trim() !== "")
    .map((text) => {
      const at = text.indexOf(separator);
      if (at < 0) throw refused(`--${flag}: malformed pair, expect string${separator}string`);
      return [text.slice(0, at).trim(), text.slice(at + 1).trim()];
    });
}

function thresholdsOf(statements: [string, string][]): EvictionThreshold[] {
  const minimums = new Map(statements);
  const found = [...minimums].flatMap(([name, text]) => {
    const known = signalOf(name);
    const minimum = minimumOf(known.signal, text);
    return minimum ? [{ ...known, minimum }] : [];
  });
  // The most urgent first, in whatever order they were named.
  return SIGNALS.flatMap(({ signal }) => found.filter((threshold) => threshold.signal === signal));
}

function signalOf(name: string) {
  const known = SIGNALS.find(({ signal }) => signal === name);
  if (!known) throw refused(`unsupported eviction signal ${name}`);
  return known;
}

/** Undefined for what is never met. */
function minimumOf(signal: string, text: string): EvictionThreshold["minimum"] | undefined {
  if (text === "0%" || text === "100%") return undefined;
  if (text.endsWith("%")) {
    const percentage = Number(text.slice(0, -1) || "x");
    if (Number.isNaN(percentage))
      throw refused(`strconv.ParseFloat: parsing ${JSON.stringify(text.slice(0, -1))}: invalid syntax`);
    if (percentage < 0) throw refused(`eviction percentage threshold ${signal} must be >= 0%: ${text}`);
    if (percentage > 100) throw refused(`eviction percentage threshold ${signal} must be <= 100%: ${text}`);
    return (capacity) => Math.floor((capacity * percentage) / 100);
  }
  if (parseQuantity(text).nanos <= 0n)
    throw refused(`eviction threshold ${signal} must be positive: ${text}`);
  const amount = quantityValue(text);
  return () => amount;
}

function gracePeriods(statements: [string, string][]): Map<string, number> {
  return new Map(
    statements.map(([name, text]) => {
      const graceMs = durationMs(text);
      if (graceMs < 0)
        throw refused(`invalid eviction grace period specified: ${text}, must be a positive value`);
      return [signalOf(name).signal, graceMs];
    }),
  );
}

function durationMs(text: string): number {
  const nanos = parseGoDuration(text);
  if (nanos === undefined) throw refused(goDurationProblem(text) ?? `time: invalid duration ${text}`);
  return nanos / 1e6;
}

function maxPodGrace(text: string | undefined): number {
  if (text === undefined) return DEFAULT_EVICTION.maxPodGraceSeconds;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw refused(`--eviction-max-pod-grace-period takes a number of seconds, not ${JSON.stringify(text)}`);
}
