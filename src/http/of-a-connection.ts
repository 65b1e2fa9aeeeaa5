/** Headers that speak of one connection, in lower case: whoever passes a message on leaves them out (RFC 9110 §7.6.1). */
export const OF_A_CONNECTION: readonly string[] = [
  "connection",
  "http2-settings",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];
