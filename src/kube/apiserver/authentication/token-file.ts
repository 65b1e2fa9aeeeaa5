import { createHash } from "node:crypto";
import { errorMessage, invalidArgument, type Logger } from "../../../base/index.ts";
import { parseCsv } from "../../../formats/index.ts";
import type { UserInfo } from "../../client/types.ts";
import type { Authentication, TokenAuthenticator } from "./authenticator.ts";

/** Users by tokens that an administrator has written down (`--token-auth-file`). */
export class TokenFile implements TokenAuthenticator {
  readonly #users: ReadonlyMap<string, UserInfo>;

  /** `text`: lines of token, user, uid and, where there are any, groups. `path` is for messages. Throws InvalidArgument. */
  constructor({ path, text, logger }: { path: string; text: string; logger: Logger }) {
    this.#users = usersOf(path, text, logger);
  }

  async authenticateToken(token: string): Promise<Authentication | undefined> {
    const user = this.#users.get(digest(token));
    return user && { user };
  }
}

function usersOf(path: string, text: string, logger: Logger): Map<string, UserInfo> {
  const users = new Map<string, UserInfo>();
  for (const [index, record] of recordsOf(path, text).entries()) {
    const [token, name, uid, groups] = record;
    if (name === undefined || uid === undefined)
      throw invalidArgument(
        `token file '${path}' must have at least 3 columns (token, user name, user uid), found ${record.length}`,
      );
    const where = { file: path, record: index + 1 };
    if (!token) {
      logger.warn("a record of the token file has no token", where);
      continue;
    }
    const key = digest(token);
    if (users.has(key)) logger.warn("a token stands in the token file twice", where);
    users.set(key, { name, uid, groups: groups === undefined ? [] : groups.split(",") });
  }
  return users;
}

function recordsOf(path: string, text: string): string[][] {
  try {
    return parseCsv(text);
  } catch (error) {
    throw invalidArgument(`token file '${path}': ${errorMessage(error)}`, { cause: error });
  }
}

/** How long a look-up takes tells nothing of the tokens that there are. */
const digest = (token: string) => createHash("sha256").update(token).digest("hex");
