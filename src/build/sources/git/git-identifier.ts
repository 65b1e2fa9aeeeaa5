import { posix } from "node:path";
import { invalidArgument, notImplemented } from "../../../base/index.ts";

/** What a git source means: which commit of which repository, and what of it. */
export interface GitIdentifier {
  /** As git takes it, without fragment and query. */
  remote: string;
  /** Branch, tag, `refs/…` or commit; empty: the default branch. */
  ref: string;
  /** What the commit's (or tag's) digest has to begin with. */
  checksum: string;
  /** Relative, no `..`; empty: everything. */
  subdirectory: string;
  keepGitDir: boolean;
  skipSubmodules: boolean;
  fetchByCommit: boolean;
  /** Files get the commit's time instead of that of the checkout. */
  usesCommitTime: boolean;
  /** Ids of secrets; empty: none. */
  authTokenSecret: string;
  authHeaderSecret: string;
  /** Id of the agent that SSH asks; empty: none. */
  agent: string;
  /** Content of a file of known hosts. */
  knownHosts: string;
}

const TRANSPORT = /^([a-zA-Z0-9]+):\/\//;
const TRANSPORTS: ReadonlySet<string> = new Set(["http", "https", "ssh", "git"]);
/** `git@host:path`, which is SSH (moby/buildkit, util/sshutil). */
const SCP_STYLE = /^([a-zA-Z0-9-_]+)@([a-zA-Z0-9-.]+):(.*?)(?:\?(.*?))?(?:#(.*))?$/;

/**
 * Reads `git://HOST/PATH#REF:SUBDIRECTORY` and the attributes that LLB has for it (moby/buildkit, solver/pb/attr.go). InvalidArgument
 * for what git could take for an option, or for a transport other than http(s), ssh and git.
 */
export function readGitIdentifier(
  identifier: string,
  attrs: Readonly<Record<string, string>>,
): GitIdentifier {
  const body = identifier.replace(/^git:\/\//, "");
  const [place = "", fragment = ""] = splitOnce(isGitTransport(body) ? body : `https://${body}`, "#");
  const full = attrs["git.fullurl"];
  const remote = remoteOf(full === undefined ? place : isGitTransport(full) ? full : `https://${full}`);
  const [ref = "", subdirectory = ""] = splitOnce(fragment, ":");
  if (ref.startsWith("-")) throw invalidArgument(`invalid git ref ${JSON.stringify(ref)}`);
  assertPlain(ref);
  refuseUnknown(attrs);
  return {
    remote,
    ref,
    checksum: attrs["git.checksum"] ?? "",
    subdirectory: posix.join("/", subdirectory).replace(/^\/+|\/+$/g, ""),
    keepGitDir: attrs["git.keepgitdir"] === "true",
    skipSubmodules: attrs["git.skipsubmodules"] === "true",
    fetchByCommit: attrs["git.fetchbycommit"] === "true",
    usesCommitTime: attrs["git.mtime"] === "commit",
    authTokenSecret: attrs["git.authtokensecret"] ?? "",
    authHeaderSecret: attrs["git.authheadersecret"] ?? "",
    agent: attrs["git.mountsshsock"] ?? "",
    knownHosts: attrs["git.knownsshhosts"] ?? "",
  };
}

function refuseUnknown(attrs: Readonly<Record<string, string>>): void {
  const name = ["git.bundle", "git.checkoutbundle", "git.sig.pubkey"].find((one) => attrs[one]);
  if (name !== undefined)
    throw notImplemented(`${name} is not supported for git sources`, { code: "Build.GitAttribute" });
}

/** Branch, tag or commit of a submodule, host and path stay git's business; the way there does not. */
function remoteOf(address: string): string {
  assertPlain(address);
  const scp = SCP_STYLE.exec(address);
  if (!TRANSPORT.test(address) && scp) {
    const [, user = "", host = "", path = ""] = scp;
    if (user.startsWith("-") || host.startsWith("-") || path === "") throw invalidRemote(address);
    return `${user}@${host}:${path}`;
  }
  if (!isGitTransport(address)) {
    const protocol = TRANSPORT.exec(address)?.[1];
    throw invalidArgument(protocol ? `invalid protocol: ${protocol}` : "unknown protocol", {
      code: "Build.GitProtocol",
    });
  }
  return remoteOfUrl(address);
}

function remoteOfUrl(address: string): string {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    throw invalidRemote(address);
  }
  // A host or user that begins with a dash would be an option of ssh.
  if (url.hostname === "" || /^-/.test(decodeURIComponent(url.hostname)) || /^(?:-|%2d)/i.test(url.username))
    throw invalidRemote(address);
  url.hash = "";
  url.search = "";
  return url.href;
}

export function isGitTransport(address: string): boolean {
  const protocol = TRANSPORT.exec(address)?.[1]?.toLowerCase();
  return protocol === undefined ? SCP_STYLE.test(address) : TRANSPORTS.has(protocol);
}

/** A commit's whole digest, of SHA-1 or SHA-256. */
export function isCommit(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}

/** Which tree of files a commit makes; equal keys, equal trees. */
export function checkoutKey(identifier: GitIdentifier, commit: string, ref: string): string {
  const { keepGitDir, subdirectory, skipSubmodules, usesCommitTime } = identifier;
  return [
    commit,
    keepGitDir ? `.git#${ref}` : "",
    subdirectory === "" ? "" : `:${subdirectory}`,
    skipSubmodules ? "(skip-submodules)" : "",
    usesCommitTime ? "(mtime=commit)" : "",
  ].join("");
}

/** An address without what only its user may know. */
export function redacted(remote: string): string {
  return remote.replace(/^([a-z]+:\/\/)([^/@]*)@/i, (_whole, scheme: string, user: string) => {
    return user.includes(":") ? `${scheme}${user.split(":", 1)[0]}:xxxxx@` : `${scheme}${user}@`;
  });
}

function invalidRemote(address: string) {
  return invalidArgument(`invalid git URL ${JSON.stringify(redacted(address))}`, { code: "Build.GitUrl" });
}

function assertPlain(text: string): void {
  if (text.length > 4096 || /[\0-\x1f\x7f]/.test(text))
    throw invalidArgument("a git address or ref holds control characters, or is too long", {
      code: "Build.GitUrl",
    });
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}
