/**
 * @param {string} word
 * @param {string[]} known
 * @param {number} most letters that may differ
 * @returns {string | undefined} the known word with the fewest letters to change
 */
export const nearest = (word, known, most) =>
  known
    .map((name) => ({ name, far: distance(word, name) }))
    .sort((one, other) => one.far - other.far)
    .find(({ far }) => far <= most)?.name;

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
