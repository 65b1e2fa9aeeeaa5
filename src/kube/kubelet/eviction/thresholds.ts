import { formatQuantity, type QuantityFormat } from "../../../formats/index.ts";

export type EvictionSignal =
  | "memory.available"
  | "nodefs.available"
  | "nodefs.inodesFree"
  | "imagefs.available"
  | "imagefs.inodesFree";
export type PressureCondition = "MemoryPressure" | "DiskPressure";
export type StarvedResource = "memory" | "ephemeral-storage" | "inodes";

/** What there is of something, in bytes or in numbers. */
export interface Observation {
  available: number;
  capacity: number;
}

export type Observations = ReadonlyMap<EvictionSignal, Observation>;

export interface EvictionThreshold {
  signal: EvictionSignal;
  condition: PressureCondition;
  resource: StarvedResource;
  /** With less than this available the node is under pressure. */
  minimum: (capacity: number) => number;
  format: QuantityFormat;
  /** A soft one: so long it may be met before a pod has to go. */
  graceMs?: number;
}

/** What can be watched, the most urgent first. Images lie on the node's file system: theirs are the same figures. */
export const SIGNALS: readonly Omit<EvictionThreshold, "minimum">[] = [
  { signal: "memory.available", condition: "MemoryPressure", resource: "memory", format: "BinarySI" },
  {
    signal: "nodefs.available",
    condition: "DiskPressure",
    resource: "ephemeral-storage",
    format: "BinarySI",
  },
  { signal: "nodefs.inodesFree", condition: "DiskPressure", resource: "inodes", format: "DecimalSI" },
  {
    signal: "imagefs.available",
    condition: "DiskPressure",
    resource: "ephemeral-storage",
    format: "BinarySI",
  },
  { signal: "imagefs.inodesFree", condition: "DiskPressure", resource: "inodes", format: "DecimalSI" },
];

const of = (name: EvictionSignal) => SIGNALS.find(({ signal }) => signal === name)!;

/** Upstream's hard thresholds for Linux, but for those of images, which lie on the node's file system. */
export const DEFAULT_THRESHOLDS: readonly EvictionThreshold[] = [
  { ...of("memory.available"), minimum: () => 100 * 2 ** 20 },
  { ...of("nodefs.available"), minimum: (capacity) => Math.floor(capacity * 0.1) },
  { ...of("nodefs.inodesFree"), minimum: (capacity) => Math.floor(capacity * 0.05) },
];

/** Those that are met, in the order of the list. What cannot be observed is not met. */
export function thresholdsMet(
  thresholds: readonly EvictionThreshold[],
  observations: Observations,
): EvictionThreshold[] {
  return thresholds.filter(({ signal, minimum }) => {
    const seen = observations.get(signal);
    return seen !== undefined && seen.available < minimum(seen.capacity);
  });
}

/** An amount as messages have it: `100Mi`, `52428`. */
export function amountText(amount: number, format: QuantityFormat): string {
  return formatQuantity({ nanos: BigInt(Math.round(amount)) * 1_000_000_000n, format });
}
