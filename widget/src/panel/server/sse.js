/** @typedef {{id: number, event: string, data: any}} ServerEvent */

/**
 * A parser of server-sent events that may be cut anywhere.
 * @returns {(chunk: string) => ServerEvent[]} takes the next piece of text, gives the events it completes
 */
export function parser() {
  let rest = "";
  return (chunk) => {
    // A CR at the end may be half of a CRLF: it waits for the next chunk.
    const blocks = (rest + chunk).replace(/\r\n|\r(?!$)/g, "\n").split("\n\n");
    rest = /** @type {string} */ (blocks.pop());
    return blocks.flatMap(readBlock);
  };
}

/**
 * @param {string} block the lines of one event
 * @returns {ServerEvent[]} none for comments and for what is not JSON
 */
function readBlock(block) {
  /** @type {Record<string, string>} */
  const fields = {};
  for (const line of block.split("\n")) {
    const [, name, value] = /^(\w+): ?(.*)$/.exec(line) || [];
    if (name) fields[name] = name in fields ? `${fields[name]}\n${value}` : value;
  }
  try {
    return [{ id: +fields.id || 0, event: fields.event, data: JSON.parse(fields.data) }];
  } catch {
    return [];
  }
}

/**
 * @param {ReadableStream<Uint8Array>} body
 * @returns {AsyncGenerator<ServerEvent>}
 */
export async function* events(body) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const parse = parser();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield* parse(decoder.decode(value, { stream: true }));
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
