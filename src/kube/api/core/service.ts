import { formatLabels } from "../../../formats/index.ts";
import { ageColumn, nameColumn, textColumn } from "../columns.ts";
import type { Service } from "../generated/types.ts";
import { keepSpec } from "../strategy.ts";
import { proxySubresource } from "../subresource.ts";
import type { KindDefinition } from "../types.ts";
import { ingressPoints } from "./service/ingress-points.ts";
import { prepareServiceForCreate, prepareServiceForUpdate, setServiceDefaults } from "./service/strategy.ts";
import { validateService, validateServiceStatusUpdate, validateServiceUpdate } from "./service/validate.ts";
import { warningsOfService, warningsOfServiceStatus } from "./service/warnings.ts";

export const services: KindDefinition<Service> = {
  group: "",
  version: "v1",
  kind: "Service",
  resource: "services",
  singular: "service",
  shortNames: ["svc"],
  categories: ["all"],
  namespaced: true,
  model: "io.k8s.api.core.v1.Service",
  subresources: [proxySubresource("ServiceProxyOptions")],
  hasStatus: true,
  nameValidation: "dns1035label",
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: true,
  defaults: setServiceDefaults,
  validate: validateService,
  validateUpdate: validateServiceUpdate,
  tellsChangesFirst: true,
  validateStatusUpdate: validateServiceStatusUpdate,
  statusWarnings: warningsOfServiceStatus,
  warnings: warningsOfService,
  prepareForCreate: prepareServiceForCreate,
  prepareForUpdate: prepareServiceForUpdate,
  prepareForStatusUpdate: keepSpec,
  selectableFields: (service) => ({
    "spec.clusterIP": service.spec.clusterIP ?? "",
    "spec.type": service.spec.type ?? "",
  }),
  returnsDeletedObject: true,
  columns: [
    nameColumn,
    textColumn("Type", (service: Service) => service.spec.type ?? ""),
    textColumn("Cluster-IP", (service: Service) => service.spec.clusterIP || "<none>"),
    textColumn("External-IP", externalIp),
    textColumn("Port(s)", portsText),
    ageColumn,
    textColumn("Selector", (service: Service) => formatLabels(service.spec.selector), { wide: true }),
  ],
};

function externalIp({ spec, status }: Service): string {
  const given = spec.externalIPs ?? [];
  switch (spec.type) {
    case "ExternalName":
      return spec.externalName ?? "";
    case "LoadBalancer": {
      const all = [...ingressPoints(status?.loadBalancer), ...given];
      return all.length === 0 ? "<pending>" : all.join(",");
    }
    case "ClusterIP":
    case "NodePort":
      return given.length === 0 ? "<none>" : given.join(",");
    default:
      return "<unknown>";
  }
}

function portsText({ spec }: Service): string {
  const pieces = (spec.ports ?? []).map(({ port, nodePort, protocol }) =>
    nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`,
  );
  return pieces.length === 0 ? "<none>" : pieces.join(",");
}
