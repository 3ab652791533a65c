/**
 * What this tab remembers of the chat, once the visitor has acted: nothing is written before.
 * @typedef {object} Kept
 * @property {string} [conversation]
 * @property {string} [secret]
 * @property {string} [running] the answer that was being written
 * @property {string} [draft] what was typed and not sent
 * @property {boolean} [open]
 */

/**
 * @param {string} site
 * @param {string} [where] `session` (until the tab is closed), `local` or `none`
 * @returns {Kept & {save(change: Kept): void, clear(): void}}
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
  const kept = {
    /** @param {Kept} change */
    save(change) {
      Object.assign(kept, change);
      attempt((storage) => storage.setItem(key, JSON.stringify(kept)));
    },
    clear() {
      for (const name of ["conversation", "secret", "running", "draft"]) Reflect.deleteProperty(kept, name);
      kept.save({});
    },
  };
  return Object.assign(kept, attempt((storage) => JSON.parse(storage.getItem(key) || "{}")));
}
