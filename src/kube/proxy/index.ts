export { HEALTH_PORT } from "./health/health-port.ts";
export {
  KubeProxy,
  type KubeProxyOptions,
  type LeavingPod,
  removeServiceTable,
  serviceTableName,
} from "./kube-proxy.ts";
