/** A failure of a connection in the words of Go's net and crypto/tls, which people search for. */
export function dialProblem(error: NodeJS.ErrnoException & { host?: string }, address: string): string {
  const code = error.code ?? "";
  const known = PROBLEMS[code];
  if (known) return known.replace("ADDRESS", address).replace("HOST", address.replace(/:\d+$/, ""));
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return altNameProblem(error);
  if (UNKNOWN_AUTHORITY.has(code)) {
    return "tls: failed to verify certificate: x509: certificate signed by unknown authority";
  }
  if (error.message === "socket hang up") return "EOF";
  return error.message;
}

const PROBLEMS: Record<string, string> = {
  ECONNREFUSED: "dial tcp ADDRESS: connect: connection refused",
  EHOSTUNREACH: "dial tcp ADDRESS: connect: no route to host",
  ENETUNREACH: "dial tcp ADDRESS: connect: network is unreachable",
  ETIMEDOUT: "dial tcp ADDRESS: i/o timeout",
  ENOTFOUND: "dial tcp: lookup HOST: no such host",
  EAI_AGAIN: "dial tcp: lookup HOST: Temporary failure in name resolution",
  CERT_HAS_EXPIRED: "tls: failed to verify certificate: x509: certificate has expired or is not yet valid",
  CERT_NOT_YET_VALID: "tls: failed to verify certificate: x509: certificate has expired or is not yet valid",
  ERR_SSL_WRONG_VERSION_NUMBER: "http: server gave HTTP response to HTTPS client",
};

const UNKNOWN_AUTHORITY = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

function altNameProblem(error: { host?: string; cert?: { subjectaltname?: string } }): string {
  const names = (error.cert?.subjectaltname ?? "").replace(/(?:DNS|IP Address):/g, "");
  const prefix = "tls: failed to verify certificate: x509:";
  return names === ""
    ? `${prefix} certificate relies on legacy Common Name field, use SANs instead`
    : `${prefix} certificate is valid for ${names}, not ${error.host ?? ""}`;
}

/** What client-go makes of an answer that is no success (rest.Request.newUnstructuredResponseError). */
export function answerProblem(code: number, body: string): string {
  const told = statusMessage(body);
  if (told !== undefined) return told;
  switch (code) {
    case 400:
      return "the server rejected our request for an unknown reason";
    case 401:
      return "the server has asked for the client to provide credentials";
    case 403:
      return "unknown";
    case 404:
      return "the server could not find the requested resource";
    case 405:
      return "the server does not allow this method on the requested resource";
    case 429:
      return "the server has received too many requests and has asked us to try again later";
    case 503:
      return "the server is currently unable to handle the request";
    case 504:
      return "the server was unable to return a response in the time allotted, but may still be processing the request";
    default:
      return code >= 500
        ? `an error on the server (${JSON.stringify(body.slice(0, SHOWN_CHARS))}) has prevented the request from succeeding`
        : `the server responded with the status code ${code} but did not return more information`;
  }
}

const SHOWN_CHARS = 2048;

function statusMessage(body: string): string | undefined {
  try {
    const { kind, status, message } = JSON.parse(body) as Record<string, unknown>;
    if (kind === "Status" && status === "Failure" && typeof message === "string") return message;
  } catch {
    // No Status.
  }
  return undefined;
}
