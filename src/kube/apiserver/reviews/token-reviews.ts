import { rfc3339Seconds } from "../../../base/index.ts";
import { statusBadRequest } from "../../api/index.ts";
import type { UserInfo } from "../../client/types.ts";
import { authenticated } from "../authentication/users.ts";
import type { Answer, ResourceCall, ServerContext } from "../server-context.ts";
import { requireBody } from "../verbs/request-body.ts";

/** Whose token this is, for other servers that take our tokens. */
export async function reviewToken(context: ServerContext, call: ResourceCall): Promise<Answer> {
  const object = requireBody(call);
  const { token, audiences } = (object.spec ?? {}) as { token?: string; audiences?: string[] };
  if (!token) throw statusBadRequest("token is required for TokenReview in authentication");
  const found = await context.tokens.authenticate(token, audiences?.length ? audiences : undefined);
  object.status = found
    ? { authenticated: true, user: userStatus(authenticated(found.user)), audiences: found.audiences }
    : { user: {}, error: "invalid bearer token" };
  return { form: "object", kind: call.kind, object, code: 201 };
}

/** `kubectl auth whoami`. */
export async function reviewSelf(context: ServerContext, call: ResourceCall): Promise<Answer> {
  const object = requireBody(call);
  object.metadata = { creationTimestamp: rfc3339Seconds(context.clock.nowMs()) } as typeof object.metadata;
  object.status = { userInfo: userStatus(call.user) };
  return { form: "object", kind: call.kind, object, code: 201 };
}

function userStatus({ name, uid, groups, extra }: UserInfo) {
  return { username: name, ...(uid ? { uid } : {}), groups, ...(extra ? { extra } : {}) };
}
