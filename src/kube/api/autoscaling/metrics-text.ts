import type {
  V2MetricSpec,
  V2MetricStatus,
  V2MetricTarget,
  V2MetricValueStatus,
} from "../generated/types.ts";

const SHOWN = 2;
const UNKNOWN = "<unknown>";
/** A quantity that is not there, as Go prints it. */
const NIL = "<nil>";

/** Each metric's current value and target, of the first two (upstream formatHPAMetrics). */
export function metricsText(specs: readonly V2MetricSpec[], statuses: readonly V2MetricStatus[]): string {
  if (specs.length === 0) return "<none>";
  const texts = specs.slice(0, SHOWN).map((spec, index) => metricText(spec, statuses[index]));
  const more = specs.length - SHOWN;
  return texts.join(", ") + (more > 0 ? ` + ${more} more...` : "");
}

function metricText(spec: V2MetricSpec, status: V2MetricStatus | undefined): string {
  switch (spec.type) {
    case "External":
      return valueText(spec.external!.target, status?.external?.current);
    case "Object":
      return valueText(spec.object!.target, status?.object?.current);
    case "Pods":
      return `${averageText(status?.pods?.current)}/${spec.pods!.target.averageValue}`;
    case "Resource":
      return resourceText(spec.resource!, status?.resource?.current);
    case "ContainerResource":
      return resourceText(spec.containerResource!, status?.containerResource?.current);
    default:
      return "<unknown type>";
  }
}

function valueText(
  { averageValue, value }: V2MetricTarget,
  current: V2MetricValueStatus | undefined,
): string {
  if (averageValue !== undefined) return `${current?.averageValue ?? UNKNOWN}/${averageValue} (avg)`;
  return `${current === undefined ? UNKNOWN : (current.value ?? NIL)}/${value}`;
}

const averageText = (current: V2MetricValueStatus | undefined) =>
  current === undefined ? UNKNOWN : (current.averageValue ?? NIL);

function resourceText(
  { name, target }: { name: string; target: V2MetricTarget },
  current: V2MetricValueStatus | undefined,
): string {
  const { averageValue, averageUtilization } = target;
  if (averageValue !== undefined) return `${name}: ${averageText(current)}/${averageValue}`;
  const used = current?.averageUtilization;
  const wanted = averageUtilization === undefined ? "<auto>" : `${averageUtilization}%`;
  return `${name}: ${used === undefined ? UNKNOWN : `${used}%`}/${wanted}`;
}
