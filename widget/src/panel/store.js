/**
 * What this tab remembers of the chat, once the visitor has acted: nothing is written before.
 * @typedef {object} TabState
 * @property {string} [conversation]
 * @property {string} [secret]
 * @property {string} [running] the answer that was being written
 * @property {string} [draft] what was typed and not sent
 * @property {boolean} [open]
 */

/** A chat that is not begun. @type {TabState} */
const NOTHING = {
  conversation: undefined,
  secret: undefined,
  running: undefined,
  draft: undefined,
};

/**
 * @param {string} site
 * @param {string} [where] `session` (until the tab is closed), `local` or `none`
 * @returns {TabState & {save(change: TabState): void, clear(): void}}
 */
export function remember(site, where) {
  const key = `chatbot:${site}`;
  /** @param {(storage: Storage) => any} use */
  const attempt = (use) => {
    try {
      if (where !== "none") return use(where === "local" ? localStorage : sessionStorage);
    } catch {
      // Storage is switched off or full: the chat works, and is forgotten with the page.
    }
  };
  // What another tab, or a later page of this one, changed or erased since counts here, too.
  const read = () =>
    attempt((storage) => {
      const text = storage.getItem(key);
      return text && { ...NOTHING, ...JSON.parse(text) };
    });
  const tab = {
    /** @param {TabState} change */
    save(change) {
      Object.assign(tab, read(), change);
      attempt((storage) => storage.setItem(key, JSON.stringify(tab)));
    },
    clear() {
      tab.save(NOTHING);
    },
  };
  return Object.assign(tab, read());
}
