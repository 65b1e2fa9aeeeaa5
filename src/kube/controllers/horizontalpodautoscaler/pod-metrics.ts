/** What one pod uses: thousandths of the metric's unit, over a window of time that ended at a moment. */
export interface PodMetric {
  atMs: number;
  windowMs: number;
  milliValue: number;
}

/** By the pods' names. */
export type PodMetrics = Map<string, PodMetric>;

export const ofNoTime = (milliValue: number): PodMetric => ({ atMs: 0, windowMs: 0, milliValue });
