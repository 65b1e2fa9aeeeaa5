export {
  KubeProxy,
  type KubeProxyOptions,
  type LeavingPod,
  removeServiceTable,
  serviceTableName,
} from "./kube-proxy.ts";
