import type { SchedulingPlugin } from "./framework.ts";

/** The points of the framework, as metrics name them. */
export type Point =
  | "PreFilter"
  | "Filter"
  | "PostFilter"
  | "PreScore"
  | "Score"
  | "ScoreExtensionNormalize"
  | "Reserve"
  | "PreBind"
  | "Bind"
  | "PostBind"
  | "Unreserve";

export type PointStatus = "Success" | "Unschedulable" | "UnschedulableAndUnresolvable" | "Error";
export type PluginStatus = PointStatus | "Skip";

/** Takes the times of a profile's points and plugins. */
export interface PointTimer {
  measure<T>(point: Point, work: () => T, statusOf?: (result: T) => PointStatus): T;
  /** Begins what ends beside the loop; the function that is returned is called at its end. */
  begin(point: Point): (status: PointStatus) => void;
  /** Whether the single plugins' times are taken in the attempt that begins. */
  isSampled(): boolean;
  measurePlugin<T>(point: Point, plugin: string, work: () => T, statusOf?: (result: T) => PluginStatus): T;
  /** The plugin was asked so often. */
  evaluated(point: Point, plugin: Pick<SchedulingPlugin, "name">, count: number): void;
}

export const NO_TIMER: PointTimer = {
  measure: (_point, work) => work(),
  begin: () => () => {},
  isSampled: () => false,
  measurePlugin: (_point, _plugin, work) => work(),
  evaluated: () => {},
};
