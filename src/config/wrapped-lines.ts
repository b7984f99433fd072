/** Breaks a text into lines of at most `widthColumns` at its blanks, and a longer word wherever it must. */
export function wrappedLines(text: string, widthColumns: number): string[] {
  const width = Math.max(1, widthColumns);
  const lines: string[] = [];
  let line = '';
  for (const piece of text.split(' ').flatMap((word) => pieces(word, width))) {
    const longer = line === '' ? piece : `${line} ${piece}`;
    if (longer.length <= width) {
      line = longer;
    } else {
      lines.push(line);
      line = piece;
    }
  }
  return [...lines, line];
}

function pieces(word: string, width: number): string[] {
  const count = Math.ceil(word.length / width);
  return Array.from({ length: count }, (_, index) => word.slice(index * width, (index + 1) * width));
}
