import { h } from "../html/dom.js";
import { direction } from "../i18n.js";
import { composer } from "./composer.js";
import { door } from "./door.js";
import { describe, footer, header } from "./header.js";
import { guard, keys } from "./keys.js";
import { log } from "./log/log.js";
import { fit } from "./screen.js";

/**
 * The panel's window: header, conversation, composer, and how it opens and closes.
 * @param {import("../mount.js").App} app
 */
export function frame(app) {
  const { root, options, locale } = app;
  const messages = log(app);
  const input = composer(app);
  const notice = footer(app);
  const panel = h(
    "section::panel",
    {
      id: "panel",
      role: options.mode ? "region" : "dialog",
      "aria-labelledby": "title",
      dir: direction(locale),
      hidden: true,
    },
    header(app),
    messages.log,
    ...input.elements,
    messages.status,
    notice,
  );
  describe(app, panel);
  root[/top/.test(/** @type {any} */ (options.position)) ? "append" : "prepend"](panel);
  guard(root);
  keys(app, panel);
  fit(app, panel, messages.log, notice);

  return {
    ...door(app, panel),
    ...messages,
    ...input,
    panel,
    /** Draws what the server's configuration says. */
    configured() {
      const { limits } = app.config;
      describe(app, panel);
      if (limits) input.limit(limits.message_chars);
      messages.greet();
    },
    destroy: () => app.ends.abort(),
  };
}
