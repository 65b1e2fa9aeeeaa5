/** What pods told of themselves lately, for custom.metrics.k8s.io and external.metrics.k8s.io. */
export interface MetricSource {
  /** Every metric that there is a value of. */
  names(): readonly MetricName[];
  /** The values of a metric in a namespace, one for each pod and set of labels. */
  series(namespace: string, metric: string): readonly MetricSeries[];
}

export interface MetricName {
  name: string;
  /** Whether a Service's endpoints told it. */
  isOfService: boolean;
}

export interface MetricSeries {
  /** Who told it. */
  pod: string;
  /** Those whose endpoint the pod told it as; none where the pod's own annotations said where. */
  services: readonly string[];
  labels: Readonly<Record<string, string>>;
  value: number;
  atMs: number;
  /** Over which time it was worked out, where it is no value of a moment. */
  windowMs?: number;
}
