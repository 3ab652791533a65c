/**
 * Says in a form why it was refused, and leads to the field that the server names.
 * @param {import("../panel/mount.js").App} app
 * @param {HTMLElement} problem where it is said; it has an id
 * @param {import("../panel/server/api.js").Refused} error
 * @param {Record<string, any>} inputs by the server's names
 */
export function showRefusal({ say }, problem, { field = "", message }, inputs) {
  const input = inputs[field];
  problem.hidden = false;
  problem.textContent = message || say("away");
  for (const each of Object.values(inputs)) each.ariaInvalid = String(each === input);
  if (input) {
    // The sentence begins with the name of the field, which here is what stands above it.
    if (message.startsWith(field))
      problem.textContent = input.labels[0].textContent + message.slice(field.length);
    input.setAttribute("aria-describedby", problem.id);
    input.focus();
  }
  problem.scrollIntoView({ block: "nearest" });
}
