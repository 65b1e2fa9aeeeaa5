import type { LabelSelector } from "../../../formats/index.ts";
import { groupResourceText, type KindDefinition, namespaces, pods, services } from "../../api/index.ts";
import type { MetricSeries, MetricSource } from "../../client/index.ts";
import { noSuchResource } from "../no-such-resource.ts";
import type { ResourceRequestInfo } from "../request-info.ts";
import type { ResourceCall, ServerContext } from "../server-context.ts";
import { type MetricValue, metricNotFound, selectorOf, sumOf, toldValue } from "./metric-value.ts";

/** Which objects are asked about: one by its name, or all that a selector selects (`*`). */
interface Asked {
  kind: KindDefinition;
  namespace: string;
  name: string;
  metric: string;
}

const ALL = "*";

/** The sums of a metric over all that each of the objects told. Throws NotFound. */
export async function customItems(
  context: ServerContext,
  source: MetricSource,
  { info, query }: ResourceCall,
): Promise<object[]> {
  const asked = askedFor(info);
  const { kind, namespace, name, metric } = asked;
  const bySeries = selectorOf(query.metricLabelSelector);
  const byObject = seriesByObject(source, asked, bySeries);
  const told = (object: string, value: MetricValue) => item(info.version, asked, bySeries, object, value);
  if (name !== ALL) {
    const value = sumOf(byObject.get(name) ?? []);
    if (!value) throw metricNotFound(`${metric} for ${groupResourceText(kind)} ${name}`);
    return [told(name, value)];
  }
  const byLabels = selectorOf(query.labelSelector);
  if (!source.names().some((one) => one.name === metric && (kind !== services || one.isOfService)))
    throw metricNotFound(`${metric} for ${groupResourceText(kind)}`);
  return [...(await context.lookup.list(kind, namespace))]
    .filter(({ metadata }) => byLabels.matches(metadata.labels))
    .flatMap(({ metadata }) => {
      const value = sumOf(byObject.get(metadata.name) ?? []);
      return value ? [told(metadata.name, value)] : [];
    });
}

function askedFor({ resource, namespace, name = "", subresource }: ResourceRequestInfo): Asked {
  if (namespace === undefined) throw noSuchResource();
  if (resource === "metrics" && subresource === undefined)
    return { kind: namespaces, namespace, name: namespace, metric: name };
  const kind = [pods, services].find((one) => one.resource === resource);
  if (!kind) throw metricNotFound(`${subresource} for ${resource} ${name}`.replace(/ \*$/, ""));
  return { kind, namespace, name, metric: subresource! };
}

function seriesByObject(
  source: MetricSource,
  { kind, namespace, metric }: Asked,
  selector: LabelSelector,
): Map<string, MetricSeries[]> {
  const found = new Map<string, MetricSeries[]>();
  for (const series of source.series(namespace, metric)) {
    if (!selector.matches(series.labels)) continue;
    const objects = kind === pods ? [series.pod] : kind === services ? series.services : [namespace];
    for (const object of objects) found.set(object, [...(found.get(object) ?? []), series]);
  }
  return found;
}

function item(
  version: string,
  { kind, namespace, metric }: Asked,
  bySeries: LabelSelector,
  name: string,
  value: MetricValue,
): object {
  const selector = selectorObject(bySeries);
  const describedObject = {
    kind: kind.kind,
    ...(kind === namespaces ? {} : { namespace }),
    name,
    apiVersion: kind.version,
  };
  const told = toldValue(value, "windowSeconds");
  if (version === "v1beta1") return { describedObject, metricName: metric, ...told, selector };
  return { describedObject, metric: { name: metric, selector }, ...told };
}

const OPERATORS: Record<string, string> = {
  in: "In",
  notin: "NotIn",
  "!=": "NotIn",
  exists: "Exists",
  "!": "DoesNotExist",
};

/** metav1.ParseToLabelSelector; null for the selector of everything. */
function selectorObject({ requirements }: LabelSelector): object | null {
  if (requirements.length === 0) return null;
  const equals = requirements.filter(({ operator }) => operator === "=");
  const others = requirements.filter(({ operator }) => operator !== "=");
  return {
    ...(equals.length > 0
      ? { matchLabels: Object.fromEntries(equals.map(({ key, values }) => [key, values[0]])) }
      : {}),
    ...(others.length > 0
      ? {
          matchExpressions: others.map(({ key, operator, values }) => ({
            key,
            operator: OPERATORS[operator],
            ...(values.length > 0 ? { values } : {}),
          })),
        }
      : {}),
  };
}
