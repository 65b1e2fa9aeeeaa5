import type { IncomingHttpHeaders } from "node:http";
import { type Duplex, PassThrough } from "node:stream";
import { createGunzip, createGzip } from "node:zlib";

/** Attributes that hold an address, by tag (HTML 4 and HTML 5, "Attributes"; apimachinery's proxy.Transport). */
const LINKS: Readonly<Record<string, readonly string[]>> = {
  a: ["href"],
  applet: ["codebase"],
  area: ["href"],
  audio: ["src"],
  base: ["href"],
  blockquote: ["cite"],
  body: ["background"],
  button: ["formaction"],
  command: ["icon"],
  del: ["cite"],
  embed: ["src"],
  form: ["action"],
  frame: ["longdesc", "src"],
  head: ["profile"],
  html: ["manifest"],
  iframe: ["longdesc", "src"],
  img: ["longdesc", "src", "usemap"],
  input: ["src", "usemap", "formaction"],
  ins: ["cite"],
  link: ["href"],
  object: ["classid", "codebase", "data", "usemap"],
  q: ["cite"],
  script: ["src"],
  source: ["src"],
  video: ["poster", "src"],
};

/** Whose page it is, where it is seen from, and below which path the proxy shows it. */
export interface ProxiedPage {
  /** `10.244.0.7:8080`. */
  host: string;
  /** The Host header of who looks at the page. */
  requestHost: string;
  /** `/api/v1/namespaces/default/pods/web/proxy` */
  prefix: string;
}

/**
 * Where a link of a proxied page leads: below the proxy if it is one to the page's own host, else where it led. One
 * relative to the page stays as it is.
 */
export function proxiedLink(link: string, { host, requestHost, prefix }: ProxiedPage): string {
  const [, linkHost, path = ""] = /^(?:(?:[a-z][a-z0-9+.-]*:)?\/\/([^/?#]*))?(.*)$/is.exec(link) ?? [];
  const isElsewhere = linkHost !== undefined && linkHost !== host && linkHost !== requestHost;
  if (isElsewhere || !path.startsWith("/")) return link;
  return path.startsWith(prefix) ? path : prefix + path;
}

/** The streams that a page goes through, or none where the answer is no page or is encoded in a way that nobody knows here. */
export async function linkRewriter(headers: IncomingHttpHeaders, page: ProxiedPage): Promise<Duplex[]> {
  const isPage = /^\s*text\/html\s*(;|$)/i.test(headers["content-type"] ?? "");
  if (!isPage || headers.location !== undefined) return [];
  const coding = CODINGS[headers["content-encoding"] ?? ""];
  if (!coding) return [];
  // The rewriter reads text; as upstream, pages are taken for UTF-8.
  const text = new PassThrough({ encoding: "utf8" });
  return [...coding.decode(), text, await htmlRewriter(page), ...coding.encode()];
}

/** By content coding (RFC 9110 §8.4.1). */
const CODINGS: Readonly<Record<string, { decode: () => Duplex[]; encode: () => Duplex[] }>> = {
  "": { decode: () => [], encode: () => [] },
  gzip: { decode: () => [createGunzip()], encode: () => [createGzip()] },
};

async function htmlRewriter(page: ProxiedPage): Promise<Duplex> {
  // Few clusters show pages, and none at the start.
  const { RewritingStream } = await import("parse5-html-rewriting-stream");
  const rewriter = new RewritingStream();
  rewriter.on("startTag", (tag, raw) => {
    let isChanged = false;
    for (const attribute of tag.attrs) {
      if (!LINKS[tag.tagName]?.includes(attribute.name)) continue;
      const link = proxiedLink(attribute.value, page);
      isChanged ||= link !== attribute.value;
      attribute.value = link;
    }
    if (isChanged) rewriter.emitStartTag(tag);
    else rewriter.emitRaw(raw);
  });
  return rewriter;
}
