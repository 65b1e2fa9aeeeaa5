import {
  type IncomingMessage,
  type OutgoingHttpHeader,
  type OutgoingHttpHeaders,
  ServerResponse,
} from "node:http";

type Headers = OutgoingHttpHeaders | OutgoingHttpHeader[];

/**
 * A response that drops the request's body when it begins and nobody has asked for the body. Else the connection would not be read any
 * more, and of a watch, say, whose client goes away nobody would hear.
 */
export class Response extends ServerResponse<IncomingMessage> {
  override writeHead(
    status: number,
    ...rest: [reason?: string, headers?: Headers] | [headers?: Headers]
  ): this {
    super.writeHead(status, ...(rest as [Headers?]));
    const { req } = this;
    if (req.readableFlowing === null && !req.complete) req.resume();
    return this;
  }
}
