/** Within this many pixels of its end, the conversation follows the answer as it grows. */
const NEAR = 64;

/** @param {HTMLElement} log */
export const toEnd = (log) => (log.scrollTop = log.scrollHeight);

/**
 * Makes *change* without moving what a visitor reads further up; what answers the last question
 * is read from its beginning, below at least the end of the question.
 * @param {HTMLElement} log
 * @param {() => void} change
 */
export function follow(log, change) {
  const { scrollTop, scrollHeight, clientHeight } = log;
  change();
  if (scrollHeight - scrollTop - clientHeight >= NEAR) return;
  toEnd(log);
  const asked = [...log.querySelectorAll(".user")].pop();
  const { top, bottom } = (asked || log).getBoundingClientRect();
  const over = log.getBoundingClientRect().top - Math.max(top, bottom - clientHeight / 3);
  if (over > 0) log.scrollTop = Math.max(scrollTop, log.scrollTop - over);
}
