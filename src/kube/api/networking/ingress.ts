import { ageColumn, nameColumn, textColumn } from "../columns.ts";
import { ingressPoints } from "../core/service/ingress-points.ts";
import { invalid } from "../field-error.ts";
import type { Ingress, IngressRule } from "../generated/types.ts";
import { warningsOfIp } from "../ip-address.ts";
import { keepSpec, keepStatus } from "../strategy.ts";
import type { FieldError, KindDefinition } from "../types.ts";
import { validateIngressSpec, validateIngressStatus } from "./validate-ingress.ts";

/** How a class was named before there was a field for it. */
const CLASS_ANNOTATION = "kubernetes.io/ingress.class";
const MAX_HOSTS = 3;

export const ingresses: KindDefinition<Ingress> = {
  group: "networking.k8s.io",
  version: "v1",
  kind: "Ingress",
  resource: "ingresses",
  singular: "ingress",
  shortNames: ["ing"],
  namespaced: true,
  model: "io.k8s.api.networking.v1.Ingress",
  hasStatus: true,
  tracksGeneration: true,
  allowUnconditionalUpdate: true,
  validate: (ingress, previous) => [
    ...validateIngressSpec(ingress.spec),
    ...(previous === undefined ? validateClassAnnotation(ingress) : []),
  ],
  validateStatusUpdate: validateIngressStatus,
  warnings,
  statusWarnings: ({ status }) =>
    (status?.loadBalancer?.ingress ?? []).flatMap(({ ip = "" }, index) =>
      warningsOfIp(`status.loadBalancer.ingress[${index}]`, ip),
    ),
  prepareForCreate: (ingress) => {
    ingress.status = { loadBalancer: {} };
  },
  prepareForUpdate: keepStatus,
  prepareForStatusUpdate: keepSpec,
  columns: [
    nameColumn,
    textColumn("Class", ({ spec }: Ingress) => spec.ingressClassName ?? "<none>"),
    textColumn("Hosts", ({ spec }: Ingress) => hostsText(spec.rules ?? [])),
    textColumn("Address", ({ status }: Ingress) => ingressPoints(status?.loadBalancer).join(",")),
    textColumn("Ports", ({ spec }: Ingress) => (spec.tls?.length ? "80, 443" : "80")),
    ageColumn,
  ],
};

/** A class that is named in both ways is one. */
function validateClassAnnotation({ metadata, spec }: Ingress): FieldError[] {
  const annotated = metadata.annotations?.[CLASS_ANNOTATION];
  if (annotated === undefined || spec.ingressClassName === undefined || annotated === spec.ingressClassName)
    return [];
  const why = "must match `ingressClassName` when both are specified";
  return [invalid(`annotations.${CLASS_ANNOTATION}`, annotated, why)];
}

function warnings({ metadata, spec }: Ingress, previous?: Ingress): string[] {
  const isAnnotated = metadata.annotations?.[CLASS_ANNOTATION] !== undefined;
  if (previous !== undefined || !isAnnotated || spec.ingressClassName !== undefined) return [];
  return [`annotation "${CLASS_ANNOTATION}" is deprecated, please use 'spec.ingressClassName' instead`];
}

/** As upstream, what is more is counted from all rules, those without a host too. */
function hostsText(rules: readonly IngressRule[]): string {
  const named = rules
    .map((rule, index) => ({ host: rule.host ?? "", index }))
    .filter(({ host }) => host !== "");
  if (named.length === 0) return "*";
  const shown = named.slice(0, MAX_HOSTS);
  const isMore = shown.length === MAX_HOSTS && rules.length > shown.at(-1)!.index + 1;
  const text = shown.map(({ host }) => host).join(",");
  return isMore ? `${text} + ${rules.length - MAX_HOSTS} more...` : text;
}
