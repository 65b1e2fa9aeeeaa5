import type { Clock, Logger } from "../../../base/index.ts";
import type { KubeClient } from "../../client/types.ts";
import type { ObjectLookup } from "../objects/object-lookup.ts";
import type { TlsAgents } from "../webhook/tls-agents.ts";
import { type AnonymousOptions, HttpAuthentication } from "./authenticate-http.ts";
import {
  forApiAudiences,
  type RequestAuthenticator,
  type TokenAuthenticator,
  tokenUnion,
} from "./authenticator.ts";
import { BearerTokens } from "./bearer-tokens.ts";
import { BootstrapTokens } from "./bootstrap-tokens.ts";
import { ClientCertificates } from "./client-certificates.ts";
import { LegacyTokens } from "./legacy-tokens.ts";
import { JwtAuthenticators, type OidcOptions } from "./oidc/jwt-authenticators.ts";

import { PeerCertificates } from "./peer-certificates.ts";
import { RequestHeader, type RequestHeaderOptions } from "./request-header.ts";
import type { ServiceAccountTokens } from "./service-account-tokens.ts";
import { TokenFile } from "./token-file.ts";
import { PeerVerifier } from "./verified-peer.ts";
import { WebhookTokens, type WebhookTokensOptions } from "./webhook-tokens.ts";

/** How clients may say who they are, beside certificates of the instance's own authority and service-account tokens. */
export interface AuthenticationOptions {
  /** PEM of further authorities of clients' certificates (`--client-ca-file`). */
  clientCaPem?: string;
  requestHeader?: RequestHeaderOptions;
  /** `--token-auth-file` */
  tokenFile?: { path: string; text: string };
  /** `--enable-bootstrap-token-auth` */
  bootstrapTokens?: boolean;
  /** `--authentication-config`, `--oidc-…` */
  oidc?: OidcOptions;
  /** `--authentication-token-webhook-…` */
  webhook?: WebhookTokensOptions;
  /** Everybody, where it is absent. */
  anonymous?: AnonymousOptions;
}

export interface ServerAuthenticationOptions {
  options: AuthenticationOptions;
  /** PEM of the instance's own authority. */
  ownCaPem: string;
  serviceAccounts: ServiceAccountTokens;
  lookup: ObjectLookup;
  /** The server's own. */
  client(): KubeClient;
  agents: TlsAgents;
  logger: Logger;
  clock: Clock;
}

export interface ServerAuthentication {
  front: HttpAuthentication;
  /** All tokens that the server takes, for those who ask whose one is. */
  tokens: TokenAuthenticator;
  /** PEM of whose clients' certificates the server looks at. */
  authoritiesPem: string;
  clientCaPem: string;
  /** Keeps up what it knows of others, until the signal aborts. */
  run(signal: AbortSignal): void;
}

/** The authenticators in upstream's order (kubeapiserver/authenticator Config.New). */
export function serverAuthentication(all: ServerAuthenticationOptions): ServerAuthentication {
  const { options, ownCaPem, logger, clock } = all;
  const { requestHeader, anonymous = { isEnabled: true } } = options;
  const clientCaPem = joined([ownCaPem, options.clientCaPem]);
  const peers = new PeerCertificates();
  const verifierOf = (caPem: string) => new PeerVerifier({ peers, caPem, clock });
  const oidc = options.oidc && new JwtAuthenticators(options.oidc, all);
  const webhook =
    options.webhook &&
    new WebhookTokens(options.webhook, { apiAudiences: all.serviceAccounts.audiences, logger, clock });
  const tokens = tokenUnion([...tokenAuthenticators(all, oidc), ...(webhook ? [webhook] : [])]);
  const authenticators: RequestAuthenticator[] = [
    ...(requestHeader ? [new RequestHeader(requestHeader, verifierOf(requestHeader.caPem))] : []),
    new ClientCertificates(verifierOf(clientCaPem)),
    new BearerTokens(tokens, all.serviceAccounts.audiences),
  ];
  return {
    front: new HttpAuthentication({ authenticators, anonymous, requestHeader, logger }),
    tokens,
    authoritiesPem: joined([clientCaPem, requestHeader?.caPem]),
    clientCaPem,
    run: (signal) => {
      oidc?.run(signal);
      signal.addEventListener("abort", () => webhook?.close(), { once: true });
    },
  };
}

function tokenAuthenticators(
  { options, serviceAccounts, lookup, client, logger, clock }: ServerAuthenticationOptions,
  oidc: JwtAuthenticators | undefined,
): TokenAuthenticator[] {
  const { tokenFile, bootstrapTokens } = options;
  const agnostic = (authenticator: TokenAuthenticator) =>
    forApiAudiences(authenticator, serviceAccounts.audiences);
  return [
    ...(tokenFile ? [agnostic(new TokenFile({ ...tokenFile, logger }))] : []),
    serviceAccounts,
    agnostic(new LegacyTokens({ keys: serviceAccounts.keys, lookup, client, logger, clock })),
    ...(bootstrapTokens ? [agnostic(new BootstrapTokens({ lookup, logger, clock }))] : []),
    // After the server's own tokens: these need nobody else to be asked.
    ...(oidc ? [agnostic(oidc)] : []),
  ];
}

const joined = (pems: readonly (string | undefined)[]) =>
  pems
    .filter((pem) => pem !== undefined)
    .map((pem) => pem.trim())
    .join("\n");
