/**
 * What each event of the stream makes of the answer that is being written, docs/http-api.md.
 * @type {Record<string, (app: import("../mount.js").App, message: import("./messages.js").Message, data: any) => void>}
 */
export const EVENTS = {
  start({ api, tab, view }, message, { conversation, secret, message: id }) {
    message.id = id;
    tab.save({ conversation, running: id, draft: view.typed(), ...(secret && { secret }) });
    // The visitor stopped it when it had no name yet.
    if (message.finish) api.stop(id);
  },
  queue({ say, view }, message, queue) {
    if (message.queue?.position !== queue.position) view.announce(say("queue", queue.position));
    message.queue = queue;
  },
  token(app, message, { text }) {
    message.queue = undefined;
    message.text += text;
  },
  sources: (app, message, { items }) => (message.sources = items),
  done: (app, message, done) => Object.assign(message, done),
  error: ({ say }, message, { message: error, retry }) =>
    Object.assign(message, { error: error || say("cut"), retry }),
};
