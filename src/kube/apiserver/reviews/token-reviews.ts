import { rfc3339Seconds } from "../../../base/index.ts";
import { statusBadRequest } from "../../api/index.ts";
import type { UserInfo } from "../../client/types.ts";
import { AuthenticationFailure } from "../authentication/authenticator.ts";
import { INVALID_TOKEN } from "../authentication/bearer-tokens.ts";
import { authenticated } from "../authentication/users.ts";
import type { Answer, ResourceCall, ServerContext } from "../server-context.ts";
import { requireBody } from "../verbs/request-body.ts";

/** Whose token this is, for other servers that take our tokens. */
export async function reviewToken(context: ServerContext, call: ResourceCall): Promise<Answer> {
  const object = requireBody(call);
  const { token, audiences } = (object.spec ?? {}) as { token?: string; audiences?: string[] };
  if (!token) throw statusBadRequest("token is required for TokenReview in authentication");
  const wanted = audiences?.length ? audiences : context.tokens.audiences;
  object.status = await statusOf(context, token, wanted);
  return { form: "object", kind: call.kind, object, code: 201 };
}

/** `kubectl auth whoami`. */
export async function reviewSelf(context: ServerContext, call: ResourceCall): Promise<Answer> {
  const object = requireBody(call);
  object.metadata = { creationTimestamp: rfc3339Seconds(context.clock.nowMs()) } as typeof object.metadata;
  object.status = { userInfo: userStatus(call.user) };
  return { form: "object", kind: call.kind, object, code: 201 };
}

async function statusOf(
  context: ServerContext,
  token: string,
  audiences: readonly string[],
): Promise<object> {
  try {
    const found = await context.tokenAuthenticator.authenticateToken(token, audiences);
    if (!found) return { user: {}, error: INVALID_TOKEN };
    return { authenticated: true, user: userStatus(authenticated(found.user)), audiences: found.audiences };
  } catch (error) {
    if (error instanceof AuthenticationFailure) return { user: {}, error: error.message };
    throw error;
  }
}

function userStatus({ name, uid, groups, extra }: UserInfo) {
  return { username: name, ...(uid ? { uid } : {}), groups, ...(extra ? { extra } : {}) };
}
