import { defaultClass, type IngressClass, ingressClasses } from "../api/index.ts";
import type { KindDefinition } from "../api/types.ts";
import type { KubeClient } from "../client/types.ts";
import { CLASS_NAME, DEFAULT_INGRESS_CLASS, GATEWAY_CONTROLLER, INGRESS_CONTROLLER } from "./names.ts";

/** Makes the class where it is missing. It becomes the default one unless another is: what a person has changed or chosen stays. */
export async function provideIngressClass(client: KubeClient): Promise<void> {
  const { items } = await client.list<IngressClass>(ingressClasses);
  if (items.some(({ metadata }) => metadata.name === CLASS_NAME)) return;
  const isDefault = defaultClass(items, DEFAULT_INGRESS_CLASS) === undefined;
  await client.create(ingressClasses, {
    metadata: { name: CLASS_NAME, annotations: { [DEFAULT_INGRESS_CLASS]: String(isDefault) } },
    spec: { controller: INGRESS_CONTROLLER },
  });
}

/** Likewise for Gateways, once their kinds are there. */
export async function provideGatewayClass(client: KubeClient, kind: KindDefinition): Promise<void> {
  const { items } = await client.list(kind);
  if (items.some(({ metadata }) => metadata.name === CLASS_NAME)) return;
  await client.create(kind, {
    metadata: { name: CLASS_NAME },
    spec: { controllerName: GATEWAY_CONTROLLER },
  });
}
