export { KubeProxy, type KubeProxyOptions, removeServiceTable, serviceTableName } from "./kube-proxy.ts";
