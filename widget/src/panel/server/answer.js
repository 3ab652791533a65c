import { events } from "./sse.js";

/** Attempts to take up an answer whose connection dropped: 0.5, 1, 2 and 4 seconds after each other. */
const ATTEMPTS = 4;

/**
 * One answer, each of its events once, over as many connections as it takes.
 * @param {ReturnType<typeof import("./api.js").connect>} api
 * @param {{body?: unknown, message?: string}} from a question, or the answer to take up
 * @param {AbortSignal} signal
 * @returns {AsyncGenerator<import("./sse.js").ServerEvent>}
 */
export async function* answer(api, { body, message }, signal) {
  let last = 0;
  let failures = 0;
  for (;;) {
    try {
      const response = message
        ? await api.resume(message, last, signal)
        : await api.chat(body, signal);
      for await (const event of events(/** @type {ReadableStream<Uint8Array>} */ (response.body))) {
        if (event.id && event.id <= last) continue;
        last = event.id || last;
        failures = 0;
        if (event.event === "start") message = event.data.message;
        yield event;
        if (event.event === "done" || event.event === "error") return;
      }
    } catch (error) {
      // A refusal has its own sentence; without an answer to take up there is nothing to try again.
      if (signal.aborted || /** @type {import("./api.js").Refused} */ (error).status || !message)
        throw error;
    }
    if (!message || failures === ATTEMPTS) throw new Error();
    await new Promise((resolve) => {
      signal.onabort = resolve;
      setTimeout(resolve, 500 * 2 ** failures++);
    });
  }
}
