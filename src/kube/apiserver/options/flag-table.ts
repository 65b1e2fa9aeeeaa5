import { type Flag, FlagTable } from "../../../formats/index.ts";

const batchFlags = (plugin: "log" | "webhook", mode: string, batch: string, throttle: string): Flag[] => [
  {
    name: `audit-${plugin}-mode`,
    type: "string",
    default: mode,
    help: "What happens while events wait: batch, blocking or blocking-strict.",
  },
  {
    name: `audit-${plugin}-batch-buffer-size`,
    type: "integer",
    default: "10000",
    help: "Events that may wait.",
  },
  {
    name: `audit-${plugin}-batch-max-size`,
    type: "integer",
    default: batch,
    help: "Events in one batch, in batch mode.",
  },
  {
    name: `audit-${plugin}-batch-max-wait`,
    type: "duration",
    default: plugin === "log" ? "0s" : "30s",
    help: "When a batch goes that is not full.",
  },
  {
    name: `audit-${plugin}-batch-throttle-enable`,
    type: "boolean",
    default: throttle,
    help: "Whether batches are throttled.",
  },
  {
    name: `audit-${plugin}-batch-throttle-qps`,
    type: "number",
    default: throttle === "true" ? "10" : "0",
    help: "Batches a second.",
  },
  {
    name: `audit-${plugin}-batch-throttle-burst`,
    type: "integer",
    default: throttle === "true" ? "15" : "0",
    help: "Batches at once after a pause.",
  },
  {
    name: `audit-${plugin}-truncate-enabled`,
    type: "boolean",
    default: "false",
    help: "Whether big events lose their objects.",
  },
  {
    name: `audit-${plugin}-truncate-max-event-size`,
    type: "integer",
    default: "102400",
    help: "Bytes from which an event is big.",
  },
  {
    name: `audit-${plugin}-truncate-max-batch-size`,
    type: "integer",
    default: "10485760",
    help: "Bytes of one batch.",
  },
];

/** kube-apiserver's flags as far as they are known here, in its sections and with its defaults. */
export const API_SERVER_FLAGS = new FlagTable([
  {
    title: "Generic flags",
    flags: [
      {
        name: "feature-gates",
        type: "pairs",
        help: "Turns features: ComponentStatusz (/statusz) and ComponentFlagz (/flagz), both false by default.",
      },
      {
        name: "max-requests-inflight",
        type: "integer",
        default: "400",
        help: "Requests that are worked on at once, together with the next one: the seats of priority and fairness.",
      },
      {
        name: "max-mutating-requests-inflight",
        type: "integer",
        default: "200",
        help: "See --max-requests-inflight.",
      },
      {
        name: "request-timeout",
        type: "duration",
        default: "1m0s",
        help: "How long a request may take that is not meant to take long; what its parameter timeout says counts where it is less.",
      },
      {
        name: "min-request-timeout",
        type: "integer",
        default: "1800",
        help: "Seconds after which a watch that names no end is ended; up to twice as many, by chance.",
      },
      {
        name: "cors-allowed-origins",
        type: "strings",
        help: "Origins of web pages that may use the API, as regular expressions that are bound to both ends of the host.",
      },
      {
        name: "strict-transport-security-directives",
        type: "strings",
        help: "What answers say in Strict-Transport-Security: max-age=SECONDS, includeSubDomains, preload.",
      },
      {
        name: "goaway-chance",
        type: "number",
        default: "0",
        help: "The fraction of HTTP/2 requests, 0.02 at the most, after which a client is to connect anew.",
      },
    ],
  },
  {
    title: "Secure serving flags",
    flags: [
      { name: "bind-address", type: "string", default: "0.0.0.0", help: "Address to listen on." },
      { name: "secure-port", type: "integer", default: "6443", help: "The same as --api-port." },
      {
        name: "disable-http2-serving",
        type: "boolean",
        default: "false",
        help: "Speaks HTTP/1.1 only.",
      },
      {
        name: "http2-max-streams-per-connection",
        type: "integer",
        default: "0",
        help: "HTTP/2 requests that a connection may have under way; 0: 100.",
      },
      { name: "tls-cert-file", type: "file", help: "Certificate of the server, then those over it." },
      { name: "tls-private-key-file", type: "file", help: "Key of --tls-cert-file." },
      {
        name: "tls-sni-cert-key",
        type: "certKeys",
        help: "CERTFILE,KEYFILE[:NAME,…]: another certificate for these names, or its own; may be repeated.",
      },
      {
        name: "tls-cipher-suites",
        type: "strings",
        help: "Cipher suites of TLS 1.2 and before, by Go's names; those of TLS 1.3 cannot be chosen.",
      },
      {
        name: "tls-min-version",
        type: "string",
        help: "The oldest version of TLS: VersionTLS10, VersionTLS11, VersionTLS12, VersionTLS13.",
      },
    ],
  },
  {
    title: "Etcd flags",
    flags: [
      {
        name: "encryption-provider-config",
        type: "file",
        help: "What of the declared state is encrypted at rest (EncryptionConfiguration).",
      },
      {
        name: "encryption-provider-config-automatic-reload",
        type: "boolean",
        default: "false",
        help: "Reads that file again where it has changed.",
      },
    ],
  },
  {
    title: "Auditing flags",
    flags: [
      { name: "audit-policy-file", type: "file", help: "Policy (audit.k8s.io/v1) of the audit log." },
      { name: "audit-log-path", type: "file", help: "File of the audit log; '-' is standard out." },
      { name: "audit-log-maxage", type: "integer", default: "0", help: "Days that old files are kept." },
      { name: "audit-log-maxbackup", type: "integer", default: "0", help: "Old files that are kept." },
      { name: "audit-log-maxsize", type: "integer", default: "0", help: "MiB of a file; 0: 100." },
      { name: "audit-log-compress", type: "boolean", default: "false", help: "Compresses old files." },
      { name: "audit-log-format", type: "string", default: "json", help: "json or legacy." },
      { name: "audit-log-version", type: "string", default: "audit.k8s.io/v1", help: "Version of events." },
      ...batchFlags("log", "blocking", "1", "false"),
      { name: "audit-webhook-config-file", type: "file", help: "Kubeconfig of whom events are sent to." },
      {
        name: "audit-webhook-initial-backoff",
        type: "duration",
        default: "10s",
        help: "When a batch that was not taken is sent again.",
      },
      {
        name: "audit-webhook-version",
        type: "string",
        default: "audit.k8s.io/v1",
        help: "Version of events.",
      },
      ...batchFlags("webhook", "batch", "400", "true"),
    ],
  },
  {
    title: "Authentication flags",
    flags: [
      {
        name: "anonymous-auth",
        type: "boolean",
        default: "true",
        help: "Lets in who does not say who it is, as system:anonymous.",
      },
      {
        name: "authentication-config",
        type: "file",
        help: "Issuers of ID tokens, and who may come without a name (AuthenticationConfiguration); followed while it changes.",
      },
      {
        name: "authentication-token-webhook-config-file",
        type: "file",
        help: "Kubeconfig of whom tokens are shown to that nobody here knows.",
      },
      {
        name: "authentication-token-webhook-version",
        type: "string",
        default: "v1beta1",
        help: "Version of TokenReview: v1 or v1beta1.",
      },
      {
        name: "authentication-token-webhook-cache-ttl",
        type: "duration",
        default: "2m0s",
        help: "How long its answers hold.",
      },
      { name: "api-audiences", type: "strings", help: "Audiences of the API; the issuers where absent." },
      { name: "client-ca-file", type: "file", help: "Further authorities of clients' certificates." },
      {
        name: "enable-bootstrap-token-auth",
        type: "boolean",
        default: "false",
        help: "Lets machines join by Secrets of type bootstrap.kubernetes.io/token in kube-system; on unless it is false.",
      },
      { name: "oidc-issuer-url", type: "string", help: "Issuer of OpenID Connect; https only." },
      { name: "oidc-client-id", type: "string", help: "Audience of its ID tokens." },
      { name: "oidc-ca-file", type: "file", help: "Authorities of its certificate." },
      { name: "oidc-username-claim", type: "string", default: "sub", help: "Claim with the user's name." },
      {
        name: "oidc-username-prefix",
        type: "string",
        help: "Stands before the name; the issuer and # where absent (not before email), nothing for '-'.",
      },
      { name: "oidc-groups-claim", type: "string", help: "Claim with the user's groups." },
      { name: "oidc-groups-prefix", type: "string", help: "Stands before each group." },
      {
        name: "oidc-signing-algs",
        type: "strings",
        default: "RS256",
        help: "Of RS256, RS384, RS512, ES256, ES384, ES512, PS256, PS384, PS512.",
      },
      { name: "oidc-required-claim", type: "pairs", help: "A claim that tokens must have, with its value." },
      { name: "requestheader-client-ca-file", type: "file", help: "Authorities of proxies in front." },
      { name: "requestheader-allowed-names", type: "strings", help: "Common names of such proxies." },
      { name: "requestheader-username-headers", type: "strings", help: "Headers with the user's name." },
      { name: "requestheader-uid-headers", type: "strings", help: "Headers with the user's uid." },
      { name: "requestheader-group-headers", type: "strings", help: "Headers with the user's groups." },
      {
        name: "requestheader-extra-headers-prefix",
        type: "strings",
        help: "How headers begin that hold extra of a user.",
      },
      { name: "service-account-issuer", type: "texts", help: "Issuer of tokens; the first one issues." },
      { name: "service-account-jwks-uri", type: "string", help: "Where the issuer's keys are told to be." },
      { name: "service-account-key-file", type: "files", help: "Keys that prove tokens." },
      { name: "service-account-signing-key-file", type: "file", help: "Key that signs tokens." },
      {
        name: "service-account-max-token-expiration",
        type: "duration",
        default: "0s",
        help: "How long tokens live at the most; 0: as long as they were asked for.",
      },
      {
        name: "service-account-extend-token-expiration",
        type: "boolean",
        default: "true",
        help: "Lets pods' own tokens live for a year.",
      },
      {
        name: "service-account-lookup",
        type: "boolean",
        default: "true",
        help: "Looks whether a token's account is still there; cannot be switched off.",
      },
      { name: "token-auth-file", type: "file", help: 'Lines of token,user,uid,"group,…".' },
    ],
  },
  {
    title: "Authorization flags",
    flags: [
      {
        name: "authorization-mode",
        type: "strings",
        default: "Node,RBAC",
        help: "Who is asked, in this order: Node, RBAC, AlwaysAllow, AlwaysDeny, ABAC, Webhook.",
      },
      {
        name: "authorization-config",
        type: "file",
        help: "Who is asked instead (AuthorizationConfiguration); followed while it changes.",
      },
      { name: "authorization-policy-file", type: "file", help: "Policies of the mode ABAC, one a line." },
      { name: "authorization-webhook-config-file", type: "file", help: "Kubeconfig of the mode Webhook." },
      {
        name: "authorization-webhook-version",
        type: "string",
        default: "v1beta1",
        help: "Version of SubjectAccessReview: v1 or v1beta1.",
      },
      {
        name: "authorization-webhook-cache-authorized-ttl",
        type: "duration",
        default: "5m0s",
        help: "How long its yes holds.",
      },
      {
        name: "authorization-webhook-cache-unauthorized-ttl",
        type: "duration",
        default: "30s",
        help: "How long its no holds.",
      },
    ],
  },
  {
    title: "Admission flags",
    flags: [
      {
        name: "admission-control-config-file",
        type: "file",
        help: "Configurations of plugins (AdmissionConfiguration); PodSecurity takes one.",
      },
      { name: "enable-admission-plugins", type: "strings", help: "Plugins beside the usual ones." },
      { name: "disable-admission-plugins", type: "strings", help: "Usual plugins that are left out." },
    ],
  },
  {
    title: "Misc flags",
    flags: [
      {
        name: "allow-privileged",
        type: "boolean",
        default: "true",
        help: "Lets containers be privileged; kube-apiserver does not where it is not told to.",
      },
      {
        name: "event-ttl",
        type: "duration",
        default: "1h0m0s",
        help: "How long events are kept.",
      },
      {
        name: "service-cluster-ip-range",
        type: "string",
        help: "Addresses of Services; decided at the first start.",
      },
      {
        name: "service-node-port-range",
        type: "string",
        default: "30000-32767",
        help: "Ports of Services of type NodePort.",
      },
    ],
  },
]);
