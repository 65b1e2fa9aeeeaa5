import type { IncomingMessage } from "node:http";
import type { UserInfo } from "../../client/types.ts";
import { type Authentication, AuthenticationFailure, type RequestAuthenticator } from "./authenticator.ts";
import { extraKey } from "./extra-key.ts";
import type { PeerVerifier } from "./verified-peer.ts";

/** How a proxy in front of the server says who its clients are (`--requestheader-…`). Names of headers in any case. */
export interface RequestHeaderOptions {
  /** PEM of the authorities of the proxies' certificates. */
  caPem: string;
  /** Common names of proxies; empty: any that the authorities vouch for. */
  allowedNames: readonly string[];
  usernameHeaders: readonly string[];
  uidHeaders: readonly string[];
  groupHeaders: readonly string[];
  extraHeaderPrefixes: readonly string[];
}

/** Users as a proxy, known by its certificate, names them (apiserver's authentication/request/headerrequest). */
export class RequestHeader implements RequestAuthenticator {
  readonly #options: RequestHeaderOptions;
  readonly #verifier: PeerVerifier;

  constructor(options: RequestHeaderOptions, verifier: PeerVerifier) {
    this.#options = options;
    this.#verifier = verifier;
  }

  async authenticateRequest(request: IncomingMessage): Promise<Authentication | undefined> {
    const peer = this.#verifier.verify(request);
    if (!peer) return undefined;
    const { allowedNames, usernameHeaders, uidHeaders, groupHeaders } = this.#options;
    const proxy = peer.subject.commonName;
    if (allowedNames.length > 0 && !allowedNames.includes(proxy))
      throw new AuthenticationFailure(`x509: subject with cn=${proxy} is not in the allowed list`);
    const { headersDistinct: headers } = request;
    const name = firstValue(headers, usernameHeaders);
    if (name === undefined) return undefined;
    const uid = firstValue(headers, uidHeaders);
    const groups = groupHeaders.flatMap((header) => headers[header.toLowerCase()] ?? []);
    const extra = this.#extraOf(headers);
    const user: UserInfo = {
      name,
      ...(uid === undefined ? {} : { uid }),
      groups: groups.filter((group) => group !== ""),
      ...(Object.keys(extra).length > 0 ? { extra } : {}),
    };
    return { user };
  }

  #extraOf(headers: IncomingMessage["headersDistinct"]): Record<string, string[]> {
    const extra = Object.create(null) as Record<string, string[]>;
    for (const prefix of this.#options.extraHeaderPrefixes.map((one) => one.toLowerCase())) {
      for (const [name, values = []] of Object.entries(headers)) {
        if (!name.startsWith(prefix)) continue;
        const key = extraKey(name.slice(prefix.length));
        extra[key] = [...(extra[key] ?? []), ...values];
      }
    }
    return extra;
  }
}

/** Of the first header that says something. */
function firstValue(
  headers: IncomingMessage["headersDistinct"],
  names: readonly string[],
): string | undefined {
  return names.map((name) => headers[name.toLowerCase()]?.[0]).find((value) => value);
}

/** The headers that say who somebody is, the usual ones too: behind the front nobody shall see them. */
export function removeRequestHeaders(
  request: IncomingMessage,
  options: RequestHeaderOptions | undefined,
): void {
  const { names, prefixes } = namingHeaders(options ?? USUAL);
  for (const name of Object.keys(request.headersDistinct)) {
    if (!names.has(name) && !prefixes.some((prefix) => name.startsWith(prefix))) continue;
    delete request.headersDistinct[name];
    delete request.headers[name];
  }
}

interface NamingHeaders {
  names: ReadonlySet<string>;
  prefixes: readonly string[];
}

const naming = new WeakMap<object, NamingHeaders>();

/** In lower case: those of the options and the usual ones. */
function namingHeaders(options: typeof USUAL): NamingHeaders {
  let found = naming.get(options);
  if (!found) {
    const lower = (texts: readonly string[]) => texts.map((text) => text.toLowerCase());
    const all = [USUAL, options];
    found = {
      names: new Set(
        all.flatMap((of) => lower([...of.usernameHeaders, ...of.uidHeaders, ...of.groupHeaders])),
      ),
      prefixes: all.flatMap((of) => lower(of.extraHeaderPrefixes)),
    };
    naming.set(options, found);
  }
  return found;
}

const USUAL: Omit<RequestHeaderOptions, "caPem" | "allowedNames"> = {
  usernameHeaders: ["x-remote-user"],
  uidHeaders: ["x-remote-uid"],
  groupHeaders: ["x-remote-group"],
  extraHeaderPrefixes: ["x-remote-extra-"],
};
