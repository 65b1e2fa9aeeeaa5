export { IngressController, type IngressControllerOptions } from "./controller/ingress-controller.ts";
export type * from "./proxy-control.ts";
