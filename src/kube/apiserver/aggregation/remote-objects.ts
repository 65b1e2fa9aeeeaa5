import { errorMessage } from "../../../base/index.ts";
import type { RemoteAnswer } from "../../../http/index.ts";
import { failureStatus, type KubeObject, type Status, StatusError } from "../../api/index.ts";
import { deepFreeze, type UserInfo } from "../../client/index.ts";
import { isAvailable, type RemoteApiService } from "./aggregated-services.ts";
import type { RemoteReader } from "./remote-reader.ts";

const TIMEOUT_MS = 30_000;

/** Reads objects of the servers behind APIServices, for callers in this process. */
export class RemoteObjects {
  readonly #reader: Pick<RemoteReader, "get">;

  constructor(reader: Pick<RemoteReader, "get">) {
    this.#reader = reader;
  }

  /** What a GET of a path answers; frozen. Throws StatusError. */
  async read(service: RemoteApiService, path: string, user: UserInfo): Promise<KubeObject> {
    if (!isAvailable(service)) throw unavailable();
    const headers = { accept: "application/json" };
    const answer = await this.#reader
      .get(service, { path, user, headers, timeoutMs: TIMEOUT_MS })
      .catch((error: unknown) => {
        throw unavailable(error);
      });
    const value = objectOf(answer);
    if (answer.code === 200 && value) return deepFreeze(value);
    throw value?.kind === "Status" ? new StatusError(value as unknown as Status) : refusal(answer.code);
  }
}

function objectOf({ bytes }: RemoteAnswer): KubeObject | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString("utf8"));
    return typeof value === "object" && value !== null ? (value as KubeObject) : undefined;
  } catch {
    return undefined;
  }
}

/** What clients make of a refusal that is no Status (apimachinery NewGenericServerResponse). */
function refusal(code: number): StatusError {
  if (code === 503) return unavailable();
  if (code === 404)
    return new StatusError(
      failureStatus(404, "NotFound", "the server could not find the requested resource", {}),
    );
  const message = `the server responded with the status code ${code} but did not return more information`;
  return new StatusError(failureStatus(code < 400 ? 500 : code, "InternalError", message));
}

function unavailable(cause?: unknown): StatusError {
  const why = cause === undefined ? "" : `: ${errorMessage(cause)}`;
  const message = `the server is currently unable to handle the request${why}`;
  return new StatusError(failureStatus(503, "ServiceUnavailable", message), cause);
}
