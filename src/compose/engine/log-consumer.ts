/** Takes what containers say. */
export interface LogConsumer {
  /** Known before it says something, so that columns and colours are fixed from the beginning. */
  register(source: string): void;
  log(source: string, line: string): void;
  error(source: string, line: string): void;
  /** What becomes of a container: `exited with code 0`. */
  status(source: string, text: string): void;
}
