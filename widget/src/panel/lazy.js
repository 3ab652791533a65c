/**
 * A part that most visitors never need, loaded once when it is wanted.
 * @param {import("./mount.js").App} app
 * @param {string} name
 * @param {[string, string]} file written by build.mjs: hashed name and integrity
 * @returns {() => Promise<any>} what the part makes of *app*
 */
export function part(app, name, file) {
  /** @type {Promise<any> | undefined} */
  let loading;
  return () =>
    (loading ||= new Promise((resolve, reject) => {
      addEventListener(
        `chatbot:${name}`,
        (/** @type {any} */ event) => resolve(event.detail(app)),
        { once: true },
      );
      app.load(
        app.options,
        () => {
          loading = undefined;
          reject(new Error());
        },
        file,
      );
    }));
}
