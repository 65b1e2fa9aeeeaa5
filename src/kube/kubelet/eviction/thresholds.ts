import { formatQuantity, type QuantityFormat } from "../../../formats/index.ts";

export type EvictionSignal = "memory.available" | "nodefs.available" | "nodefs.inodesFree";
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
}

/**
 * Upstream's hard thresholds for Linux, the most urgent first. Images lie on the node's file system, which thus is the only one
 * to be looked at.
 */
export const DEFAULT_THRESHOLDS: readonly EvictionThreshold[] = [
  {
    signal: "memory.available",
    condition: "MemoryPressure",
    resource: "memory",
    minimum: () => 100 * 2 ** 20,
    format: "BinarySI",
  },
  {
    signal: "nodefs.available",
    condition: "DiskPressure",
    resource: "ephemeral-storage",
    minimum: (capacity) => Math.floor(capacity * 0.1),
    format: "BinarySI",
  },
  {
    signal: "nodefs.inodesFree",
    condition: "DiskPressure",
    resource: "inodes",
    minimum: (capacity) => Math.floor(capacity * 0.05),
    format: "DecimalSI",
  },
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
