import { h } from "../panel/html/dom.js";
import { link } from "../panel/html/links.js";

/**
 * "Where does my question go?", told from the server's own configuration.
 * @param {import("../panel/mount.js").App} app
 */
export function where({ say, config, options, locale }) {
  if (!config.privacy) return [h("p", { role: "alert" }, say("away"))];
  const { model, local, retention_days: days, policy_url } = config.privacy;
  const day = new Intl.NumberFormat(locale, { style: "unit", unit: "day", unitDisplay: "long" });
  const policy = options.privacyUrl || policy_url;
  return [
    h("p", {}, model ? say(local ? "local" : "remote", model) : say("nomodel")),
    days !== undefined && h("p", {}, say("days", day.format(days))),
    h(
      "p",
      {},
      say(
        options.storage === "local" ? "browser" : options.storage === "none" ? "forgotten" : "tab",
      ),
    ),
    policy && h("p", {}, link(new URL(policy, location.href), [say("policy")])),
  ].filter(Boolean);
}
