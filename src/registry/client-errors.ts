import { errnoCode, errorMessage, GantryError } from "../base/index.ts";

/** A failed connection in the words of Go's net/http, which people know from Docker. */
export function networkError(error: unknown, method: string, url: URL, signal?: AbortSignal): GantryError {
  if (error instanceof GantryError) return error;
  if (signal?.aborted)
    return new GantryError("Canceled", "the operation was canceled", { cause: signal.reason });
  const verb = method.charAt(0) + method.slice(1).toLowerCase();
  const shown = `${url.origin}${url.pathname}`;
  return new GantryError("Unavailable", `${verb} ${JSON.stringify(shown)}: ${reasonOf(error, url)}`, {
    code: "Registry.Unreachable",
    cause: error,
  });
}

function reasonOf(error: unknown, url: URL): string {
  const code = (error as { code?: string } | undefined)?.code ?? "";
  const { address, port } = error as { address?: string; port?: number };
  const where =
    address === undefined ? url.host : address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
  switch (errnoCode(error) ?? code) {
    case "ECONNREFUSED":
      return `dial tcp ${where}: connect: connection refused`;
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `dial tcp: lookup ${url.hostname}: ${code === "ENOTFOUND" ? "no such host" : "temporary failure in name resolution"}`;
    case "ENETUNREACH":
      return `dial tcp ${where}: connect: network is unreachable`;
    case "EHOSTUNREACH":
      return `dial tcp ${where}: connect: no route to host`;
    case "ETIMEDOUT":
      return `dial tcp ${where}: i/o timeout`;
    case "ECONNRESET":
      return "EOF";
  }
  if (isPlainAnswerToTls(error)) return "http: server gave HTTP response to HTTPS client";
  if (/^(?:UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_)/.test(code)) {
    return "tls: failed to verify certificate: x509: certificate signed by unknown authority";
  }
  return errorMessage(error);
}

/** OpenSSL's word for bytes that are no TLS. */
export function isPlainAnswerToTls(error: unknown): boolean {
  return /wrong version number|packet length too long/i.test(errorMessage(error));
}

export interface RegistryErrorBody {
  code: string;
  message: string;
}

/** What a registry's error answer says (distribution-spec, Error codes); made up from the status where it says nothing. */
export function parseErrorBody(status: number, body: Buffer): RegistryErrorBody {
  try {
    const first = (JSON.parse(body.toString("utf8")) as { errors?: Partial<RegistryErrorBody>[] })
      .errors?.[0];
    if (typeof first?.code === "string") {
      return { code: first.code.slice(0, 100), message: String(first.message ?? "").slice(0, 1000) };
    }
  } catch {
    // Not every proxy before a registry answers in JSON.
  }
  const codes: Record<number, [string, string]> = {
    401: ["UNAUTHORIZED", "authentication required"],
    403: ["DENIED", "requested access to the resource is denied"],
    404: ["NOT_FOUND", "not found"],
    429: ["TOOMANYREQUESTS", "too many requests"],
  };
  const [code, message] = codes[status] ?? ["UNKNOWN", `received unexpected HTTP status: ${status}`];
  return { code, message };
}

/** Docker's form of it: `manifest unknown: …`. */
export function describe({ code, message }: RegistryErrorBody): string {
  const words = code.toLowerCase().replaceAll("_", " ");
  return message === "" ? words : `${words}: ${message}`;
}

export interface ErrorContext {
  /** `busybox`. */
  familiarName: string;
  /** `busybox:latest`. */
  familiarReference?: string;
  push?: boolean;
}

/** An error answer as Docker tells it (distribution/errors.go names the same cases). */
export function registryError(status: number, body: RegistryErrorBody, context: ErrorContext): GantryError {
  const text = describe(body);
  const details = { status, registryCode: body.code };
  const { familiarName, familiarReference = familiarName, push } = context;
  if (status === 401 || status === 403 || body.code === "DENIED" || body.code === "UNAUTHORIZED") {
    const denied = body.code === "UNAUTHORIZED" ? "denied: requested access to the resource is denied" : text;
    const message = push
      ? denied
      : `pull access denied for ${familiarName}, repository does not exist or may require 'docker login': ${denied}`;
    // Docker answers 404 here for pulls, because registries do not tell unknown from forbidden.
    return new GantryError(push ? "PermissionDenied" : "NotFound", message, {
      code: "Registry.Denied",
      details,
    });
  }
  if (body.code === "MANIFEST_UNKNOWN" || (status === 404 && context.familiarReference !== undefined)) {
    const reason =
      body.code === "NAME_UNKNOWN"
        ? text
        : describe({ code: "MANIFEST_UNKNOWN", message: "manifest unknown" });
    if (body.code === "NAME_UNKNOWN") {
      return new GantryError("NotFound", `repository ${familiarName} not found: ${reason}`, {
        code: "Registry.NotFound",
        details,
      });
    }
    return new GantryError("NotFound", `manifest for ${familiarReference} not found: ${reason}`, {
      code: "Registry.NotFound",
      details,
    });
  }
  if (status === 404) return new GantryError("NotFound", text, { code: "Registry.NotFound", details });
  if (status === 429)
    return new GantryError("ResourceExhausted", text, { code: "Registry.TooManyRequests", details });
  if (status >= 500) return new GantryError("Unavailable", text, { code: "Registry.ServerError", details });
  return new GantryError("InvalidArgument", text, { code: "Registry.Refused", details });
}
