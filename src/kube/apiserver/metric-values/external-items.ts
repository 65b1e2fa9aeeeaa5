import type { MetricSeries, MetricSource } from "../../client/index.ts";
import type { ResourceCall } from "../server-context.ts";
import { metricNotFound, selectorOf, toldValue } from "./metric-value.ts";

/** The series of a metric in a namespace that a selector of their labels selects, each for itself. Throws NotFound where nobody tells such a metric. */
export function externalItems(source: MetricSource, { info, query }: ResourceCall): object[] {
  const metricName = info.resource;
  const selector = selectorOf(query.labelSelector);
  if (!source.names().some(({ name }) => name === metricName)) throw metricNotFound(metricName);
  return source
    .series(info.namespace!, metricName)
    .map((series) => ({ series, metricLabels: labelsOf(info.namespace!, series) }))
    .filter(({ metricLabels }) => selector.matches(metricLabels))
    .map(({ series, metricLabels }) => ({ metricName, metricLabels, ...toldValue(series, "window") }));
}

/** Those of the series, and who told it; what the series says of the same name steps aside, as in Prometheus. */
function labelsOf(namespace: string, { pod, services, labels }: MetricSeries): Record<string, string> {
  const [service] = services;
  const own = { namespace, pod, ...(service === undefined ? {} : { service }) };
  const entries = Object.entries(labels).map(([name, value]) => [
    Object.hasOwn(own, name) ? `exported_${name}` : name,
    value,
  ]);
  return { ...Object.fromEntries(entries), ...own };
}
