import { newUid } from "../../../../base/index.ts";
import { convertObject, type KindDefinition, type KubeObject, type Status } from "../../../api/index.ts";
import type { AdmissionRequest } from "../admission.ts";
import type { Webhook } from "./webhook.ts";

const GROUP = "admission.k8s.io";
const SUPPORTED = ["v1", "v1beta1"];

/** What a webhook says of a request, after it was checked. */
export interface ReviewAnswer {
  allowed: boolean;
  /** The text of a JSON patch. */
  patch: string | undefined;
  patchType: string | undefined;
  result: Partial<Status> | undefined;
  warnings: readonly string[];
  auditAnnotations: Readonly<Record<string, string>>;
}

export interface Review {
  version: string;
  uid: string;
  body: Buffer;
}

/** The question in the first of the webhook's versions that is known here; undefined where none is. */
export function buildReview(
  webhook: Webhook,
  request: AdmissionRequest,
  kind: KindDefinition,
): Review | undefined {
  const version = webhook.reviewVersions.find((one) => SUPPORTED.includes(one));
  if (version === undefined) return undefined;
  const uid = newUid();
  const { objectKind, subresource, namespace, name, operation, user, object, oldObject, options } = request;
  const isOwn = request.kind === kind;
  const shown = (one: KubeObject | undefined) =>
    one === undefined ? null : isOwn ? one : convertObject(one, request.kind, kind);
  const gvk = ({ group, version, kind }: { group: string; version: string; kind: string }) => ({
    group,
    version,
    kind,
  });
  const gvr = ({ group, version, resource }: KindDefinition) => ({ group, version, resource });
  const review = {
    kind: "AdmissionReview",
    apiVersion: `${GROUP}/${version}`,
    request: {
      uid,
      kind: gvk(isOwn ? objectKind : kind),
      resource: gvr(kind),
      ...(subresource ? { subResource: subresource } : {}),
      requestKind: gvk(objectKind),
      requestResource: gvr(request.kind),
      ...(subresource ? { requestSubResource: subresource } : {}),
      ...(name ? { name } : {}),
      ...(namespace ? { namespace } : {}),
      operation,
      userInfo: {
        username: user.name,
        ...(user.uid ? { uid: user.uid } : {}),
        groups: user.groups,
        ...(user.extra && Object.keys(user.extra).length > 0 ? { extra: user.extra } : {}),
      },
      object: shown(object),
      oldObject: shown(oldObject),
      dryRun: request.dryRun,
      options: options ?? null,
    },
  };
  return { version, uid, body: Buffer.from(JSON.stringify(review)) };
}

/** Throws an Error that says what is wrong with the answer (request.VerifyAdmissionResponse). */
export function readReview(value: unknown, { version, uid }: Review, isMutating: boolean): ReviewAnswer {
  // biome-ignore lint/suspicious/noExplicitAny: somebody else's answer
  const review = (value ?? {}) as any;
  const response = review.response;
  if (typeof response !== "object" || response === null) throw new Error("webhook response was absent");
  if (version === "v1") checkIdentity(review, uid);
  const { patch, patchType } = response;
  const hasPatch = typeof patch === "string" && patch !== "";
  if (version === "v1") checkPatch(hasPatch, patchType, isMutating);
  return {
    allowed: response.allowed === true,
    patch: isMutating && hasPatch ? Buffer.from(patch, "base64").toString("utf8") : undefined,
    patchType: version === "v1" ? patchType : "JSONPatch",
    result: response.status ?? undefined,
    warnings: Array.isArray(response.warnings) ? response.warnings.map(String) : [],
    auditAnnotations: response.auditAnnotations ?? {},
  };
}

// biome-ignore lint/suspicious/noExplicitAny: somebody else's answer
function checkIdentity(review: any, uid: string): void {
  const given = review.response.uid ?? "";
  if (given !== uid)
    throw new Error(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(given)}`);
  const [apiVersion, kind] = [review.apiVersion ?? "", review.kind ?? ""];
  if (apiVersion === `${GROUP}/v1` && kind === "AdmissionReview") return;
  throw new Error(
    `expected webhook response of ${GROUP}/v1, Kind=AdmissionReview, got ${apiVersion || "/"}, Kind=${kind}`,
  );
}

function checkPatch(hasPatch: boolean, patchType: unknown, isMutating: boolean): void {
  const hasType = patchType !== undefined && patchType !== null;
  if (!isMutating) {
    if (hasPatch) throw new Error("validating webhook may not return response.patch");
    if (hasType) throw new Error("validating webhook may not return response.patchType");
    return;
  }
  if (hasPatch && !hasType) throw new Error("webhook returned response.patch but not response.patchType");
  if (!hasPatch && hasType) throw new Error("webhook returned response.patchType but not response.patch");
  if (patchType === "") throw new Error('webhook returned invalid response.patchType of ""');
}
