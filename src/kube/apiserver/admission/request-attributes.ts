import type { GroupVersionKind, KindDefinition } from "../../api/index.ts";
import type { VersionedRequest } from "./matching/versioned-request.ts";

/** What is said of a request beside its objects (admission/v1 AdmissionRequest, without its uid). */
export function requestAttributes({ request, resource, kind }: VersionedRequest) {
  const { objectKind, subresource, namespace, name, operation, user, options } = request;
  const { groups, uid, extra } = user;
  return {
    kind: gvk(kind),
    resource: gvr(resource),
    ...(subresource ? { subResource: subresource } : {}),
    requestKind: gvk(objectKind),
    requestResource: gvr(request.kind),
    ...(subresource ? { requestSubResource: subresource } : {}),
    ...(name ? { name } : {}),
    ...(namespace ? { namespace } : {}),
    operation,
    userInfo: {
      ...(user.name ? { username: user.name } : {}),
      ...(uid ? { uid } : {}),
      ...(groups.length > 0 ? { groups } : {}),
      ...(extra && Object.keys(extra).length > 0 ? { extra } : {}),
    },
    dryRun: request.dryRun,
    options: options ?? null,
  };
}

const gvk = ({ group, version, kind }: GroupVersionKind) => ({ group, version, kind });
const gvr = ({ group, version, resource }: KindDefinition) => ({ group, version, resource });
