import {
  forbidden,
  type KubeObject,
  type ParamKind,
  type ParamRef,
  parseApiVersion,
  statusInvalid,
  validatingAdmissionPolicies,
  validatingAdmissionPolicyBindings,
} from "../../../api/index.ts";
import type { UserInfo } from "../../../client/types.ts";
import { MASTERS } from "../../authentication/users.ts";
import type { Authorizer } from "../../authorization/authorizer.ts";
import type { ObjectLookup } from "../../objects/object-lookup.ts";
import type { ResourceRequestInfo } from "../../request-info.ts";
import { type AdmissionPlugin, type AdmissionRequest, concerns } from "../admission.ts";
import type { FindKind } from "./find-kind.ts";

export interface ParamAuthorizationOptions {
  findKind: FindKind;
  lookup: ObjectLookup;
  authorizer: Authorizer;
}

/**
 * Whoever names parameters in a policy or a binding must be able to read them: what they hold may show in a policy's messages
 * (upstream's storage of both kinds).
 */
export function paramAuthorization(options: ParamAuthorizationOptions): AdmissionPlugin {
  return {
    name: "ParamAuthorization",
    async validate(request) {
      if (request.user.groups.includes(MASTERS)) return;
      const { group, resource: ofPolicies } = validatingAdmissionPolicies;
      if (concerns(request, group, ofPolicies, "CREATE", "UPDATE")) await checkPolicy(options, request);
      const { resource: ofBindings } = validatingAdmissionPolicyBindings;
      if (concerns(request, group, ofBindings, "CREATE", "UPDATE")) await checkBinding(options, request);
    },
  };
}

async function checkPolicy(options: ParamAuthorizationOptions, request: AdmissionRequest): Promise<void> {
  const { object, oldObject, user } = request;
  const paramKind = object!.spec.paramKind as ParamKind | undefined;
  const before = oldObject?.spec.paramKind as ParamKind | undefined;
  if (!paramKind) return;
  if (before?.apiVersion === paramKind.apiVersion && before?.kind === paramKind.kind) return;
  const { place } = await placeOf(options.findKind, paramKind);
  const info = asking("get", place, { name: "*", namespace: "*" });
  if (await mayRead(options, user, info)) return;
  const { apiVersion, kind } = paramKind;
  refuse(
    object!,
    "spec.paramKind",
    `user ${goUser(user)} must have "get" permission on all objects of the referenced paramKind (kind=${kind}, apiVersion=${apiVersion})`,
  );
}

async function checkBinding(options: ParamAuthorizationOptions, request: AdmissionRequest): Promise<void> {
  const { object, user } = request;
  const { paramRef, policyName } = object!.spec as { paramRef?: ParamRef; policyName: string };
  if (!paramRef) return;
  const policy = await options.lookup.get(validatingAdmissionPolicies, undefined, policyName);
  const paramKind = policy?.spec.paramKind as ParamKind | undefined;
  const { place, isKnown } = paramKind
    ? await placeOf(options.findKind, paramKind)
    : { place: ANYTHING, isKnown: true };
  const { name, namespace } = paramRef;
  const verb = name ? "get" : "list";
  if (await mayRead(options, user, asking(verb, place, { name, namespace }))) return;
  const path = "spec.paramRef";
  const withoutAll = `to determine minimum required permissions and user ${goUser(user)} does not have "${verb}" permission for all groups, versions and resources`;
  if (!policy) refuse(object!, path, `unable to get policy ${policyName} ${withoutAll}`);
  if (!isKnown) {
    const shown = `&ParamKind{APIVersion:${paramKind!.apiVersion},Kind:${paramKind!.kind},}`;
    refuse(object!, path, `unable to resolve paramKind ${shown} ${withoutAll}`);
  }
  refuse(
    object!,
    path,
    `user ${goUser(user)} does not have "${verb}" permission on the object referenced by paramRef`,
  );
}

type Place = Pick<ResourceRequestInfo, "group" | "version" | "resource">;
const ANYTHING: Place = { group: "*", version: "*", resource: "*" };

/** Of a kind that nobody serves, all resources of its group. */
async function placeOf(findKind: FindKind, { apiVersion = "", kind = "" }: ParamKind) {
  const { group, version } = parseApiVersion(apiVersion);
  const found = await findKind({ group, version, kind });
  return {
    place: { group, version, resource: found?.resource ?? ANYTHING.resource },
    isKnown: found !== undefined,
  };
}

function asking(
  verb: string,
  place: Place,
  { name, namespace }: { name?: string | undefined; namespace?: string | undefined },
): ResourceRequestInfo {
  return {
    isResource: true,
    path: "",
    verb,
    ...place,
    ...(name ? { name } : {}),
    ...(namespace ? { namespace } : {}),
  };
}

async function mayRead(
  { authorizer }: ParamAuthorizationOptions,
  user: UserInfo,
  info: ResourceRequestInfo,
): Promise<boolean> {
  return (await authorizer.authorize(user, info)).decision === "allow";
}

function refuse({ kind, metadata }: KubeObject, path: string, why: string): never {
  throw statusInvalid({ group: validatingAdmissionPolicies.group, kind }, metadata.name, [
    forbidden(path, why),
  ]);
}

/** A user as Go prints it. */
function goUser({ name, uid = "", groups, extra = {} }: UserInfo): string {
  const entries = Object.keys(extra)
    .sort()
    .map((key) => `${key}:[${extra[key]!.join(" ")}]`);
  return `&{${name} ${uid} [${groups.join(" ")}] map[${entries.join(" ")}]}`;
}
