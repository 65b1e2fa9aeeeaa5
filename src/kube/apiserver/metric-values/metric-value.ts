import { rfc3339Seconds } from "../../../base/index.ts";
import { formatQuantity, type LabelSelector, parseLabelSelector } from "../../../formats/index.ts";
import { failureStatus, StatusError, statusBadRequest } from "../../api/index.ts";
import type { MetricSeries } from "../../client/index.ts";

/** A value of a moment, or of a time that ended then. */
export interface MetricValue {
  value: number;
  atMs: number;
  windowMs?: number;
}

/** As both APIs tell a value; what the window is called differs. */
export function toldValue({ value, atMs, windowMs }: MetricValue, windowField: "windowSeconds" | "window") {
  return {
    timestamp: rfc3339Seconds(atMs),
    ...(windowMs === undefined ? {} : { [windowField]: Math.round(windowMs / 1000) }),
    value: quantityOf(value),
  };
}

/** As old as the oldest of them. Undefined for none. */
export function sumOf(series: readonly MetricSeries[]): MetricValue | undefined {
  if (series.length === 0) return undefined;
  const windows = series.flatMap(({ windowMs }) => windowMs ?? []);
  return {
    value: series.reduce((sum, { value }) => sum + value, 0),
    atMs: Math.min(...series.map(({ atMs }) => atMs)),
    ...(windows.length > 0 ? { windowMs: Math.max(...windows) } : {}),
  };
}

const MAX_MILLI = 2 ** 63 - 1024;

/** In thousandths; what is no number is nothing. */
function quantityOf(value: number): string {
  const milli = Number.isNaN(value) ? 0 : Math.max(-MAX_MILLI, Math.min(MAX_MILLI, Math.trunc(value * 1000)));
  return formatQuantity({ nanos: BigInt(milli) * 1_000_000n, format: "DecimalSI" });
}

/** Of a query parameter; an empty one selects everything. Throws BadRequest. */
export function selectorOf(text: string | undefined): LabelSelector {
  try {
    return parseLabelSelector(text ?? "");
  } catch (error) {
    throw statusBadRequest((error as Error).message);
  }
}

/** custom-metrics-apiserver NewMetricNotFoundError and its like. */
export function metricNotFound(what: string): StatusError {
  return new StatusError(failureStatus(404, "NotFound", `the server could not find the metric ${what}`));
}
