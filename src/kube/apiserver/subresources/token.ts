import { rfc3339Seconds } from "../../../base/index.ts";
import {
  type FieldError,
  type KindDefinition,
  type KubeObject,
  nodes,
  pods,
  secrets,
  serviceAccounts,
  statusBadRequest,
  statusConflict,
  statusInvalid,
  tokenRequests,
} from "../../api/index.ts";
import type { BoundObject } from "../authentication/service-account-tokens.ts";
import type { Answer, ResourceCall, ServerContext } from "../server-context.ts";
import { admissionRequest } from "../verbs/admission-request.ts";

const MIN_SECONDS = 600;
const DEFAULT_SECONDS = 3600;
const BINDABLE: Record<string, KindDefinition> = { Pod: pods, Secret: secrets, Node: nodes };

/** `serviceaccounts/NAME/token`: a token for the account, bound to the pod, secret or node that is named. */
export async function createToken(context: ServerContext, call: ResourceCall): Promise<Answer> {
  const request = call.body.as(tokenRequests);
  if (!request) throw statusBadRequest("a TokenRequest is needed as body");
  call.audit?.sent(request);
  const { namespace, name } = call.info;
  refuseOther(request, call);
  const admission = admissionRequest(call, "CREATE", { object: request, kind: tokenRequests });
  await context.admission.mutate(admission);
  await context.admission.validate(admission);
  const account = (await context.objects.get(serviceAccounts, namespace, name!)).object;
  const spec = admission.object!.spec ?? {};
  const wantedSeconds = (spec.expirationSeconds as number | undefined) ?? DEFAULT_SECONDS;
  checkExpiration(wantedSeconds);
  const expirationSeconds = context.tokens.allowedSeconds(wantedSeconds);
  const audiences: string[] = spec.audiences?.length ? spec.audiences : [...context.tokens.audiences];
  const { bound, node } = await resolveBound(context, call, account, spec.boundObjectRef);
  const { token, expiresAtMs } = context.tokens.issue(account, { audiences, expirationSeconds, bound, node });
  const object: KubeObject = {
    kind: "TokenRequest",
    apiVersion: "authentication.k8s.io/v1",
    metadata: {
      name: name!,
      namespace: namespace!,
      creationTimestamp: rfc3339Seconds(context.clock.nowMs()),
    } as KubeObject["metadata"],
    spec: { boundObjectRef: null, ...spec, audiences, expirationSeconds },
    status: { token, expirationTimestamp: rfc3339Seconds(expiresAtMs) },
  };
  return { form: "object", kind: tokenRequests, object, code: 201 };
}

/** What the request says of the account must be true of the one in the path. */
function refuseOther({ metadata }: KubeObject, { info }: ResourceCall): void {
  for (const field of ["name", "namespace"] as const) {
    const wanted = metadata?.[field];
    if (!wanted || wanted === info[field]) continue;
    throw refusal(
      info.name!,
      `metadata.${field}`,
      wanted,
      `must match the service account ${field} if specified`,
    );
  }
}

function refusal(name: string, field: string, value: string | number, why: string): Error {
  const message = `Invalid value: ${JSON.stringify(value)}: ${why}`;
  const error: FieldError = { type: "FieldValueInvalid", field, message };
  return statusInvalid({ group: "authentication.k8s.io", kind: "TokenRequest" }, name, [error]);
}

function checkExpiration(seconds: number): void {
  const refuse = (why: string) => refusal("", "spec.expirationSeconds", seconds, why);
  if (seconds < MIN_SECONDS) throw refuse("may not specify a duration less than 10 minutes");
  if (seconds > 2 ** 32) throw refuse("may not specify a duration larger than 2^32 seconds");
}

interface Reference {
  kind?: string;
  name?: string;
  uid?: string;
}

async function resolveBound(
  context: ServerContext,
  call: ResourceCall,
  account: KubeObject,
  reference: Reference | undefined,
): Promise<{ bound?: BoundObject; node?: { name: string; uid: string } }> {
  if (!reference) return {};
  const kind = BINDABLE[reference.kind ?? ""];
  if (!kind)
    throw statusBadRequest(
      `cannot bind token for serviceaccount ${JSON.stringify(call.info.name)} to type ${JSON.stringify(reference.kind)}`,
    );
  const found = await context.objects.get(kind, call.info.namespace, reference.name ?? "");
  const { name, uid } = found.object.metadata;
  if (reference.uid && reference.uid !== uid) {
    throw statusConflict(
      { group: kind.group, resource: kind.kind },
      name,
      `the UID in the bound object reference (${reference.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  }
  if (kind !== pods) return { bound: { kind: kind.kind as BoundObject["kind"], name, uid } };
  const { serviceAccountName, nodeName } = found.object.spec;
  if (serviceAccountName !== account.metadata.name) {
    throw statusBadRequest(
      `cannot bind token for serviceaccount ${JSON.stringify(account.metadata.name)} to pod running with different serviceaccount name.`,
    );
  }
  const node = nodeName ? await context.objects.find(nodes, undefined, nodeName) : undefined;
  return {
    bound: { kind: "Pod", name, uid },
    ...(nodeName ? { node: { name: nodeName, uid: node?.object.metadata.uid ?? "" } } : {}),
  };
}
