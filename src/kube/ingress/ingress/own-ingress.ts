import type { Ingress, IngressClass } from "../../api/index.ts";
import { CLASS_ANNOTATION, CLASS_NAME, DEFAULT_INGRESS_CLASS, INGRESS_CONTROLLER } from "../names.ts";

export interface Classes {
  get(name: string): IngressClass | undefined;
  list(): Iterable<IngressClass>;
}

/** Whether an Ingress is this controller's: by its class, by the old annotation, or because it has none and a class of ours is the default. */
export function isOwnIngress({ metadata, spec }: Ingress, classes: Classes): boolean {
  const annotation = metadata.annotations?.[CLASS_ANNOTATION];
  const name = annotation || spec.ingressClassName;
  if (name) {
    const found = classes.get(name);
    // Before there were classes the annotation alone named the controller.
    return found ? isOwn(found) : name === annotation && name === CLASS_NAME;
  }
  for (const one of classes.list()) if (isOwn(one) && isDefault(one)) return true;
  return false;
}

const isOwn = ({ spec }: IngressClass) => spec.controller === INGRESS_CONTROLLER;
const isDefault = ({ metadata }: IngressClass) => metadata.annotations?.[DEFAULT_INGRESS_CLASS] === "true";
