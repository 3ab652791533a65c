/**
 * @param {string} word
 * @param {string[]} known
 * @returns {string} the known word with the fewest letters to change
 */
export const nearest = (word, known) =>
  known.reduce((best, name) => (distance(word, name) < distance(word, best) ? name : best));

/** Levenshtein distance. @param {string} one @param {string} other */
function distance(one, other) {
  let row = [...other].map((_, at) => at + 1);
  [...one].forEach((letter, down) => {
    let corner = down;
    let left = down + 1;
    row = [...other].map((wanted, at) => {
      const cell = Math.min(row[at] + 1, left + 1, corner + +(letter !== wanted));
      corner = row[at];
      left = cell;
      return cell;
    });
  });
  return row[row.length - 1] ?? one.length;
}
