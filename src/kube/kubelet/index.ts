export { createKubelet, type Kubelet, type KubeletOptions } from "./kubelet.ts";
