import {
  aggregateText,
  containersOf,
  type FieldError,
  type KubeObject,
  notSupported,
  type PodSpec,
  statusUnclassified,
} from "../../api/index.ts";
import { type AdmissionPlugin, type AdmissionRequest, concerns, refusalOf } from "./admission.ts";

const ALWAYS = "Always";

/** An image on a node is no way around its registry's permissions: each pod pulls, if only to be allowed to. */
export const alwaysPullImages: AdmissionPlugin = {
  name: "AlwaysPullImages",
  mutate(request) {
    if (!bringsImages(request)) return;
    const spec = request.object!.spec as PodSpec;
    for (const [container] of containersOf(spec, "spec")) container.imagePullPolicy = ALWAYS;
    for (const { image } of spec.volumes ?? []) if (image) image.pullPolicy = ALWAYS;
  },
  validate(request) {
    if (!bringsImages(request)) return;
    const problems = problemsOf(request.object!.spec);
    // Upstream puts several refusals into one error, which loses what they are.
    const texts = problems.map(({ field, message }) => refusalOf(request, `${field}: ${message}`).message);
    if (texts.length > 0) throw statusUnclassified(aggregateText(texts));
  },
};

function bringsImages(request: AdmissionRequest): boolean {
  if (!concerns(request, "", "pods", "CREATE", "UPDATE")) return false;
  if (request.operation === "CREATE") return true;
  const known = imagesOf(request.oldObject!);
  return imagesOf(request.object!).some((image) => !known.includes(image));
}

const imagesOf = ({ spec }: KubeObject): (string | undefined)[] =>
  containersOf(spec as PodSpec, "spec").map(([{ image }]) => image);

function problemsOf(spec: PodSpec): FieldError[] {
  const check = (field: string, policy = "") =>
    policy === ALWAYS ? [] : [notSupported(field, policy, [ALWAYS])];
  return [
    ...containersOf(spec, "spec").flatMap(([one, path]) =>
      check(`${path}.imagePullPolicy`, one.imagePullPolicy),
    ),
    ...(spec.volumes ?? []).flatMap(({ image }, index) =>
      image ? check(`spec.volumes[${index}].image.pullPolicy`, image.pullPolicy) : [],
    ),
  ];
}
