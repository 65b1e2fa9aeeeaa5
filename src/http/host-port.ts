/** An address with its port as it stands in URLs and the Host header: those of IPv6 in brackets (RFC 3986 §3.2.2). */
export const hostPort = ({ host, port }: { host: string; port: number }): string =>
  host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
