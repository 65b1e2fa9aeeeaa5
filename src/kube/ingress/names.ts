/** By these names classes say that they are this controller's. */
export const INGRESS_CONTROLLER = "gantry.dev/ingress";
export const GATEWAY_CONTROLLER = "gantry.dev/gateway";

/** Of the IngressClass and the GatewayClass that are made at the start. */
export const CLASS_NAME = "gantry";

export const DEFAULT_INGRESS_CLASS = "ingressclass.kubernetes.io/is-default-class";
/** How Ingresses said their class before there was a field for it. */
export const CLASS_ANNOTATION = "kubernetes.io/ingress.class";
