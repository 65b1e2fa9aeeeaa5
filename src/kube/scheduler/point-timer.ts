/** The points of the framework, as metrics name them. */
export type Point =
  | "PreFilter"
  | "Filter"
  | "PostFilter"
  | "PreScore"
  | "Score"
  | "Reserve"
  | "PreBind"
  | "Bind"
  | "PostBind"
  | "Unreserve";

export type PointStatus = "Success" | "Unschedulable" | "UnschedulableAndUnresolvable" | "Error";

/** Takes the time of a point of the framework. */
export interface PointTimer {
  measure<T>(point: Point, work: () => T, statusOf?: (result: T) => PointStatus): T;
}

export const NO_TIMER: PointTimer = { measure: (_point, work) => work() };
