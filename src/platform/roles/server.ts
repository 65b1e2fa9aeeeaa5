import type { Service } from "../../base/index.ts";
import type { PlatformOptions } from "../../cli/index.ts";
import { API_SERVER_FLAGS } from "../../kube/apiserver/index.ts";
import { CONTROLLER_MANAGER_FLAGS } from "../../kube/controllers/index.ts";
import type { ReverseProxy } from "../../reverse-proxy/index.ts";
import { programFlags } from "../program-flags.ts";
import { schedulerConfigurationOf } from "../scheduler-configuration.ts";
import { Slot } from "../slot.ts";
import { type ControlPlane, type ControlPlaneOptions, controlPlane } from "./control-plane.ts";
import { ingress, proxyMetrics } from "./ingress.ts";
import { localNodeClients } from "./local-node-clients.ts";
import { localServing } from "./local-serving.ts";
import { markControlPlane } from "./mark-control-plane.ts";
import { type NodeRole, type NodeRoleOptions, nodeRole } from "./node.ts";
import { simulatedNodes } from "./simulated-nodes.ts";

export interface ServerRoleOptions
  extends Pick<ControlPlaneOptions, "layout" | "config" | "logger" | "clock">,
    Pick<NodeRoleOptions, "house"> {
  options: PlatformOptions;
}

export interface ServerRole {
  plane: ControlPlane;
  services: Service[];
}

/** A control plane, and a node beside it that reaches it in the same process. */
export function serverRole({ options, house, ...common }: ServerRoleOptions): ServerRole {
  const { nodeName } = common.config;
  const proxy = new Slot<ReverseProxy>("proxy for traffic from outside");
  let node: NodeRole | undefined;
  const plane = controlPlane({
    ...common,
    programFlags: {
      apiServer: programFlags("apiServer", API_SERVER_FLAGS, options, common.config),
      controllerManager: programFlags("controllerManager", CONTROLLER_MANAGER_FLAGS, options, common.config),
    },
    networkBackend: options.networkBackend,
    schedulerConfiguration: schedulerConfigurationOf(options.schedulerConfigFile),
    localNode: (name) => (name === nodeName ? node?.kubelet.current : undefined),
    proxyMetrics: () => proxyMetrics(proxy.current, common.clock),
  });
  node = nodeRole({
    ...common,
    house,
    clients: localNodeClients(plane, nodeName),
    settings: plane.settings,
    kubelet: options.kubelet,
    serving: (names) => localServing(plane.certificates.value, nodeName, names),
    isRemote: false,
    clientsNeed: "apiserver",
  });
  const marking = markControlPlane({ plane, nodeName, logger: common.logger });
  const simulated = simulatedNodes({
    plane,
    count: options.simulatedNodes,
    hasRealNode: options.components.includes("node"),
    logger: common.logger,
    clock: common.clock,
  });
  const outside = ingress({ ...common, plane, proxy });
  return { plane, services: [...plane.services, ...node.services, simulated, marking, outside] };
}
